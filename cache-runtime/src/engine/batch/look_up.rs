//! What stands at several keys: one question to the store.

use std::time::Duration;

use super::Name;
use super::absent;
use crate::engine::look_up::{Reader, Seen};
use crate::engine::{Budget, Call, mark_of};
use crate::local::{LocalValue, Terms, Tier};
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Found, Left};

/// What stands at a key, for a batch.
pub(super) enum Met {
    /// An entry that says that the function has no value for it.
    Absent(CasToken),
    Seen(Seen),
}

impl Reader<'_> {
    /// A value that this process keeps at another key of the function.
    pub(crate) fn local_hit_at(&self, key: &str) -> Option<LocalValue> {
        let Call { function, policy, .. } = self.call;
        self.tier()?.find(key.as_bytes(), &Terms::of(function.fingerprint, policy))
    }

    /// Tells what stands at each key, by its place among them. One round trip; two where an entry says that it may be past
    /// its time.
    pub(super) async fn look_up_many(
        &self,
        keys: &[&str],
        budget: &Budget,
        mut tell: impl FnMut(usize, Met),
    ) {
        if let Some(tier) = self.tier()
            && self.look_up_and_keep_many(tier, keys, budget, &mut tell).await
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
        tier: &Tier,
        keys: &[&str],
        budget: &Budget,
        tell: &mut impl FnMut(usize, Met),
    ) -> bool {
        let guards: Vec<_> = keys.iter().map(|key| tier.guard(key)).collect();
        let watched = self.call.cache().store.get_many_watched(keys, budget.0).await;
        let Ok((found, epoch)) = watched.inspect_err(|error| log::debug!("{error}")) else { return false };
        for (at, ((key, guard), (found, left))) in keys.iter().zip(guards).zip(found).enumerate() {
            let mut met = self.meet(key, found, Some(left));
            if let Some(Met::Seen(Seen::Serve(hit))) = &mut met {
                self.let_arrive(hit, key, guard, left, epoch);
            }
            tell(at, met.unwrap_or(Met::Seen(Seen::Unknown(None))));
        }
        true
    }

    /// `None` only if the time that is left was not asked for and has to be.
    #[inline]
    fn meet(&self, key: &str, found: Found, left: Option<Left>) -> Option<Met> {
        if let Found::Bytes(bytes) = &found
            && self.is_absence(key, bytes)
            && let Some(mark) = mark_of(bytes)
        {
            return Some(Met::Absent(mark));
        }
        self.interpret(key, found, left).map(Met::Seen)
    }

    /// Whether an entry says that there is no value.
    pub(crate) fn is_absence(&self, key: &str, bytes: &[u8]) -> bool {
        absent::is_absence(key, bytes, self.codec, self.call.function.fingerprint)
    }
}

/// The names of some slots' keys, as the store takes them.
pub(super) fn names<'a>(keys: impl IntoIterator<Item = &'a Name>) -> Vec<&'a str> {
    keys.into_iter().map(|key| &**key).collect()
}

/// How long to wait before the next poll, and the longest pause.
pub(super) const POLL: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(64));
