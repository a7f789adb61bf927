//! What a program gives as PEM.

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::error::{Error, ErrorKind};

/// All certificates, each of which must be one: a root that is left out would show as an unknown CA, much later.
pub(crate) fn roots(pem: &[u8]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("tls_ca", pem)? {
        roots.add(certificate).map_err(|error| unusable("tls_ca", "a certificate", &error))?;
    }
    Ok(roots)
}

/// A certificate with its key, which fit together.
pub(crate) fn identity(chain: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<CertifiedKey, Error> {
    let chain = certificates("tls_client", chain)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
        refused(
            "tls_client",
            "there is no private key in the second argument: it must be the text of a PEM file (PKCS#8, PKCS#1 or SEC1), not encrypted",
        )
    })?;
    CertifiedKey::from_der(chain, key, provider)
        .map_err(|error| unusable("tls_client", "the certificate with this key", &error))
}

fn certificates(option: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| unusable(option, "the PEM", &error))?;
    if certificates.is_empty() {
        return Err(refused(
            option,
            "there is no certificate in it: it must be the text of a PEM file, not its path",
        ));
    }
    Ok(certificates)
}

/// The errors of both libraries name what is wrong, and quote nothing.
fn unusable(option: &str, what: &str, error: &dyn std::error::Error) -> Error {
    refused(option, &format!("{what} cannot be used: {error}"))
}

fn refused(option: &str, reason: &str) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("`{option}`: {reason}"))
}
