//! What stands at a key, for a function: one question to the store, and what its answer means.

use std::time::Duration;

use super::flight::Sight;
use super::retry_queue::Key;
use super::{Budget, Call, mark_of};
use crate::codec::compress::Payload;
use crate::entry::header;
use crate::entry::header::{KeyState, Meta, Rejected};
use crate::error::Error;
use crate::local::{Arrival, Guard, LocalValue, Terms, Tier};
use crate::policy::{Decision, decide};
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Epoch, Found, Left};
use crate::util::random;

/// What stands at the key, for this function.
pub(super) enum Seen {
    Nothing,
    /// Somebody computes.
    Lease(Sight),
    /// Somebody wants nothing to be stored for a while.
    Tombstone,
    Serve(Hit),
    ServeAndRefresh(Hit, Sight),
    Replace(Replace),
    /// Bytes that are no entry of this function, or one past all its windows, or whose tags were invalidated; with their mark, if
    /// they have one.
    Unfit(Option<CasToken>),
    /// The store could not be asked, for this reason, or has not said anything else for too long.
    Unknown(Option<Error>),
}

/// An entry to be served. Its payload is still to be decoded, by who knows the type.
pub(crate) struct Hit {
    pub(crate) bytes: Vec<u8>,
    /// How it may be kept in this process.
    pub(crate) arriving: Option<Box<(Guard, Arrival)>>,
}

impl Hit {
    pub(super) fn mark(&self) -> Option<CasToken> {
        mark_of(&self.bytes)
    }
}

/// An entry that is to be replaced now, by this call.
pub(super) struct Replace {
    pub(super) bytes: Vec<u8>,
    pub(super) sight: Sight,
    /// Whether it has time left, and is to be replaced early.
    pub(super) is_fresh: bool,
}

impl From<Replace> for Hit {
    fn from(old: Replace) -> Self {
        Self { bytes: old.bytes, arriving: None }
    }
}

/// How to read a function's entries. It does not know the type of their values, so that it is compiled once and not for every type.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) call: &'a Call,
    pub(crate) codec: u8,
    /// Whether this process keeps values.
    pub(crate) keeps: bool,
    pub(crate) values: &'a (dyn Values + Send + Sync),
}

/// What is to be known of a value before it is served.
pub(crate) trait Values {
    /// Whether it can be decoded.
    fn can_decode(&self, payload: &Payload<'_>) -> bool;

    /// The tags that the value names; `None` if it cannot be decoded.
    fn tags_named(&self, payload: &Payload<'_>) -> Option<Vec<String>>;
}

impl Reader<'_> {
    /// A value that this process keeps.
    pub(crate) fn local_hit(&self) -> Option<LocalValue> {
        let Call { function, key, policy, tags, .. } = self.call;
        let tier = self.tier()?;
        let fingerprint = match tags {
            None => function.fingerprint,
            Some(tags) => self.kept_fingerprint(tier, tags)?,
        };
        tier.find(key.as_bytes(), &Terms::of(fingerprint, policy))
    }

    pub(super) async fn look_up(&self, budget: &Budget) -> Seen {
        if let Some(tags) = &self.call.tags {
            // A box, so that others' futures are small.
            return Box::pin(self.look_up_tagged(tags, budget)).await;
        }
        if let Some(tier) = self.tier()
            && let Some(seen) = Box::pin(self.look_up_and_keep(tier, budget)).await
        {
            return seen;
        }
        let (store, key) = (&self.call.cache().store, &self.call.key);
        if !self.call.policy.asks_for_time() {
            match store.get(key, budget.0).await {
                Ok(found) => {
                    if let Some(seen) = self.interpret(key, found, None) {
                        return seen;
                    }
                }
                Err(error) => return self.unknown(&error),
            }
        }
        // A box, so that the future of most functions' hits is small.
        match Box::pin(store.get_with_left(key, budget.0)).await {
            Ok((found, left)) => self.interpret(key, found, Some(left)).unwrap_or(Seen::Unknown(None)),
            Err(error) => self.unknown(&error),
        }
    }

    /// Where this process keeps values of the function, if it does.
    pub(super) fn tier(&self) -> Option<&Tier> {
        self.call.cache.tier.as_deref().filter(|_| self.keeps)
    }

    /// A read of which Redis tells what becomes of it, so that the value may be kept; `None` if that is not to be had.
    async fn look_up_and_keep(&self, tier: &Tier, budget: &Budget) -> Option<Seen> {
        let key = &self.call.key;
        let guard = tier.guard(key);
        let watched = self.call.cache().store.get_watched(key, budget.0).await;
        let (found, left, epoch) = watched.inspect_err(|error| log::debug!("{error}")).ok()?;
        let mut seen = self.interpret(key, found, Some(left))?;
        if let Seen::Serve(hit) = &mut seen {
            self.let_arrive(hit, key, guard, left, epoch);
        }
        Some(seen)
    }

    /// Lets this process keep what was read after `guard` was taken.
    pub(super) fn let_arrive(&self, hit: &mut Hit, key: &str, guard: Guard, left: Left, epoch: Epoch) {
        // An invalidation that Redis could not take: see `pending`. Looked for after the guard was taken.
        if self.call.cache().pending.contains(Key::Entry(key)) {
            return;
        }
        hit.arriving = header::checked(&hit.bytes).map(|entry| {
            let arrival = Arrival {
                fingerprint: self.call.function.fingerprint,
                encoded_len: header::decoded_len(&hit.bytes),
                compute_time: entry.meta.compute_time,
                fresh: left.less(entry.meta.stale_window),
                epoch,
            };
            Box::new((guard, arrival))
        });
    }

    /// What was found at `key`, looked at once. `None` only if the time that is left was not asked for and has to be: an entry
    /// that a function with windows stored, and one without reads, may be past its time.
    pub(super) fn interpret(&self, key: &str, found: Found, left: Option<Left>) -> Option<Seen> {
        let bytes = match found {
            Found::Absent => return Some(Seen::Nothing),
            Found::Foreign => return Some(self.unfit(None)),
            Found::Bytes(bytes) => bytes,
        };
        let Some(mark) = mark_of(&bytes) else { return Some(self.unfit(None)) };
        Some(match self.slot(key, &bytes) {
            Ok(KeyState::Lease(_)) => Seen::Lease(mark.into()),
            Ok(KeyState::Tombstone(_)) => Seen::Tombstone,
            // Another function's: this one could not tell whether they are as they were.
            Ok(KeyState::Value(value)) if !value.tags.is_empty() => self.unfit(Some(mark)),
            Ok(KeyState::Value(value)) if left.is_none() && value.meta.stale_window > Duration::ZERO => {
                return None;
            }
            Ok(KeyState::Value(value)) => {
                let meta = value.meta;
                self.decided(&meta, left.unwrap_or(Left::Never), bytes, mark.into())
            }
            Err(_) => self.unfit(Some(mark)),
        })
    }

    pub(super) fn decided(&self, meta: &Meta, left: Left, bytes: Vec<u8>, sight: Sight) -> Seen {
        let policy = &self.call.policy;
        // A number is not free, and one option alone asks for it.
        let random = if policy.early_refresh > 0.0 { random::unit() } else { 0.0 };
        match decide(policy, meta, left, random) {
            Decision::Serve => Seen::Serve(Hit { bytes, arriving: None }),
            Decision::ServeAndRefresh => Seen::ServeAndRefresh(Hit { bytes, arriving: None }, sight),
            Decision::ComputeEarly => Seen::Replace(Replace { bytes, sight, is_fresh: true }),
            Decision::ComputeOrServe => Seen::Replace(Replace { bytes, sight, is_fresh: false }),
            Decision::Compute => Seen::Unfit(Some(sight.mark)),
        }
    }

    pub(super) fn slot<'b>(&self, key: &str, bytes: &'b [u8]) -> Result<KeyState<'b>, Rejected> {
        header::decode(key, bytes, self.codec, self.call.function.fingerprint)
    }

    /// The payload of a function's entry at `key`.
    pub(crate) fn payload<'b>(&self, key: &str, bytes: &'b [u8]) -> Option<Payload<'b>> {
        match self.slot(key, bytes) {
            Ok(KeyState::Value(value)) => Some(value.payload),
            _ => None,
        }
    }

    pub(super) fn can_decode(&self, hit: &Hit) -> bool {
        header::payload(&hit.bytes).is_some_and(|payload| self.values.can_decode(&payload))
    }

    pub(super) fn unfit(&self, mark: Option<CasToken>) -> Seen {
        self.call.function.counters.rejected.count();
        Seen::Unfit(mark)
    }

    pub(super) fn unknown(&self, error: &Error) -> Seen {
        self.call.failed(error);
        Seen::Unknown(Some(error.clone()))
    }
}

impl Seen {
    /// An entry to serve in place of an error.
    pub(super) fn into_fallback(self) -> Option<Vec<u8>> {
        match self {
            Self::Replace(old) => Some(old.bytes),
            _ => None,
        }
    }

    /// By what a flight of this process may be joined.
    pub(super) fn sight(&self) -> Option<Sight> {
        match self {
            Self::Lease(sight) | Self::Replace(Replace { sight, .. }) => Some(*sight),
            _ => None,
        }
    }
}
