//! Entries with tags in the local tier.
//!
//! A tag's nonce is kept as a value is: read on the tracking connection, under a guard of its own, and dropped when Redis tells of a
//! change. An entry is kept under a fingerprint that its tags' nonces are part of, and looked up under that of the nonces that are kept
//! now. So it is found only while each of its tags is kept with the nonce that the entry has; nobody has to know which entries a
//! tag has. Where the value names tags, their keys are kept beside it, since they are needed before it is found.

use std::sync::Arc;
use std::time::Duration;

use super::read::{ReadEpochs, ReadState};
use super::value_tags::ValueTags;
use crate::engine::entry_state::{EntryState, Locally};
use crate::engine::{Question, Reader};
use crate::entry::header;
use crate::key::KeyBuf;
use crate::local::{Arrival, Guard, LocalValue, Terms, Tier};
use crate::store::vocabulary::{Left, Nonce};
use crate::tags::{Tags, digest_of};

/// Stands in for a schema's fingerprint at nonces of tags.
const NONCE: u64 = u64::from_le_bytes(*b"tagnonce");

/// The guards taken before entries and the tags of their arguments are read.
pub(super) struct Guards<'t> {
    tier: &'t Tier,
    /// One for each entry.
    of_entries: Vec<OfEntry>,
}

struct OfEntry {
    entry: Guard,
    tags: Vec<Guard>,
    /// For the keys of the tags that the value names.
    names: Option<Guard>,
}

impl Reader<'_> {
    /// A local copy of a value of the function.
    pub(crate) fn local_hit(&self, question: Question<'_>) -> Option<LocalValue> {
        let tier = self.tier()?;
        let fingerprint = match question.tags {
            None => self.call.function.fingerprint,
            Some(tags) => self.kept_fingerprint(tier, question.key, tags)?,
        };
        tier.find(question.key.as_bytes(), &Terms::of(fingerprint, &self.call.policy))
    }

    /// Under which fingerprint the tier keeps the entry; `None` if one of its tags is not kept.
    fn kept_fingerprint(&self, tier: &Tier, key: &str, tags: &Tags) -> Option<u64> {
        let policy = &self.call.policy;
        let nonce = |key: &KeyBuf| tier.get::<Nonce>(key, NONCE, policy);
        let mut nonces: Vec<Nonce> = tags.of_arguments().iter().map(nonce).collect::<Option<_>>()?;
        if tags.are_of_value() {
            let fingerprint = self.call.function.fingerprint;
            let named = tier.get::<Arc<[KeyBuf]>>(&names_key(key), fingerprint, policy)?;
            for key in named.iter() {
                nonces.push(nonce(key)?);
            }
        }
        Some(self.fingerprint_with(&nonces))
    }

    fn fingerprint_with(&self, nonces: &[Nonce]) -> u64 {
        self.call.function.fingerprint ^ digest_of(nonces)
    }
}

/// Where the tier keeps the keys of the tags that the value names. Nothing is at this key in Redis.
fn names_key(key: &str) -> String {
    format!("{key}\u{1}named")
}

impl<'t> Guards<'t> {
    pub(super) fn take(tier: &'t Tier, asked: &[Question<'_>]) -> Self {
        let of_entry = |question: &Question<'_>| OfEntry {
            entry: tier.guard(question.key),
            tags: question
                .tags
                .iter()
                .flat_map(|tags| tags.of_arguments())
                .map(|key| tier.guard(key))
                .collect(),
            names: question.tags_of_value().map(|_| tier.guard(&names_key(question.key))),
        };
        Self { tier, of_entries: asked.iter().map(of_entry).collect() }
    }

    /// Lets this process keep what was read after the guards were taken.
    pub(super) fn let_arrive(
        self,
        reader: &Reader<'_>,
        asked: &[Question<'_>],
        all: &mut [ReadState],
        left: &[Left],
        named: &[ValueTags],
        epochs: &ReadEpochs,
    ) {
        let (tier, mut named, mut next_tag) = (self.tier, named.iter().peekable(), 0);
        for (at, (lookup, guards)) in all.iter_mut().zip(&self.of_entries).enumerate() {
            let named = named.next_if(|named| named.at == at);
            let first_tag = next_tag;
            next_tag += asked[at].tag_keys().count();
            let Ok(Some(EntryState::Hit(hit))) = lookup else { continue };
            // An invalidation that Redis could not take: see `pending`. Looked for after the guards were taken.
            if reader.call.is_pending(asked[at])
                || named.is_some_and(|named| reader.call.cache().pending.contains_any_tag(&named.keys))
            {
                continue;
            }
            let Some(entry) = header::checked(&hit.bytes) else { continue };
            let fresh = left.get(at).map_or(Left::Absent, |left| left.less(entry.meta.stale_window));
            let arrival = |fingerprint, encoded_len| Arrival {
                fingerprint,
                encoded_len,
                compute_time: entry.meta.compute_time,
                fresh,
                epoch: epochs.of_entry(at),
            };
            let mut fingerprint = reader.call.function.fingerprint;
            if let Some(tags) = asked[at].tags {
                let of_arguments = (first_tag..)
                    .zip(tags.of_arguments().iter().zip(&guards.tags))
                    .map(|(tag, (key, guard))| (key, *guard, epochs.of_tag(tag)));
                let of_value = named.iter().flat_map(|named| named.keys.iter().zip(&named.guards));
                let of_value = of_value.map(|(key, (guard, epoch))| (key, *guard, *epoch));
                for ((key, guard, epoch), nonce) in of_arguments.chain(of_value).zip(entry.tags) {
                    let (compute_time, fresh) = (Duration::ZERO, Left::Never);
                    let arrival =
                        Arrival { fingerprint: NONCE, encoded_len: nonce.len(), compute_time, fresh, epoch };
                    tier.admit(guard, key, arrival, *nonce);
                }
                if let (Some(guard), Some(named)) = (guards.names, named) {
                    let keys: Arc<[KeyBuf]> = named.keys.clone().into();
                    let len = named.keys.iter().map(|key| key.len()).sum();
                    tier.admit(guard, &names_key(asked[at].key), arrival(fingerprint, len), keys);
                }
                fingerprint = reader.fingerprint_with(entry.tags);
            }
            let arrival = arrival(fingerprint, header::decoded_len(&hit.bytes));
            hit.locally = Some(Box::new(Locally::Arriving(guards.entry, arrival)));
        }
    }
}
