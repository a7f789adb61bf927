//! The one error type of the library.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An error between a program and its cache.
///
/// The constructors of [`Cache`](crate::Cache) and the methods of [`Cache`](crate::Cache) and [`Entry`](crate::Entry) return it. An annotated function never
/// does: there, a cache that fails is a miss, counted in [`Cache::stats`](crate::Cache::stats).
///
/// No message contains a password. Cloning is cheap.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    is_logged: AtomicBool,
}

/// The kind of an [`Error`], for programs to act on.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The URL is malformed, or names something that this build does not support. The message names the part and says what to write.
    Url,
    /// The server cannot be reached, or the connection was lost.
    Connection,
    /// TLS failed: the certificate is not trusted, has expired or is for another name; the server requires a client certificate;
    /// there is no common version; or the server does not speak TLS. The message says what to do.
    Tls,
    /// The server rejected the user name or the password, or the user may not run a command.
    Permission,
    /// Redis did not answer within the deadline.
    Timeout,
    /// Fewer replicas than [`invalidations_wait`](crate::CacheBuilder::invalidations_wait) asks for have acknowledged a change in time. It is done
    /// at the primary, and a failover may lose it.
    NotReplicated,
    /// [`Cache::flush`](crate::Cache::flush) could not bring everything to Redis. The message says how many values and invalidations are missing.
    Incomplete,
    /// The server answered with an error: out of memory, loading, read-only, …
    Server,
    /// Connecting found a cluster that does not serve all slots, or whose nodes say that it is down. The nodes themselves answer:
    /// [`connect_lazy`](crate::CacheBuilder::connect_lazy) gives a cache whose calls compute for the keys that no node serves.
    ClusterDown,
    /// An option of the cache has an invalid value, or the operation needs an option that the cache was built without. The message names it.
    InvalidOption,
    /// The prefix of an invalidation is empty, and so is the cache's: every key of the database would be removed.
    EmptyPrefix,
    /// A tag or a group has an empty name, or a prefix contains the control character 0x01, which begins the library's own keys.
    Name,
    /// The function's codec cannot encode the value, or cannot read it back.
    Encode,
    /// The value takes more than [`max_value_size`](crate::CacheBuilder::max_value_size), or than the function's `max_size`.
    TooLarge,
    /// The global cache has already been set or used.
    GlobalAlreadySet,
    /// The operating system refused the library's own thread, or the runtime cannot be used.
    Runtime,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::made(kind, message.into(), None)
    }

    pub(crate) fn with_source(
        kind: ErrorKind,
        message: impl Into<String>,
        source: impl StdError + Send + Sync + 'static,
    ) -> Self {
        Self::made(kind, message.into(), Some(Box::new(source)))
    }

    fn made(kind: ErrorKind, message: String, source: Option<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::new(Inner { kind, message, source, is_logged: AtomicBool::new(false) }))
    }

    /// Whoever gets a clone need not log it again: it belongs to an outage whose beginning is in the log.
    pub(crate) fn logged(self) -> Self {
        self.0.is_logged.store(true, Ordering::Relaxed);
        self
    }

    pub(crate) fn is_logged(&self) -> bool {
        self.0.is_logged.load(Ordering::Relaxed)
    }

    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.0.kind).field("message", &self.0.message).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
