//! The command as it is run, at real servers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod arguments;
mod doctor;
mod inspect;
mod invalidate;
mod top;

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use redis_cached_test::RedisServer;

/// How the command has ended, and what it has printed.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails the test where it has not ended so, or has not printed this.
    #[track_caller]
    fn expect(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, code, "{self:#?}");
        for text in texts {
            assert!(self.out.contains(text) || self.err.contains(text), "no {text:?} in {self:#?}");
        }
    }
}

/// Runs the command, with nobody to answer its questions and no `REDIS_URL`.
fn run<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Ran {
    run_with_url(None, arguments)
}

fn run_with_url<I: IntoIterator<Item: AsRef<OsStr>>>(url: Option<&str>, arguments: I) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redis-cached"));
    command.args(arguments).env_remove("REDIS_URL").stdin(Stdio::null());
    if let Some(url) = url {
        command.env("REDIS_URL", url);
    }
    let output = command.output().expect("the command was built");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what it prints is text");
    Ran {
        code: output.status.code().expect("it has ended by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A server at which nothing is wrong.
fn sound_server() -> RedisServer {
    RedisServer::builder()
        .arg("--maxmemory")
        .arg("200mb")
        .arg("--maxmemory-policy")
        .arg("allkeys-lru")
        .start()
}
