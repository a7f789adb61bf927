//! What stands at a key, for a function: one question to the store, and what its answer means.

use std::time::Duration;

use super::{Budget, Call, mark_of};
use crate::codec::CodecError;
use crate::decision::{Decision, decide};
use crate::entry::header::{self, Meta, Rejected, Slot};
use crate::error::Error;
use crate::flight::Sight;
use crate::local::{Arrival, Keep, Terms, Tier};
use crate::pending::Key;
use crate::random;
use crate::store::{Found, Left, Mark, Store};

/// What stands at the key, for this function.
pub(super) enum Seen<T> {
    Nothing,
    /// Somebody computes.
    Lease(Sight),
    /// Somebody wants nothing to be stored for a while.
    Tombstone,
    Serve(T, Meta, Vec<u8>),
    ServeAndRefresh(T, Sight),
    Replace(Replace),
    /// Bytes that are no entry of this function, or one past all its windows, or whose tags were invalidated; with their mark, if
    /// they have one.
    Unfit(Option<Mark>),
    /// The store could not be asked, for this reason, or has not said anything else for too long.
    Unknown(Option<Error>),
}

/// An entry that is to be replaced now, by this call.
pub(super) struct Replace {
    pub(super) bytes: Vec<u8>,
    pub(super) sight: Sight,
    /// Whether it has time left, and is to be replaced early.
    pub(super) is_fresh: bool,
}

/// How to read an entry's payload.
pub(crate) struct Reader<'a, T> {
    pub(crate) call: &'a Call,
    pub(crate) codec: u8,
    pub(crate) decode: fn(&[u8], usize) -> Result<T, CodecError>,
    pub(crate) decompressed: usize,
    pub(crate) local: Option<Keep<T>>,
    /// The tags that a value names.
    pub(crate) tags_of: Option<fn(&T) -> Vec<String>>,
}

impl<T> Reader<'_, T> {
    /// A value that this process keeps.
    #[inline]
    pub(crate) fn local_hit(&self) -> Option<T> {
        let Call { cache, function, key, policy, tags } = self.call;
        let (keep, tier) = (self.local?, cache.tier.as_ref()?);
        let fingerprint = match tags {
            None => function.fingerprint,
            Some(tags) => self.kept_fingerprint(tier, tags)?,
        };
        let hit = keep.get(tier, key.as_bytes(), &Terms::of(fingerprint, policy))?;
        function.counters.local_hits.count();
        Some(hit)
    }

    pub(super) async fn look_up(&self, budget: &Budget) -> Seen<T> {
        if let Some(tags) = &self.call.tags {
            // A box, so that others' futures are small.
            return Box::pin(self.look_up_tagged(tags, budget)).await;
        }
        if let (Some(keep), Some(tier)) = (self.local, &self.call.cache().tier)
            && let Some(seen) = self.look_up_and_keep(keep, tier, budget).await
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
        match store.get_with_left(key, budget.0).await {
            Ok((found, left)) => self.interpret(key, found, Some(left)).unwrap_or(Seen::Unknown(None)),
            Err(error) => self.unknown(&error),
        }
    }

    /// A read of which Redis tells what becomes of it, so that the value may be kept; `None` if that is not to be had.
    async fn look_up_and_keep(&self, keep: Keep<T>, tier: &Tier, budget: &Budget) -> Option<Seen<T>> {
        let Call { key, function, .. } = self.call;
        let guard = tier.guard(key);
        let watched = self.call.cache().store.get_watched(key, budget.0).await;
        let (found, left, epoch) = watched.inspect_err(|error| log::debug!("{error}")).ok()?;
        let seen = self.interpret(key, found, Some(left))?;
        // An invalidation that Redis could not take: see `pending`. Looked for after the guard was taken.
        if let Seen::Serve(value, meta, bytes) = &seen
            && !self.call.cache().pending.contains(Key::Entry(key))
        {
            let arrival = Arrival {
                fingerprint: function.fingerprint,
                encoded_len: header::decoded_len(bytes),
                compute_time: meta.compute_time,
                fresh: left.less(meta.stale_window),
                epoch,
            };
            keep.admit(tier, guard, key, arrival, value);
        }
        Some(seen)
    }

    /// What was found at `key`, looked at once. `None` only if the time that is left was not asked for and has to be: an entry
    /// that a function with windows stored, and one without reads, may be past its time.
    pub(super) fn interpret(&self, key: &str, found: Found, left: Option<Left>) -> Option<Seen<T>> {
        let bytes = match found {
            Found::Absent => return Some(Seen::Nothing),
            Found::Foreign => return Some(self.unfit(None)),
            Found::Bytes(bytes) => bytes,
        };
        let Some(mark) = mark_of(&bytes) else { return Some(self.unfit(None)) };
        Some(match self.slot(key, &bytes) {
            Ok(Slot::Lease(_)) => Seen::Lease(mark.into()),
            Ok(Slot::Tombstone(_)) => Seen::Tombstone,
            // Another function's: this one could not tell whether they are as they were.
            Ok(Slot::Value(value)) if !value.tags.is_empty() => self.unfit(Some(mark)),
            Ok(Slot::Value(value)) if left.is_none() && value.meta.stale_window > Duration::ZERO => {
                return None;
            }
            Ok(Slot::Value(value)) => {
                match (value.meta, value.payload.decode(self.decompressed, self.decode)) {
                    (meta, Ok(value)) => {
                        self.decided(meta, left.unwrap_or(Left::Never), value, bytes, mark.into())
                    }
                    _ => self.unfit(Some(mark)),
                }
            }
            Err(_) => self.unfit(Some(mark)),
        })
    }

    pub(super) fn decided(&self, meta: Meta, left: Left, value: T, bytes: Vec<u8>, sight: Sight) -> Seen<T> {
        let policy = &self.call.policy;
        // A number is not free, and one option alone asks for it.
        let random = if policy.early_refresh > 0.0 { random::unit() } else { 0.0 };
        match decide(policy, &meta, left, random) {
            Decision::Serve => Seen::Serve(value, meta, bytes),
            Decision::ServeAndRefresh => Seen::ServeAndRefresh(value, sight),
            Decision::ComputeEarly => Seen::Replace(Replace { bytes, sight, is_fresh: true }),
            Decision::ComputeOrServe => Seen::Replace(Replace { bytes, sight, is_fresh: false }),
            Decision::Compute => Seen::Unfit(Some(sight.mark)),
        }
    }

    pub(crate) fn slot<'b>(&self, key: &str, bytes: &'b [u8]) -> Result<Slot<'b>, Rejected> {
        header::decode(key, bytes, self.codec, self.call.function.fingerprint)
    }

    /// Reads the entry of `key`, whatever its age and whatever became of its tags.
    pub(crate) fn read(&self, key: &str, bytes: &[u8]) -> Option<T> {
        match self.slot(key, bytes) {
            Ok(Slot::Value(value)) => value.payload.decode(self.decompressed, self.decode).ok(),
            _ => None,
        }
    }

    pub(super) fn unfit(&self, mark: Option<Mark>) -> Seen<T> {
        self.call.function.counters.rejected.count();
        Seen::Unfit(mark)
    }

    pub(super) fn unknown(&self, error: &Error) -> Seen<T> {
        self.call.failed(error);
        Seen::Unknown(Some(error.clone()))
    }
}

impl<T> Seen<T> {
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
