//! Certificates of one's own: an authority, and what it issues to servers and clients.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

use crate::Identity;

/// An hour, for clocks that are not quite right.
const HOUR: Duration = Duration::from_secs(3_600);

/// A CA that exists nowhere else.
///
/// ```
/// use redis_cached_test::{Authority, RedisServer};
///
/// let authority = Authority::new();
/// let server = RedisServer::builder().tls(&authority.issue()).start();
/// assert!(server.tls_url().starts_with("rediss://127.0.0.1:"));
/// assert!(authority.pem().starts_with("-----BEGIN CERTIFICATE-----")); // for the client to trust
/// ```
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    #[allow(clippy::new_without_default, reason = "it makes a key, which is not what a default is for")]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self::named(&format!("CA {} of {}", NEXT.fetch_add(1, Ordering::Relaxed), std::process::id()))
    }

    /// A new one of this name, which another one may have as well.
    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        Self(CertifiedIssuer::self_signed(params, key).expect("a CA signs for itself"))
    }

    /// The CA's own certificate, for those who are to trust it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// For servers on this machine, by name and by address, valid now and for another hour.
    pub fn issue(&self) -> Identity {
        self.issue_for(&["localhost", "127.0.0.1"])
    }

    /// For servers of these names, and for clients.
    pub fn issue_for(&self, names: &[&str]) -> Identity {
        let now = SystemTime::now();
        self.issue_within(names, now - HOUR, now + HOUR)
    }

    /// For servers of these names, and for clients, valid from `begin` to `end`, in whole seconds.
    pub fn issue_within(&self, names: &[&str], begin: SystemTime, end: SystemTime) -> Identity {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names of hosts");
        params.not_before = begin.into();
        params.not_after = end.into();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.0).expect("a CA signs");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// The CA itself, as those have it who make one certificate for everything.
    pub fn as_server(&self) -> Identity {
        Identity { certificate: self.pem(), key: self.0.key().serialize_pem() }
    }
}
