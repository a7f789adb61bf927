//! Addresses of servers that Sentinel watches over.

use super::parts::{self, AddressParts};
use super::query;
use super::{Address, Host, Reason};
use crate::store::credentials::Credentials;

/// Where sentinels listen unless they are told otherwise.
const DEFAULT_PORT: u16 = 26379;

/// Sentinels, the service that they watch over, and how to greet its primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentinelAddress {
    /// At least one.
    pub(crate) sentinels: Vec<Address>,
    pub(crate) service: String,
    credentials: Option<Credentials>,
    database: u32,
    speaks_resp3: bool,
    speaks_tls: bool,
}

impl SentinelAddress {
    /// The address of a server of the service.
    pub(crate) fn server(&self, host: &str, port: u16) -> Address {
        Address {
            host: Host::Tcp(host.to_owned(), port),
            credentials: self.credentials.clone(),
            database: self.database,
            speaks_resp3: self.speaks_resp3,
            speaks_tls: self.speaks_tls,
        }
    }
}

impl AddressParts<'_> {
    pub(super) fn sentinel(&self, speaks_tls: bool) -> Result<SentinelAddress, Reason> {
        let (service, database) = parts::service_in_path(self.path)?;
        let without_service = AddressParts { path: database, ..*self };
        let (database, credentials, mut options) = without_service.tcp(query::SENTINEL)?;
        let of_sentinels = Credentials::of(
            options.sentinel_user.take().unwrap_or_default(),
            options.sentinel_password.take().unwrap_or_default(),
        );
        let speaks_resp3 = options.speaks_resp3();
        let sentinels = parts::hosts(self.host, DEFAULT_PORT)?;
        let sentinels = sentinels.into_iter().map(|(host, port)| Address {
            host: Host::Tcp(host, port),
            credentials: of_sentinels.clone(),
            database: 0,
            // What a sentinel speaks has nothing to do with what the servers do.
            speaks_resp3: true,
            speaks_tls,
        });
        let sentinels = sentinels.collect();
        Ok(SentinelAddress { sentinels, service, credentials, database, speaks_resp3, speaks_tls })
    }
}
