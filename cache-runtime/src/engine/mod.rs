//! The course of one call: look up, decide, compute, store.
//!
//! The engine is split where the function's own code runs. What comes before ends in a [`ComputeGuard`], the right and the duty
//! to compute; what comes after takes it. Between them the caller computes in its own way: an async function awaits, a
//! blocking one just runs. So there is one engine, and the blocking facade is a thin one.
//!
//! What it does at a key is the one-slot protocol:
//!
//! ```text
//! absent    --SET k L<n> NX GET PX lease--> lease(n)     acquire; n is new for every attempt
//! lease(n)  --swap(n)--> value                           only if the slot still begins with n
//! value(n)  --swap(n)--> value(n')                       refresh: only if the value that was read is still there
//! value(n)  --release(n)--> absent                       a refresh whose value is not to be stored: what replaces nothing removes
//! any       --UNLINK--> absent   ·   any --SET k T PX hold--> tombstone   ·   any --SET k V--> value (put)
//! ```
//!
//! An invalidation takes the lease away, so a value that was computed from older data is not stored. Who may not store
//! (no lease was to be had, a tombstone is there, Redis is away) computes all the same.

mod background;
pub(crate) mod batch;
pub(crate) mod bypass;
pub(crate) mod callsite;
pub(crate) mod core;
pub(crate) mod counters;
mod failures;
pub(crate) mod flight;
mod fresh;
pub(crate) mod function;
mod give_back;
mod kept;
mod lease;
mod look_up;
mod miss;
mod patience;
pub(crate) mod prefix_sweep;
mod removal;
mod renewal;
pub(crate) mod retry_queue;
mod source_outage;
mod tagged;
mod ticket;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::core::Core;
use crate::engine::flight::FlightKey;
use crate::engine::function::Function;
use crate::engine::retry_queue::{Key, NotedTags};
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::policy::Policy;
use crate::runtime::lag;
use crate::store::vocabulary::CasToken;
use crate::tags::Tags;
use crate::util::clock::after;
use crate::util::maybe_static::MaybeStatic;

pub(crate) use background::{Background, Departure};
pub(crate) use failures::{Attempt, Failures};
pub(crate) use look_up::{Hit, Reader, Values};
pub(crate) use miss::Next;
pub(crate) use patience::GivenUp;
pub(crate) use removal::{remove, remove_all, unlink};
pub(crate) use renewal::Renewals;
pub(crate) use tagged::invalidate_tags;
pub(crate) use ticket::{ComputeGuard, Encoded};

/// One call for one key.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) cache: MaybeStatic<Core>,
    pub(crate) function: MaybeStatic<Function>,
    pub(crate) key: KeyBuf,
    pub(crate) policy: Policy,
    pub(crate) tags: Option<Arc<Tags>>,
}

impl Call {
    pub(crate) fn cache(&self) -> &Core {
        &self.cache
    }

    pub(crate) fn flight_key(&self) -> FlightKey {
        FlightKey { key: (*self.key).into(), fingerprint: self.function.fingerprint }
    }

    /// The longest that the call waits for what others compute.
    pub(crate) fn max_wait(&self) -> Duration {
        self.policy.max_wait.unwrap_or(self.cache().wait)
    }

    /// Whether an invalidation of the entry, or of a tag that its arguments name, could not be carried out yet.
    pub(crate) fn is_pending(&self) -> bool {
        let pending = &self.cache().pending;
        let is_tagged = |tags: &Arc<Tags>| pending.contains_any_tag(tags.of_arguments());
        pending.len() > 0
            && (pending.contains(Key::Entry(&self.key)) || self.tags.as_ref().is_some_and(is_tagged))
    }

    /// To be noted before a read whose value may name tags of which an invalidation could not be carried out yet.
    fn note_tags(&self) -> Option<NotedTags> {
        self.tags.as_ref().filter(|tags| tags.are_of_value()).and_then(|_| self.cache().pending.note_tags())
    }

    /// To be awaited by who has just stored, before it returns.
    pub(crate) async fn depart(&self, departure: Departure) {
        self.cache().background.depart(self.cache.arc(), departure).await;
    }

    /// Drops the value that this process keeps: what is in Redis has changed, or is to change.
    pub(crate) fn forget(&self) {
        self.forget_key(&self.key);
    }

    /// The same for another key of the function.
    pub(crate) fn forget_key(&self, key: &str) {
        if let Some(tier) = &self.cache.tier {
            tier.forget(key.as_bytes());
        }
    }

    /// A value was to be removed, and could not be: it is tried again, and this process does not use the entry meanwhile.
    fn left_behind(&self, key: &str, mark: CasToken) {
        self.cache().pending.left_behind(self.cache.arc(), key, mark);
        self.forget_key(key);
    }

    /// Counts, and logs, an error that the caller does not see.
    pub(crate) fn failed(&self, error: &Error) {
        let (site, counters) = (self.function.site, &self.function.counters);
        let log = |consequence| self.cache().log(Some(site), error, consequence);
        match error.kind() {
            ErrorKind::TooLarge => {
                counters.too_large.count();
                log(format_args!("it is returned and not stored"));
            }
            // It is about the function's type, and most of its values will be as this one.
            ErrorKind::Encode => {
                counters.unstorable.count();
                log(format_args!("such values are computed each time"));
            }
            _ => {
                counters.errors.count();
                log(format_args!("the value of `{}` was computed instead", site.name));
            }
        }
    }

    /// The instant by which an operation that a user asked for is over.
    pub(crate) fn until(&self) -> Instant {
        after(self.cache().deadline)
    }
}

/// Until when a call may wait for Redis. One call waits no longer than its deadline in all; what others compute meanwhile
/// is not counted.
#[derive(Clone, Copy)]
pub(crate) struct Budget(Instant);

impl Budget {
    pub(crate) fn of(deadline: Duration) -> Self {
        Self(after(deadline))
    }

    /// Redis has answered. If this process was behind, nobody knows how long ago, and the time begins anew.
    fn forgive(&mut self, deadline: Duration) {
        if self.0.checked_sub(deadline).is_some_and(|began| lag::since(began) > Duration::ZERO) {
            self.0 = self.0.max(after(deadline));
        }
    }

    /// What is left for what comes after a computation, which is not counted.
    fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Waits for others than Redis, which puts the end off.
    async fn pause<T>(&mut self, wait: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = wait.await;
        self.paused_since(began);
        done
    }

    /// What was waited for since then was not Redis.
    fn paused_since(&mut self, began: Instant) {
        self.0 += began.elapsed();
    }
}

/// How an entry begins.
fn mark_of(bytes: &[u8]) -> Option<CasToken> {
    bytes.first_chunk().copied()
}
