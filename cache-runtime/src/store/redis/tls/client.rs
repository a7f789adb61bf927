//! The client's side of a TLS connection.

use std::io;
use std::sync::Arc;

use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::CryptoProvider;
#[cfg(feature = "tls-aws-lc")]
use tokio_rustls::rustls::crypto::aws_lc_rs as cryptography;
#[cfg(not(feature = "tls-aws-lc"))]
use tokio_rustls::rustls::crypto::ring as cryptography;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::SingleCertAndKey;

use super::trust::Trust;
use super::{TlsOptions, pem};
use crate::error::{Error, ErrorKind};
use crate::util::process::PerProcess;

/// How much is read from the socket at once: the largest record. rustls by itself asks for 4 KiB, so that the answers to 64 concurrent
/// hits took two system calls.
const READ_BUFFER: usize = 16 * 1024 + 256;

/// How to speak TLS with one server.
pub(crate) struct Tls {
    /// What the server has to prove to be.
    name: ServerName<'static>,
    /// Whether that is so wherever it is.
    is_named: bool,
    client: Arc<Client>,
}

/// What is the same for all servers.
struct Client {
    trust: Trust,
    identity: Option<Arc<SingleCertAndKey>>,
    /// Named, because rustls would take what the program has installed for all, and panic where that is nothing or two.
    provider: Arc<CryptoProvider>,
    /// Made at the first connect, since it may mean reading the system's certificates.
    connector: PerProcess<OnceCell<TlsConnector>>,
}

impl Tls {
    /// For the server at `host`.
    pub(crate) fn new(options: &TlsOptions, host: &str) -> Result<Self, Error> {
        if options.accepts_any_certificate && !options.ca.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidOption,
                "`tls_insecure_accept_any_certificate` makes `tls_ca` useless: without it, the server's certificate is checked",
            ));
        }
        let provider = Arc::new(provider());
        let trust = match options.ca.as_slice() {
            _ if options.accepts_any_certificate => Trust::Anyone,
            [] => Trust::System,
            pem => Trust::Given(Arc::new(pem::roots(pem)?)),
        };
        let identity =
            options.client.as_ref().map(|(chain, key)| pem::identity(chain, key, &provider)).transpose()?;
        let identity = identity.map(|identity| Arc::new(identity.into()));
        let (name, is_named) = match &options.server_name {
            Some(name) => (server_name(name, ErrorKind::InvalidOption)?, true),
            None => (server_name(host, ErrorKind::Url)?, false),
        };
        let client = Client { trust, identity, provider, connector: PerProcess::new() };
        Ok(Self { name, is_named, client: Arc::new(client) })
    }

    /// For the same server at another host.
    pub(crate) fn at(&self, host: &str) -> Result<Self, Error> {
        let name = match self.is_named {
            true => self.name.clone(),
            false => server_name(host, ErrorKind::Url)?,
        };
        Ok(Self { name, is_named: self.is_named, client: Arc::clone(&self.client) })
    }

    pub(crate) async fn handshake(&self, stream: TcpStream) -> io::Result<TlsStream<BufReader<TcpStream>>> {
        let stream = BufReader::with_capacity(READ_BUFFER, stream);
        let client = &self.client;
        let connector =
            client.connector.get_or_try_init(|| client.connector()).await.map_err(io::Error::other)?;
        connector.connect(self.name.clone(), stream).await.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => io::Error::new(
                error.kind(),
                "the server closed the connection during the TLS handshake; does this port speak TLS?",
            ),
            _ => error,
        })
    }
}

impl Client {
    async fn connector(&self) -> Result<TlsConnector, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                Error::with_source(ErrorKind::Tls, format!("TLS cannot be used: {error}"), error)
            })?
            // The verifier is rustls' own, unless the program has asked for another by its frightening name.
            .dangerous()
            .with_custom_certificate_verifier(self.trust.verifier(&self.provider).await?);
        let mut config = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::clone(identity) as _),
            None => builder.with_no_client_auth(),
        };
        // A session that goes on is not asked for its certificate again, which may have expired or been withdrawn. There are few
        // connections, and they live long.
        config.resumption = Resumption::disabled();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// The cryptography, with AES-128 preferred to AES-256: the server follows the client's preference unless it has one of its own. It is as
/// secure for as long as anybody can tell, and both sides encrypt a fifth to a quarter faster.
fn provider() -> CryptoProvider {
    let mut provider = cryptography::default_provider();
    // The sort is stable: all else stays in the order that rustls prefers, TLS 1.3 first.
    provider.cipher_suites.sort_by_key(|suite| {
        let is_tls13 = suite.tls13().is_some();
        (!is_tls13, !format!("{:?}", suite.suite()).contains("AES_128"))
    });
    provider
}

/// What the certificate has to say, which is also what the server is told (SNI) if it is no address.
fn server_name(name: &str, kind: ErrorKind) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(name.to_owned()).map_err(|error| {
        let message = match kind {
            ErrorKind::InvalidOption => format!("`tls_server_name`: {name:?} is no name of a host"),
            _ => format!("no certificate can be for {name:?}: pass the name in the server's to `CacheBuilder::tls_server_name`"),
        };
        Error::with_source(kind, message, error)
    })
}
