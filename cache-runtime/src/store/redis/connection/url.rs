//! Turns an address into what the driver needs.

use std::sync::Arc;
use std::time::Instant;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

use super::locate::Location;
use crate::error::{Error, ErrorKind};
use crate::store::address::{Address, Host};
use crate::store::credentials::Credentials;
use crate::store::redis::tls::{Tls, TlsOptions};

/// A server's address and how to greet it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) info: ConnectionInfo,
    /// Address without credentials, for messages.
    pub(crate) name: String,
    /// How to use TLS, if it is used.
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) address: Address,
    /// When to authenticate again; `None`: never.
    pub(crate) log_in_at: Option<Instant>,
    /// Where it was found, if it moves.
    pub(crate) location: Option<Arc<Location>>,
}

impl Endpoint {
    /// The driver gets the parts of the URL, never the URL.
    pub(crate) fn new(address: Address, tls: &TlsOptions) -> Result<Self, Error> {
        let tls = match &address.host {
            Host::Tcp(host, _) if address.speaks_tls => Some(Arc::new(Tls::new(tls, host)?)),
            _ => {
                tls.unused()?;
                None
            }
        };
        let (info, name) = (info(&address)?, address.host.to_string());
        Ok(Self { info, name, tls, address, log_in_at: None, location: None })
    }

    /// Another server, greeted in the same way. What TLS has to read once it reads once for both.
    pub(crate) fn of(&self, host: &str, port: u16) -> Result<Self, Error> {
        let address = Address { host: Host::Tcp(host.to_owned(), port), ..self.address.clone() };
        let tls = self.tls.as_ref().map(|tls| tls.at(host)).transpose()?.map(Arc::new);
        let (info, name) = (info(&address)?, address.host.to_string());
        Ok(Self { info, name, tls, address, log_in_at: self.log_in_at, location: None })
    }

    /// The same server where it was found.
    pub(crate) fn at(&self, location: &Arc<Location>) -> Result<Self, Error> {
        let there = self.of(&location.host, location.port)?;
        let name = format!("{} at {}", self.name, there.name);
        Ok(Self { name, location: Some(Arc::clone(location)), ..there })
    }

    /// The same server in RESP2, which servers before 6.0 speak.
    pub(crate) fn in_resp2(&self) -> Self {
        let address = Address { speaks_resp3: false, ..self.address.clone() };
        let info = self.info.clone().set_redis_settings(settings(&address));
        Self { info, address, ..self.clone() }
    }

    /// The same server with these credentials, as of now.
    pub(crate) fn with(&self, credentials: Credentials) -> Self {
        let log_in_at = credentials.log_in_at();
        let address = Address { credentials: Some(credentials), ..self.address.clone() };
        let info = self.info.clone().set_redis_settings(settings(&address));
        Self { info, address, log_in_at, ..self.clone() }
    }

    pub(crate) fn speaks_resp3(&self) -> bool {
        self.address.speaks_resp3
    }
}

/// What the driver is told.
fn info(address: &Address) -> Result<ConnectionInfo, Error> {
    let server = match &address.host {
        Host::Tcp(host, port) => ConnectionAddr::Tcp(host.clone(), *port),
        Host::Unix(path) => ConnectionAddr::Unix(path.clone()),
    };
    let info = server.into_connection_info().map_err(|_| {
        // The driver accepts every address.
        Error::new(ErrorKind::Url, "the driver does not take the cache's address")
    })?;
    Ok(info.set_redis_settings(settings(address)))
}

/// How the driver greets.
fn settings(address: &Address) -> RedisConnectionInfo {
    let settings = RedisConnectionInfo::default().set_skip_set_lib_name();
    if !address.speaks_resp3 {
        // The driver hides the server's answer to AUTH, so `login` does the rest.
        return settings;
    }
    let settings = settings.set_protocol(ProtocolVersion::RESP3).set_db(address.database.into());
    let Some(Credentials { user, password, .. }) = &address.credentials else { return settings };
    let settings = settings.set_password(password);
    match user {
        Some(user) => settings.set_username(user),
        None => settings,
    }
}
