//! A certificate of a server or a client.

/// A certificate and its private key, each as the text of a PEM file. [`Authority::issue`](crate::Authority::issue) makes one, with the cargo feature `tls`.
#[derive(Debug, Clone)]
pub struct Identity {
    /// For everybody.
    pub certificate: String,
    /// For its owner.
    pub key: String,
}
