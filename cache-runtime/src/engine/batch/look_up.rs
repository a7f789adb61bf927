//! What stands at several keys: one question to the store.

use std::time::Duration;

use super::Name;
use super::absent;
use crate::engine::look_up::{Reader, Seen};
use crate::engine::{Budget, mark_of};
use crate::entry::header::{self, Meta};
use crate::local::{Arrival, Guard, Keep, Terms, Tier};
use crate::pending::Key;
use crate::store::{Epoch, Found, Left, Mark, Store};

/// What stands at a key, for a batch.
pub(super) enum Met<T> {
    /// An entry that says that the function has no value for it.
    Absent(Mark),
    Seen(Seen<T>),
}

impl<T> Reader<'_, T> {
    /// A value that this process keeps.
    pub(super) fn kept(&self, key: &str) -> Option<T> {
        let call = self.call;
        let (keep, tier) = (self.local?, call.cache().tier.as_ref()?);
        let terms = Terms::of(call.function.fingerprint, &call.policy);
        let hit = keep.get(tier, key.as_bytes(), &terms)?;
        call.function.counters.local_hits.count();
        Some(hit)
    }

    /// Tells what stands at each key, by its place among them. One round trip; two where an entry says that it may be past
    /// its time. Told one by one: decoded values may be large as they are, and are not to be there twice.
    pub(super) async fn look_up_many(
        &self,
        keys: &[&str],
        budget: &Budget,
        mut tell: impl FnMut(usize, Met<T>),
    ) {
        if let (Some(keep), Some(tier)) = (self.local, &self.call.cache().tier)
            && self.look_up_and_keep_many(keep, tier, keys, budget, &mut tell).await
        {
            return;
        }
        let store = &self.call.cache().store;
        let found = match store.get_many(keys, budget.0).await {
            Ok(found) => found,
            Err(error) => {
                self.call.failed(&error);
                return (0..keys.len()).for_each(|at| tell(at, Met::Seen(Seen::Unknown(None))));
            }
        };
        let mut untimed = Vec::new();
        for (at, found) in found.into_iter().enumerate() {
            match self.meet(keys[at], found, None) {
                Some(met) => tell(at, met),
                None => untimed.push(at),
            }
        }
        if untimed.is_empty() {
            return;
        }
        let again: Vec<&str> = untimed.iter().map(|at| keys[*at]).collect();
        match store.get_many_with_left(&again, budget.0).await {
            Ok(found) => {
                for (at, (found, left)) in untimed.into_iter().zip(found) {
                    tell(
                        at,
                        self.meet(keys[at], found, Some(left)).unwrap_or(Met::Seen(Seen::Unknown(None))),
                    );
                }
            }
            Err(error) => {
                self.call.failed(&error);
                untimed.into_iter().for_each(|at| tell(at, Met::Seen(Seen::Unknown(None))));
            }
        }
    }

    /// A read of which Redis tells what becomes of it, so that the values may be kept; `false` if that is not to be had.
    async fn look_up_and_keep_many(
        &self,
        keep: Keep<T>,
        tier: &Tier,
        keys: &[&str],
        budget: &Budget,
        tell: &mut impl FnMut(usize, Met<T>),
    ) -> bool {
        let guards: Vec<_> = keys.iter().map(|key| tier.guard(key)).collect();
        let watched = self.call.cache().store.get_many_watched(keys, budget.0).await;
        let Ok((found, epoch)) = watched.inspect_err(|error| log::debug!("{error}")) else { return false };
        for (at, ((key, guard), (found, left))) in keys.iter().zip(guards).zip(found).enumerate() {
            let met = self.meet(key, found, Some(left));
            if let Some(Met::Seen(Seen::Serve(value, meta, bytes))) = &met {
                let arrived = Arrived { key, guard, encoded_len: header::decoded_len(bytes), left, epoch };
                self.keep(keep, tier, &arrived, meta, value);
            }
            tell(at, met.unwrap_or(Met::Seen(Seen::Unknown(None))));
        }
        true
    }

    fn keep(&self, keep: Keep<T>, tier: &Tier, arrived: &Arrived<'_>, meta: &Meta, value: &T) {
        let Arrived { key, guard, encoded_len, left, epoch } = *arrived;
        // Looked for after the guard was taken, as for one key.
        if !self.call.cache().pending.contains(Key::Entry(key)) {
            let arrival = Arrival {
                fingerprint: self.call.function.fingerprint,
                encoded_len,
                compute_time: meta.compute_time,
                fresh: left.less(meta.stale_window),
                epoch,
            };
            keep.admit(tier, guard, key, arrival, value);
        }
    }

    /// `None` only if the time that is left was not asked for and has to be. Part of its callers: what it gives is large, and each
    /// hand that it goes through would copy it.
    #[inline(always)]
    fn meet(&self, key: &str, found: Found, left: Option<Left>) -> Option<Met<T>> {
        if let Found::Bytes(bytes) = &found
            && absent::is_absence(key, bytes, self.codec, self.call.function.fingerprint)
            && let Some(mark) = mark_of(bytes)
        {
            return Some(Met::Absent(mark));
        }
        self.interpret(key, found, left).map(Met::Seen)
    }

    /// What a flight of this process has landed with: a value, or that there is none; `None` if neither can be read.
    pub(super) fn read_landed(&self, key: &str, bytes: &[u8]) -> Option<Option<T>> {
        if absent::is_absence(key, bytes, self.codec, self.call.function.fingerprint) {
            return Some(None);
        }
        self.read(key, bytes).map(Some)
    }
}

/// A value on its way into the local tier.
struct Arrived<'a> {
    key: &'a str,
    guard: Guard,
    encoded_len: usize,
    left: Left,
    epoch: Epoch,
}

/// The names of some slots' keys, as the store takes them.
pub(super) fn names<'a>(keys: impl IntoIterator<Item = &'a Name>) -> Vec<&'a str> {
    keys.into_iter().map(|key| &**key).collect()
}

/// How long to wait before the next poll, and the longest pause.
pub(super) const POLL: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(64));
