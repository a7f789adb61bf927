//! The one error type of the library.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What went wrong between a program and its cache.
///
/// Returned by [`Cache`](crate::Cache)'s constructors and by the methods of [`Entry`](crate::Entry). An annotated function never
/// returns it: there, a cache that fails is a miss, counted in [`Cache::stats`](crate::Cache::stats).
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

/// The sort of an [`Error`], for programs to act on.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The URL is malformed, or names something that this build does not support.
    Url,
    /// The server cannot be reached, or the connection was lost.
    Connection,
    /// TLS failed: a certificate that is not trusted, has expired, is for another name, or that the server wants and was not given;
    /// no common version; or a server that does not speak TLS. The message says what to do.
    Tls,
    /// The server refused the user name or the password, or the user may not run a command.
    Permission,
    /// The answer did not come within the deadline.
    Timeout,
    /// The server answered with an error: out of memory, loading, read-only, …
    Server,
    /// An option of the cache has a value that cannot be.
    Option,
    /// The prefix of an invalidation is empty, that of its cache included: every key of the database would be removed.
    EmptyPrefix,
    /// A tag or a group without a name, or a prefix with the control character 0x01, behind which the library's own keys are.
    Name,
    /// The value cannot be encoded by the function's codec, or not read back.
    Encode,
    /// The value takes more than [`max_value_size`](crate::CacheBuilder::max_value_size).
    TooLarge,
    /// A global cache has been set, or used, already.
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

    /// The sort of this error.
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
