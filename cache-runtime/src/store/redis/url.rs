//! From an address to what the driver needs.

use std::sync::Arc;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

use super::tls::{Tls, TlsOptions};
use crate::error::{Error, ErrorKind};
use crate::store::address::{Address, Host};

/// A server's address and how to greet it.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) info: ConnectionInfo,
    /// Address without credentials, for messages.
    pub(super) name: String,
    /// How to speak TLS with it, if it is to be spoken.
    pub(super) tls: Option<Arc<Tls>>,
}

impl Endpoint {
    /// The driver never sees the URL, only what was understood of it.
    pub(super) fn new(address: &Address, tls: &TlsOptions) -> Result<Self, Error> {
        let server = match &address.host {
            Host::Tcp(host, port) => ConnectionAddr::Tcp(host.clone(), *port),
            Host::Unix(path) => ConnectionAddr::Unix(path.clone()),
        };
        let tls = match &address.host {
            Host::Tcp(host, _) if address.speaks_tls => Some(Arc::new(Tls::new(tls, host)?)),
            _ => {
                tls.unused()?;
                None
            }
        };
        let mut settings =
            RedisConnectionInfo::default().set_skip_set_lib_name().set_db(address.database.into());
        if address.speaks_resp3 {
            settings = settings.set_protocol(ProtocolVersion::RESP3);
        }
        if let Some(credentials) = &address.credentials {
            settings = settings.set_password(&credentials.password);
            if let Some(user) = &credentials.user {
                settings = settings.set_username(user);
            }
        }
        let info = server.into_connection_info().map_err(|_| {
            // It takes every address.
            Error::new(ErrorKind::Url, "the driver does not take the cache's address")
        })?;
        Ok(Self { info: info.set_redis_settings(settings), name: address.host.to_string(), tls })
    }

    /// The same server in the protocol that servers before 6.0 speak.
    pub(super) fn in_resp2(&self) -> Self {
        let settings = self.info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
        Self { info: self.info.clone().set_redis_settings(settings), ..self.clone() }
    }

    pub(super) fn speaks_resp3(&self) -> bool {
        self.info.redis_settings().protocol().supports_resp3()
    }
}
