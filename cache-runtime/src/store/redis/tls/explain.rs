//! What went wrong with TLS, and what to do.

use std::io;

use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::{AlertDescription as Alert, CertificateError as Certificate, Error as TlsError};

use crate::error::Error;

/// The reason, if TLS failed.
///
/// In TLS 1.3 the handshake is over for a client before the server has seen its certificate, so a refusal comes out of the first read.
pub(crate) fn explain(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<Error>() {
        Some(own) => Some(own.to_string()),
        None => inner.downcast_ref::<TlsError>().map(reason),
    }
}

fn reason(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(certificate) => about_the_server(certificate),
        TlsError::AlertReceived(alert) => about_the_client(*alert),
        TlsError::PeerIncompatible(what) => format!(
            "the server supports neither TLS 1.2 nor TLS 1.3, or no cipher suite that this client has ({what:?}): \
             check its `tls-protocols` and `tls-ciphersuites`"
        ),
        TlsError::InvalidMessage(_) => {
            "the server's answer is not TLS: if this port does not speak TLS, use redis://".into()
        }
        other => format!("TLS failed: {other}"),
    }
}

/// What is wrong with the server's certificate.
fn about_the_server(error: &Certificate) -> String {
    let what = match error {
        Certificate::UnknownIssuer => {
            "was issued by a CA that is not trusted here: pass the CA's certificate to \
             `CacheBuilder::tls_ca`, or install it on this system"
                .into()
        }
        Certificate::BadSignature => {
            "names a trusted CA and was not signed by it: if the CA was made anew under the same name, \
             pass its new certificate to `CacheBuilder::tls_ca`"
                .into()
        }
        Certificate::ExpiredContext { time, not_after } => {
            format!("expired {} ago: renew it, or correct this machine's clock", span(*not_after, *time))
        }
        Certificate::NotValidYetContext { time, not_before } => format!(
            "is not valid for another {}: correct this machine's clock, or the issuer's",
            span(*time, *not_before)
        ),
        Certificate::NotValidForNameContext { expected, presented } if presented.is_empty() => format!(
            "has no subject alternative name, and its common name does not count: issue it again for {}",
            expected.to_str()
        ),
        Certificate::NotValidForNameContext { expected, presented } => format!(
            "is for {}, not for {}: use a name of the certificate in the URL, or pass one to `CacheBuilder::tls_server_name`",
            presented.iter().map(|name| bare(name)).collect::<Vec<_>>().join(", "),
            expected.to_str()
        ),
        // Without a variant of its own.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "is a CA's (`CA:TRUE`, which is what `openssl req -x509` \
             makes): issue one with `CA:FALSE` for the server"
                .into()
        }
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => {
            "is not for servers: its extended key usage lacks `serverAuth`".into()
        }
        other => format!("cannot be used: {other}"),
    };
    format!("the server's certificate {what}")
}

/// The server's word on what this client has shown.
fn about_the_client(alert: Alert) -> String {
    match alert {
        Alert::CertificateRequired => {
            "the server requires a client certificate: pass one and its key to `CacheBuilder::tls_client`"
                .into()
        }
        Alert::HandshakeFailure => "the server rejected the TLS handshake: it requires a client certificate \
             (`CacheBuilder::tls_client`), or has no cipher suite that this client has"
            .into(),
        Alert::ProtocolVersion => {
            "the server supports neither TLS 1.2 nor TLS 1.3: check its `tls-protocols`".into()
        }
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied
        | Alert::DecryptError => format!(
            "the server rejected the client certificate, or the lack of one ({alert:?}): pass one to `CacheBuilder::tls_client` \
             that has not expired, is meant for clients, and was issued by a CA that the server trusts"
        ),
        other => format!("the server ended TLS with the alert {other:?}"),
    }
}

/// `DnsName("example.test")`, as rustls writes it, without what is about the name.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"')
}

/// In the largest unit of which there are two at least.
fn span(earlier: UnixTime, later: UnixTime) -> String {
    let seconds = later.as_secs().saturating_sub(earlier.as_secs());
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
