//! Which servers are trusted.

use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::library_runtime;

/// Whom to trust.
#[derive(Debug)]
pub(crate) enum Trust {
    /// Those whom the system's other programs trust.
    System,
    /// What one of these has issued.
    Given(Arc<RootCertStore>),
    Anyone,
}

impl Trust {
    /// What decides about a server's certificate. Reads the system's certificates, which is why there should be only one for a cache.
    pub(crate) async fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let roots = match self {
            Self::Anyone => return Ok(Arc::new(AcceptsAny(Arc::clone(provider)))),
            Self::Given(roots) => Arc::clone(roots),
            Self::System => {
                // A hundred milliseconds of files and parsing, and not on a pool for whose end a program's own runtime would wait.
                let loaded = library_runtime()?.spawn_blocking(system_roots).await;
                let ended = |source| {
                    Error::with_source(ErrorKind::Runtime, "reading the system's certificates failed", source)
                };
                Arc::new(loaded.map_err(ended)??)
            }
        };
        WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
            .build()
            .map(|verifier| verifier as _)
            .map_err(|error| {
                Error::with_source(ErrorKind::Tls, format!("TLS cannot be used: {error}"), error)
            })
    }
}

/// All certificates that can be read. One that cannot is skipped, as other programs do: systems have such.
fn system_roots() -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    #[cfg(feature = "tls-webpki-roots")]
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
        return Err(Error::new(
            ErrorKind::Tls,
            format!(
                "this system has no root certificates{why}: install the package `ca-certificates`, pass the server's CA to \
                 `CacheBuilder::tls_ca`, or turn on the cargo feature `tls-webpki-roots`"
            ),
        ));
    }
    Ok(roots)
}

/// Takes any certificate, from whomever, and only asks that the server has its key.
#[derive(Debug)]
struct AcceptsAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptsAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
