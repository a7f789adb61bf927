//! From a URL to what the driver needs, without ever repeating the password.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use crate::error::{Error, ErrorKind};

/// A server's address and how to greet it.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) info: ConnectionInfo,
    /// Address without credentials, for messages.
    pub(super) name: String,
}

impl Endpoint {
    /// `redis://[user[:password]@]host[:port][/db]` or `unix:///path[?db=…&user=…&pass=…]`.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let scheme = url.split("://").next().unwrap_or_default();
        match scheme {
            "redis" | "unix" | "redis+unix" => {}
            "rediss" => {
                return Err(refused(
                    "rediss:// needs TLS, which this version does not have yet; use redis://",
                ));
            }
            "redis+cluster" | "redis+sentinel" => {
                return Err(refused(&format!(
                    "{scheme}:// is not supported by this version yet; use redis://"
                )));
            }
            _ => return Err(refused("it must begin with redis://, unix:// or memory://")),
        }
        // The driver's own message may quote the URL, so only its fixed description is kept.
        let info = url.into_connection_info().map_err(|error| {
            refused(error.detail().map_or("it is malformed", |_| "a part of it is invalid"))
        })?;
        let name = name(info.addr());
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        // RESP3 tells at once when a connection ends, and is what the local tier needs.
        let settings = match url.contains("protocol=") {
            true => settings,
            false => settings.set_protocol(ProtocolVersion::RESP3),
        };
        Ok(Self { info: info.set_redis_settings(settings), name })
    }

    /// The same server in the protocol that servers before 6.0 speak.
    pub(super) fn in_resp2(&self) -> Self {
        let settings = self.info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
        Self { info: self.info.clone().set_redis_settings(settings), name: self.name.clone() }
    }

    pub(super) fn speaks_resp3(&self) -> bool {
        self.info.redis_settings().protocol().supports_resp3()
    }
}

fn name(address: &ConnectionAddr) -> String {
    match address {
        ConnectionAddr::Tcp(host, port) => format!("{host}:{port}"),
        ConnectionAddr::Unix(path) => path.display().to_string(),
        _ => "the server".into(),
    }
}

fn refused(reason: &str) -> Error {
    Error::new(ErrorKind::Url, format!("the cache's URL cannot be used: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_named_without_credentials() {
        for (url, name, db) in [
            ("redis://127.0.0.1", "127.0.0.1:6379", 0),
            ("redis://me:secret@example.test:7000/3", "example.test:7000", 3),
            ("redis://:secret@[::1]:7000", "::1:7000", 0),
            ("unix:///run/redis.sock?db=2&pass=secret", "/run/redis.sock", 2),
            ("redis+unix:///run/redis.sock", "/run/redis.sock", 0),
        ] {
            let endpoint = Endpoint::parse(url).expect(url);
            assert_eq!(endpoint.name, name);
            assert_eq!(endpoint.info.redis_settings().db(), db);
            assert!(endpoint.speaks_resp3());
        }
        assert!(!Endpoint::parse("redis://localhost?protocol=resp2").expect("a URL").speaks_resp3());
    }

    #[test]
    fn refusals_do_not_repeat_the_password() {
        for url in [
            "",
            "secret",
            "http://secret",
            "redis://me:secret@",
            "redis://me:secret@host:port",
            "rediss://:secret@host",
            "redis://me:secret@host/not-a-number",
            "redis+cluster://:secret@a,b",
            "redis:secret",
            "redis://:secret@0.0.0.0",
            "redis://me:secret@host?protocol=secret",
            "unix://secret",
        ] {
            let Err(error) = Endpoint::parse(url) else { panic!("{url} was taken") };
            assert_eq!(error.kind(), ErrorKind::Url, "{url}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }
}
