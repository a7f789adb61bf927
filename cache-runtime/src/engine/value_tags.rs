//! The tags that values name. They are known only when a value is there, so they take a second question.

use std::time::Instant;

use super::read::{Question, ReadState, Reader, distinct, nonce, served, texts};
use crate::engine::entry_state::EntryState;
use crate::engine::mark_of;
use crate::engine::retry_queue::NotedTags;
use crate::entry::header;
use crate::error::Error;
use crate::key::KeyBuf;
use crate::local::{Guard, Tier};
use crate::report::miss_reason::MissReason;
use crate::store::Store;
use crate::store::vocabulary::{Epoch, Nonce, Reading, Several};
use crate::tags;
use crate::tags::are_current;

/// The tags that the value of an entry names.
pub(super) struct ValueTags {
    /// The place of the entry.
    pub(super) at: usize,
    pub(super) keys: Vec<KeyBuf>,
    /// What was noted before they were read, and over which connection that was, if this process may keep them.
    pub(super) guards: Vec<(Guard, Epoch)>,
}

impl Reader<'_> {
    /// Compares the tags that values name, of those that would be served: one question for all of them.
    pub(super) async fn compare_named(
        &self,
        asked: &[Question<'_>],
        all: &mut [ReadState],
        noted: Option<NotedTags>,
        tier: Option<&Tier>,
        until: Instant,
    ) -> Result<Vec<ValueTags>, Error> {
        let mut named: Vec<ValueTags> = Vec::new();
        for (at, (question, lookup)) in asked.iter().zip(all.iter_mut()).enumerate() {
            let Some(of_key) = question.tags_of_value() else { continue };
            let Some(bytes) = served(lookup) else { continue };
            let keys = self.named(bytes, of_key.of_arguments().len());
            match keys.filter(|keys| self.call.cache().pending.allows(noted, keys)) {
                Some(keys) => {
                    let guard = |key, tier: &Tier| (tier.guard(key), Epoch::default());
                    let guards =
                        tier.iter().flat_map(|tier| keys.iter().map(|key| guard(key, tier))).collect();
                    named.push(ValueTags { at, keys, guards });
                }
                None => *lookup = Ok(Some(EntryState::Unusable(mark_of(bytes), MissReason::Invalidated))),
            }
        }
        let mut keys = Vec::new();
        let places = distinct(named.iter().flat_map(|named| texts(&named.keys)), &mut keys);
        if keys.is_empty() {
            return Ok(named);
        }
        let how = if tier.is_some() { Reading::Tracked(0) } else { Reading::Plain };
        let Several { found, epochs, .. } = self.call.cache().store.read(&keys, how, until).await?;
        let nonces: Vec<Result<Option<Nonce>, Error>> =
            found.into_iter().map(|found| found.map(nonce)).collect();
        let mut places = &places[..];
        for ValueTags { at, keys, guards } in &mut named {
            let (of_entry, others) = places.split_at(keys.len());
            places = others;
            for (place, (_, epoch)) in of_entry.iter().zip(guards) {
                *epoch = epochs.of(*place);
            }
            let lookup = &mut all[*at];
            let Some(bytes) = served(lookup) else { continue };
            let now: Vec<Option<Nonce>> = match of_entry.iter().map(|place| nonces[*place].clone()).collect()
            {
                Ok(now) => now,
                Err(error) => {
                    *lookup = Err(error);
                    continue;
                }
            };
            let stored = header::checked(bytes).and_then(|entry| {
                let known = entry.tags.len().checked_sub(now.len())?;
                Some(are_current(&entry.tags[known..], &now))
            });
            if stored != Some(true) {
                *lookup = Ok(Some(EntryState::Unusable(mark_of(bytes), MissReason::Invalidated)));
            } else if !self.may_trust() {
                *lookup = Ok(Some(EntryState::Unknown(None)));
            }
        }
        Ok(named)
    }

    /// The keys of the tags that the value of an entry names, beside the `known` ones; `None` if they are not as many as the entry has, or it
    /// cannot be decoded.
    pub(super) fn named(&self, bytes: &[u8], known: usize) -> Option<Vec<KeyBuf>> {
        let entry = header::checked(bytes)?;
        let names = self.values.tags_named(&entry.payload)?;
        let keys = tags::of_value(&self.call.cache().prefix, &names, known)?;
        (entry.tags.len() == known + keys.len()).then_some(keys)
    }
}
