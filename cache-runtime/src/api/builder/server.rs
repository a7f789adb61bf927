//! Which server, and how to log in there.

use super::CacheBuilder;
use crate::store::Target;
use crate::store::credentials::{Credentials, Provider};

impl CacheBuilder {
    /// The server's URL, in one of the [forms above](CacheBuilder). Default: `redis://127.0.0.1:6379`. A URL that cannot be used is an error of
    /// [`connect`](Self::connect) and [`connect_lazy`](Self::connect_lazy).
    ///
    /// ```
    /// # use redis_cached::{Cache, ErrorKind};
    /// Cache::builder().url("redis://app:PASSWORD@cache.example.com:6380/4").connect_lazy()?;
    /// let error = Cache::builder().url("redis://cache.example.com?timeout=3").connect_lazy().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Url);
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    pub fn url(mut self, url: impl Into<String>) -> Self {
        // Only what was understood is kept, and no text with a password in it.
        self.target = Target::parse(&url.into());
        self
    }

    /// The CA that must have issued the certificate of a `rediss://` server, as the text of a PEM file; it replaces the system's root
    /// certificates. Several CAs, in one text or by several calls, are trusted together, as is needed while a CA is replaced. Default: the system's root certificates.
    ///
    /// ```no_run
    /// # use redis_cached::Cache;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// Cache::builder().url("rediss://10.0.0.7").tls_ca(std::fs::read("/etc/cache/ca.pem")?).connect_lazy()?;
    /// # Ok(()) }
    /// ```
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_ca(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.tls.ca.extend_from_slice(pem.as_ref());
        self.tls.ca.push(b'\n');
        self
    }

    /// This program's certificate, followed by its intermediates, and its private key, for a `rediss://` server that requires a client
    /// certificate: the texts of two PEM files. The key must not be encrypted. Default: none.
    ///
    /// ```no_run
    /// # use redis_cached::Cache;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (certificate, key) = (std::fs::read("/etc/cache/client.pem")?, std::fs::read("/etc/cache/client.key")?);
    /// Cache::builder().url("rediss://cache.example.com").tls_client(certificate, key).connect_lazy()?;
    /// # Ok(()) }
    /// ```
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_client(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.tls.client = Some((certificate.as_ref().to_vec(), key.as_ref().to_vec()));
        self
    }

    /// The name, or address, in the certificate of a `rediss://` server, if it is not the URL's host: for a server that is reached by
    /// its address or through a tunnel. The name is sent to the server (SNI). Default: the URL's host.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().url("rediss://10.0.0.7").tls_server_name("cache.example.com").connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_server_name(mut self, name: impl Into<String>) -> Self {
        self.tls.server_name = Some(name.into());
        self
    }

    /// Accepts any certificate of a `rediss://` server: expired, issued for another host, or forged by somebody between this program and
    /// the server. **They can then read the password, and read and write every entry.** Meant for tests; for a server with its own CA, use
    /// [`tls_ca`](Self::tls_ca). Default: off.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// Cache::builder().url("rediss://localhost:6380").tls_insecure_accept_any_certificate().connect_lazy()?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    #[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
    pub fn tls_insecure_accept_any_certificate(mut self) -> Self {
        self.tls.accepts_any_certificate = true;
        self
    }

    /// Supplies user and password at each attempt to connect, in place of those in the URL: for passwords that change while the program runs,
    /// such as the tokens of cloud services. If [`valid_for`](Credentials::valid_for) says how long they are valid, connections log in
    /// again before they expire. Default: the user and password of the URL.
    ///
    /// The closure runs on a thread of the library, one call at a time. No cached call waits for it beyond its deadline; an attempt to connect waits for
    /// [`connect_timeout`](Self::connect_timeout). An error, or a panic, is a failed attempt: it is logged as the beginning of an
    /// outage, with the error's text, so the text should contain no secret. With `memory://` the closure is never called.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// use redis_cached::{Cache, Credentials};
    /// # async fn token() -> Result<String, std::io::Error> { Ok(String::new()) }
    ///
    /// # fn main() -> Result<(), redis_cached::Error> {
    /// let cache = Cache::builder()
    ///     .url("redis://cache.example")
    ///     .credentials(|| async {
    ///         let token = token().await?;
    ///         Ok::<_, std::io::Error>(Credentials::new(token).user("app").valid_for(Duration::from_secs(900)))
    ///     })
    ///     .connect_lazy()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials<F, Fut, E>(mut self, provide: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.credentials = Some(Provider::new(provide));
        self
    }
}
