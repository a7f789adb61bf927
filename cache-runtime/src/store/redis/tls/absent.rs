//! What stands for TLS in a build without it.

use std::io;

use tokio::net::TcpStream;

use super::TlsOptions;
use crate::error::{Error, ErrorKind};

/// There is none.
pub(crate) enum Tls {}

impl Tls {
    pub(crate) fn new(_: &TlsOptions, _: &str) -> Result<Self, Error> {
        Err(Error::new(
            ErrorKind::Url,
            "the cache's URL cannot be used: this build has no TLS; turn on the cargo feature `tls` of redis-cached, or use redis://",
        ))
    }

    pub(crate) fn at(&self, _: &str) -> Result<Self, Error> {
        match *self {}
    }

    #[allow(clippy::unused_async, reason = "stands for one that waits")]
    pub(crate) async fn handshake(&self, _: TcpStream) -> io::Result<TcpStream> {
        match *self {}
    }
}

pub(crate) fn explain(_: &io::Error) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_that_is_missing_is_named() {
        let Err(error) = Tls::new(&TlsOptions::default(), "localhost") else { panic!("there is no TLS") };
        assert_eq!(error.kind(), ErrorKind::Url);
        assert!(error.to_string().contains("the cargo feature `tls` of redis-cached"), "{error}");
    }
}
