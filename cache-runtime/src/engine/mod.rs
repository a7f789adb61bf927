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
//! value(n)  --swap(n)--> value(n)                        a hit with `sliding`, or `conditional`: the same value, with its TTL anew
//! value(n)  --release(n)--> absent                       a refresh whose value is not to be stored: what replaces nothing removes
//! any       --UNLINK--> absent   ·   any --SET k T PX hold--> tombstone   ·   any --SET k V--> value (put)
//! ```
//!
//! An invalidation takes the lease away, so a value that was computed from older data is not stored. Who may not store
//! (no lease was to be had, a tombstone is there, Redis is away) computes all the same.

mod absent;
mod away;
mod background;
pub(crate) mod bypass;
pub(crate) mod callsite;
mod claim;
mod compute;
pub(crate) mod core;
pub(crate) mod counters;
mod course;
mod entry_state;
mod failures;
pub(crate) mod flight;
pub(crate) mod following;
pub(crate) mod function;
mod give_back;
mod interpret;
mod kept_out;
mod lease;
pub(crate) mod lease_first;
mod local_tags;
#[cfg(feature = "page")]
mod lookup_samples;
#[cfg(feature = "testing")]
pub(crate) mod observation;
pub(crate) mod observe;
mod operation;
pub(crate) mod parts;
mod patience;
pub(crate) mod prefix_sweep;
mod prolongation;
pub(crate) mod publish;
mod read;
mod refresh;
mod removal;
mod renewal;
mod repetition;
mod replica_reads;
mod retry;
pub(crate) mod retry_queue;
mod revalidation;
mod single;
mod source_outage;
mod store;
pub(crate) mod tag_counters;
pub(crate) mod targets;
mod value_tags;
pub(crate) mod verification;
mod wait;

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::either::Either;

use crate::engine::core::Core;
use crate::engine::function::Function;
use crate::engine::retry_queue::Key;
use crate::error::{Error, ErrorKind};
use crate::key::{KeyBuf, KeyTemplate};
use crate::policy::Policy;
use crate::runtime::lag;
use crate::store::AnyStore;
use crate::store::vocabulary::CasToken;
use crate::tags::Tags;
use crate::util::clock::after;
use crate::util::maybe_static::MaybeStatic;

pub(crate) use absent::encode as encode_absence;
pub(crate) use background::{Background, Departure};
pub(crate) use compute::{ComputeGuard, Computed, Encoded, Older, Outcome};
pub(crate) use course::{CallKey, Course, Got, Step};
pub(crate) use entry_state::Hit;
pub(crate) use failures::{Attempt, Failures};
#[cfg(feature = "sealing")]
pub(crate) use kept_out::lacks_key_for_names;
pub(crate) use operation::{Operation, invalidate_all, invalidate_tags, remove_all};
pub(crate) use patience::GivenUp;
pub(crate) use prolongation::Prolongations;
pub(crate) use read::{Question, Reader, Values};
pub(crate) use removal::remove;
pub(crate) use renewal::Renewals;
pub(crate) use single::LookupResult;
pub(crate) use store::{STORED_AT_ONCE, put};

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

    /// Where the function's values are.
    #[inline]
    pub(crate) fn store(&self) -> &AnyStore {
        match (&self.cache().shaped, self.policy.shape) {
            (Some(shaped), Some(kind)) => shaped.of(kind),
            _ => &self.cache().store,
        }
    }

    /// The call's own key, as one of several would be.
    pub(crate) fn call_key(&self) -> CallKey {
        CallKey { name: (*self.key).into(), tags: self.tags.clone() }
    }

    /// Has all keys of a batch be in its function's bucket, where versions are kept apart.
    pub(crate) fn put_into_bucket(&self, keys: &mut KeyTemplate) {
        if self.cache().separates_versions {
            keys.put_into_bucket(self.function.fingerprint);
        }
    }

    /// The longest that the call waits for what others compute.
    pub(crate) fn max_wait(&self) -> Duration {
        self.policy.max_wait.unwrap_or(self.cache().wait)
    }

    /// What is asked about the call's own key.
    pub(crate) fn question(&self) -> Question<'_> {
        Question { key: &self.key, tags: self.tags.as_deref() }
    }

    /// Whether any invalidation could not be carried out yet.
    #[inline]
    pub(crate) fn has_pending(&self) -> bool {
        self.cache().pending.len() > 0
    }

    /// Whether an invalidation of the entry, or of a tag that its arguments name, could not be carried out yet.
    #[inline]
    pub(crate) fn is_pending(&self, Question { key, tags }: Question<'_>) -> bool {
        let pending = &self.cache().pending;
        self.has_pending()
            && (pending.contains_entry(key)
                || tags.is_some_and(|tags| pending.contains_any_tag(tags.of_arguments())))
    }

    /// To be awaited by who has just stored, before it returns.
    /// In a box made here, so that the stack of who awaits it has no room for it: functions call themselves.
    #[inline(never)]
    pub(crate) fn depart(
        &self,
        departure: Departure,
    ) -> Either<Ready<()>, Pin<Box<impl Future<Output = ()>>>> {
        match departure {
            Departure::Nothing => Either::Left(ready(())),
            departure => Either::Right(Box::pin(self.cache().background.depart(self.cache.arc(), departure))),
        }
    }

    /// Drops the value at a key of the function that this process keeps: what is in Redis has changed, or is to change.
    pub(crate) fn forget_key(&self, key: &str) {
        if let Some(tier) = &self.cache.tier {
            tier.forget(key.as_bytes());
        }
    }

    /// A value was to be removed, and could not be: it is tried again, and this process does not use the entry meanwhile.
    fn left_behind(&self, key: &str, mark: CasToken) {
        if self.policy.shape.is_some() {
            // Who retries does not know of shapes. To remove whatever is there costs a computation more, where it is newer.
            drop(Operation::begin(self.cache.arc(), &[Key::entry(key)], None));
        } else {
            retry::left_behind(self.cache.arc(), key, mark);
        }
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
            // It is about the function, and most of its values will be as this one.
            ErrorKind::Encode | ErrorKind::InvalidOption => {
                counters.unstorable.count();
                log(format_args!("such values are computed each time"));
            }
            _ => {
                counters.store_errors.count();
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
pub(crate) struct TimeBudget(Instant);

impl TimeBudget {
    pub(crate) fn of(deadline: Duration) -> Self {
        Self(after(deadline))
    }

    fn at(until: Instant) -> Self {
        Self(until)
    }

    fn until(&self) -> Instant {
        self.0
    }

    /// When a call began whose budget has not been put off yet.
    fn began(&self, call: &Call) -> Instant {
        self.0.checked_sub(call.cache().deadline).unwrap_or_else(Instant::now)
    }

    /// Redis has answered. If this process was behind, nobody knows how long ago, and the time begins anew.
    fn forgive(&mut self, deadline: Duration) {
        if self.0.checked_sub(deadline).is_some_and(|began| lag::since(began) > Duration::ZERO) {
            self.0 = self.0.max(after(deadline));
        }
    }

    /// Waits for others than Redis, which puts the end off.
    async fn pause<T>(&mut self, wait: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = wait.await;
        self.put_off(began.elapsed());
        done
    }

    /// What is left for what comes after a computation, which is not counted.
    fn left_at(&self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// Others than Redis took their time.
    fn put_off(&mut self, by: Duration) {
        self.0 += by;
    }
}

/// How an entry begins.
fn mark_of(bytes: &[u8]) -> Option<CasToken> {
    bytes.first_chunk().copied()
}
