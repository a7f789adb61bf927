//! Who a program is to the server, for programs whose passwords change while they run.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::util::clock::after;

/// A password, and optionally a user, for [`CacheBuilder::credentials`](crate::CacheBuilder::credentials).
///
/// ```
/// use std::time::Duration;
///
/// use redis_cached::Credentials;
///
/// let token = Credentials::new("a token").user("app").valid_for(Duration::from_secs(900));
/// assert!(!format!("{token:?}").contains("a token"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Credentials {
    pub(crate) user: Option<String>,
    pub(crate) password: String,
    pub(crate) valid_for: Option<Duration>,
}

impl Credentials {
    /// The password of the server's default user.
    pub fn new(password: impl Into<String>) -> Self {
        Self { user: None, password: password.into(), valid_for: None }
    }

    /// When to say so again for who says it now; `None` if that holds for as long as the connection does.
    pub(crate) fn log_in_at(&self) -> Option<Instant> {
        self.valid_for.map(|time| after(time / 5 * 4))
    }

    /// Those of a URL: `None` without either. A user without a password is one that needs none.
    pub(crate) fn of(user: String, password: String) -> Option<Self> {
        let is_given = !user.is_empty() || !password.is_empty();
        let user = Some(user).filter(|user| !user.is_empty());
        is_given.then_some(Self { user, password, valid_for: None })
    }

    /// The user of the server's ACL to whom the password belongs. Default: the default user.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// How long from now the credentials are valid. Default: as long as the connection lives.
    /// Connections log in again when four fifths of this time are over.
    pub fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nor is the user shown: other programs read `redis://PASSWORD@host`.
        f.debug_struct("Credentials").field("valid_for", &self.valid_for).finish_non_exhaustive()
    }
}

/// What a closure of the user's gave, its error as text.
pub(crate) type Provided = Result<Credentials, String>;

/// The answer that the closure of `CacheBuilder::credentials` is about to give.
type CredentialsFuture = Pin<Box<dyn Future<Output = Provided> + Send>>;

/// The user's closure.
#[derive(Clone)]
pub(crate) struct Provider(Arc<dyn Fn() -> CredentialsFuture + Send + Sync>);

impl Provider {
    pub(crate) fn new<F, Fut, E>(provide: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self(Arc::new(move || {
            let provided = provide();
            Box::pin(async { provided.await.map_err(|error| error.into().to_string()) })
        }))
    }

    /// Begins to ask, which may block.
    pub(crate) fn ask(&self) -> CredentialsFuture {
        (self.0)()
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}
