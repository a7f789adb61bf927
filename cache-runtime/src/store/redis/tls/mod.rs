//! TLS between a socket and the driver.

#[cfg(not(any(feature = "tls", feature = "tls-aws-lc")))]
mod absent;
#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
mod client;
#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
mod explain;
#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
mod pem;
#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
mod trust;

use std::fmt;

#[cfg(not(any(feature = "tls", feature = "tls-aws-lc")))]
pub(crate) use self::absent::{Tls, explain};
#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
pub(crate) use self::client::Tls;
#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
pub(crate) use self::explain::explain;
use crate::error::{Error, ErrorKind};

/// What a program asks of TLS, as it was given.
#[derive(Clone, Default)]
pub(crate) struct TlsOptions {
    /// PEM of all root certificates, in place of the system's. Empty if there is none.
    pub(crate) ca: Vec<u8>,
    /// PEM of a certificate chain and of its key.
    pub(crate) client: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) server_name: Option<String>,
    pub(crate) accepts_any_certificate: bool,
}

impl TlsOptions {
    /// Checks that none is set, for a server with which TLS is not spoken: whoever asks for a certificate to be checked must not
    /// send passwords in the clear.
    pub(crate) fn unused(&self) -> Result<(), Error> {
        let options = [
            (!self.ca.is_empty(), "tls_ca"),
            (self.client.is_some(), "tls_client"),
            (self.server_name.is_some(), "tls_server_name"),
            (self.accepts_any_certificate, "tls_insecure_accept_any_certificate"),
        ];
        match options.iter().find(|(is_given, _)| *is_given) {
            None => Ok(()),
            Some((_, option)) => Err(Error::new(
                ErrorKind::InvalidOption,
                format!("`{option}` is for TLS, and the cache's URL is not: begin it with rediss://"),
            )),
        }
    }
}

/// Without the key.
impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("has_ca", &!self.ca.is_empty())
            .field("has_client", &self.client.is_some())
            .field("server_name", &self.server_name)
            .field("accepts_any_certificate", &self.accepts_any_certificate)
            .finish()
    }
}
