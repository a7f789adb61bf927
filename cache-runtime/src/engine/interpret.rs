//! What the answers to a question mean: the bytes at a key, with the time that is left and the nonces of its tags, as the state of a
//! function's entry.

use std::time::Duration;

use super::absent;
use crate::codec::compress::Payload;
use crate::engine::entry_state::{Due, EntryState, Hit};
use crate::engine::flight::Sight;
use crate::engine::mark_of;
use crate::engine::read::{Question, Reader};
use crate::entry::header;
use crate::entry::header::{KeyState, Meta, Rejected};
use crate::entry::special::Special;
use crate::policy::{Decision, decide};
use crate::report::miss_reason::MissReason;
use crate::store::vocabulary::{CasToken, Found, Left, Nonce};
use crate::tags;
use crate::tags::{Tags, are_current};
use crate::util::random;

impl Reader<'_> {
    /// What was found at `key`, looked at once. `None` only if the time that is left was not asked for and has to be: an entry
    /// that a function with windows stored, and one without reads, may be past its time.
    #[inline]
    pub(super) fn interpret(
        &self,
        key: &str,
        found: Found,
        left: Option<Left>,
        tags: Option<(&Tags, &[Option<Nonce>])>,
    ) -> Option<EntryState> {
        let bytes = match found {
            Found::Absent => return Some(EntryState::Absent),
            Found::Foreign => return Some(self.unusable(None)),
            Found::Bytes(_) if !self.may_trust() => return Some(EntryState::Unknown(None)),
            Found::Bytes(bytes) => bytes,
        };
        let Some(mark) = mark_of(&bytes) else { return Some(self.unusable(None)) };
        let sight = || match tags {
            None => mark.into(),
            Some((_, nonces)) => Sight { mark, tags: tags::digest(nonces) },
        };
        Some(match self.slot(key, &bytes) {
            Ok(KeyState::Lease(_)) => EntryState::Lease(sight()),
            Ok(KeyState::Tombstone(_)) => EntryState::Tombstone,
            Ok(KeyState::Value(value)) => match is_current(value.tags, tags) {
                // Another function's: this one could not tell whether they are as they were.
                false if tags.is_none() => self.unusable(Some(mark)),
                // Invalidated. It is replaced, and serves for nothing meanwhile.
                false => EntryState::Unusable(Some(mark), MissReason::Invalidated),
                true if left.is_none() && value.meta.stale_window > Duration::ZERO => return None,
                true => {
                    let meta = value.meta;
                    if self.call.policy.sliding {
                        self.prolong_entry(Question { key, tags: tags.map(|(tags, _)| tags) }, &bytes, left);
                    }
                    self.decided(&meta, left.unwrap_or(Left::Never), bytes, sight())
                }
            },
            Err(rejected) => match self.no_value(key, &bytes, tags) {
                Some(true) => EntryState::NoValue(mark),
                Some(false) => EntryState::Unusable(Some(mark), MissReason::Invalidated),
                None => {
                    if rejected == Rejected::Unsealed {
                        self.call.function.counters.unsealed.count();
                    }
                    self.unusable(Some(mark))
                }
            },
        })
    }

    /// Whether what was read is from servers that know of what this process has invalidated, or have it pending.
    #[inline]
    pub(super) fn may_trust(&self) -> bool {
        self.call.cache().pending.takeovers.is_still(self.noted)
    }

    #[inline]
    fn decided(&self, meta: &Meta, left: Left, bytes: Vec<u8>, sight: Sight) -> EntryState {
        let policy = &self.call.policy;
        // A number is not free, and one option alone asks for it.
        let random = if policy.early_refresh > 0.0 { random::unit() } else { 0.0 };
        match decide(policy, meta, left, random) {
            Decision::Serve => EntryState::Hit(bytes.into()),
            Decision::ServeAndRefresh => EntryState::Stale(bytes.into(), sight),
            Decision::ComputeEarly => EntryState::Due(Due { bytes, sight, is_fresh: true }),
            Decision::ComputeOrServe => EntryState::Due(Due { bytes, sight, is_fresh: false }),
            Decision::Compute => EntryState::Unusable(Some(sight.mark), MissReason::Expired),
        }
    }

    /// Whether an entry says that there is no value, where a batch asks, and its tags are as they were; `None` if it says nothing of
    /// the kind.
    fn no_value(&self, key: &str, bytes: &[u8], tags: Option<(&Tags, &[Option<Nonce>])>) -> Option<bool> {
        let stored =
            self.serves_absence.then(|| absent::tags(key, bytes, self.codec, self.call.function.fingerprint));
        Some(is_current(stored??, tags))
    }

    /// Whether encoded bytes say that there is no value, where a batch asks, whatever became of its tags.
    pub(crate) fn is_absence(&self, key: &str, bytes: &[u8]) -> bool {
        self.serves_absence && absent::tags(key, bytes, self.codec, self.call.function.fingerprint).is_some()
    }

    #[inline]
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

    /// Whether a payload is the word that there is no value, as `negative_ttl` has it.
    pub(super) fn is_none(&self, payload: &Payload<'_>) -> bool {
        self.values.special(payload) == Some(Some(Special::None))
    }

    pub(super) fn can_decode(&self, hit: &Hit) -> bool {
        header::payload(&hit.bytes).is_some_and(|payload| self.values.special(&payload).is_some())
    }

    pub(super) fn unusable(&self, mark: Option<CasToken>) -> EntryState {
        self.call.function.counters.unusable.count();
        EntryState::Unusable(mark, MissReason::Unfit)
    }
}

/// Whether an entry's nonces are those that the tags of its arguments have now. Those that its value names follow.
pub(super) fn is_current(stored: &[Nonce], tags: Option<(&Tags, &[Option<Nonce>])>) -> bool {
    let Some((tags, now)) = tags else { return stored.is_empty() };
    let known = tags.of_arguments().len();
    let stored = if tags.are_of_value() { stored.get(..known) } else { Some(stored) };
    stored.is_some_and(|stored| are_current(stored, &now[..known]))
}
