//! What all calls of a cache share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::callsite::Callsite;
use super::flight::Flights;
use super::function::Functions;
use super::retry_queue::Pending;
use super::{Background, Failures, GivenUp, Renewals};
use crate::error::{Error, ErrorKind};
use crate::local::Tier;
use crate::store::AnyStore;
use crate::util::process::PerProcess;
use crate::util::test_clock::Clock;

/// A cache: a store and what belongs to it.
pub(crate) struct Core {
    pub(crate) store: AnyStore,
    /// Where there is a Redis to watch.
    pub(crate) tier: Option<Arc<Tier>>,
    pub(crate) prefix: String,
    pub(crate) deadline: Duration,
    /// How long a lease is, before it is renewed.
    pub(crate) lease: Duration,
    /// The longest that a call waits for another's computation.
    pub(crate) wait: Duration,
    /// The most bytes that an entry may have.
    pub(crate) max_value_size: u64,
    pub(crate) functions: Functions,
    pub(crate) flights: Arc<Flights>,
    pub(crate) background: PerProcess<Background>,
    pub(crate) renewals: PerProcess<Renewals>,
    pub(crate) given_up: PerProcess<GivenUp>,
    pub(crate) failures: PerProcess<Failures>,
    /// How long after a failure a source is asked again.
    pub(crate) retry_after: Duration,
    /// By which it is asked again, and entries in this process expire.
    pub(crate) clock: Clock,
    pub(crate) pending: PerProcess<Pending>,
    /// Whether nothing is ever read from it; see [`bypass`](super::bypass).
    pub(crate) is_disabled: bool,
}

impl Core {
    /// Logs an error that no caller will see: the first of its kind of each function as a warning, with what follows from it. `None`: what
    /// failed is no function's.
    pub(crate) fn log(&self, site: Option<&Callsite>, error: &Error, consequence: fmt::Arguments<'_>) {
        // An outage is logged once, by what connects, with its end.
        if error.is_logged() || matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) {
            return log::debug!("{error}");
        }
        if self.functions.is_first_told(site, error.kind()) {
            log::warn!("{error}; {consequence}; further errors of this kind are counted and not logged");
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("store", &self.store)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
