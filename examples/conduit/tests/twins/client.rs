//! Requests over one connection that is kept.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

use crate::requests::Request;

pub(crate) struct Client(BufStream<TcpStream>);

#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufStream::new(stream))
    }

    pub(crate) async fn ask(&mut self, request: &Request) -> Answer {
        let Request { method, path, token, body } = request;
        let body = body.as_ref().map(Value::to_string).unwrap_or_default();
        let login =
            token.as_ref().map(|token| format!("authorization: Token {token}\r\n")).unwrap_or_default();
        let head = format!(
            "{method} /api{path} HTTP/1.1\r\nhost: test\r\n{login}content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.0.write_all((head + &body).as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        self.read_answer().await
    }

    async fn read_answer(&mut self) -> Answer {
        let status = self.read_line().await;
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        loop {
            let line = self.read_line().await.to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        let text = String::from_utf8(body).unwrap();
        Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    async fn read_line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).await.unwrap() > 0, "the server has hung up");
        line.trim_end().to_owned()
    }
}
