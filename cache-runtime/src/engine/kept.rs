//! Entries with tags in the local tier.
//!
//! A tag's nonce is kept as a value is: read on the watched connection, under a guard of its own, and dropped when Redis tells of a
//! change. An entry is kept under a fingerprint that its tags' nonces are part of, and looked up under that of the nonces that are kept
//! now. So it is found only while each of its tags is kept with the nonce that the entry has; nobody has to know which entries a
//! tag has. Where the value names tags, their keys are kept beside it, since they are needed before it is found.

use std::sync::Arc;

use super::Budget;
use super::look_up::{Reader, Seen};
use super::tagged::Named;
use crate::entry::header;
use crate::entry::header::Meta;
use crate::key::KeyBuf;
use crate::local::{Arrival, Guard, Tier};
use crate::store::vocabulary::Nonce;
use crate::store::vocabulary::{Asking, Epoch, Left};
use crate::tags::{Tags, digest_of};

/// In place of a schema's fingerprint, for nonces of tags.
const NONCE: u64 = u64::from_le_bytes(*b"tagnonce");

/// What was noted before the entry and the tags that its arguments name were asked for.
struct Guards {
    key: Guard,
    tags: Vec<Guard>,
    names: Guard,
}

impl Reader<'_> {
    /// Under which fingerprint the tier keeps the entry; `None` if one of its tags is not kept.
    pub(super) fn kept_fingerprint(&self, tier: &Tier, tags: &Tags) -> Option<u64> {
        let policy = &self.call.policy;
        let nonce = |key: &KeyBuf| tier.get::<Nonce>(key, NONCE, policy);
        let mut nonces: Vec<Nonce> = tags.of_arguments().iter().map(nonce).collect::<Option<_>>()?;
        if tags.are_of_value() {
            let fingerprint = self.call.function.fingerprint;
            let named = tier.get::<Arc<[KeyBuf]>>(&self.names_key(), fingerprint, policy)?;
            for key in named.iter() {
                nonces.push(nonce(key)?);
            }
        }
        Some(self.fingerprint_with(&nonces))
    }

    fn fingerprint_with(&self, nonces: &[Nonce]) -> u64 {
        self.call.function.fingerprint ^ digest_of(nonces)
    }

    /// Where the tier keeps the keys of the tags that the value names. Nothing is at this key in Redis.
    fn names_key(&self) -> String {
        format!("{}\u{1}named", self.call.key)
    }

    /// [`look_up_and_keep`](Self::look_up_and_keep) for a function with tags.
    pub(super) async fn look_up_tagged_and_keep(
        &self,
        tags: &Tags,
        tier: &Tier,
        budget: &Budget,
    ) -> Option<Seen> {
        let guards = Guards {
            key: tier.guard(&self.call.key),
            tags: tags.of_arguments().iter().map(|key| tier.guard(key)).collect(),
            names: tier.guard(&self.names_key()),
        };
        let mut named = Named { pending: self.call.note_tags(), tier: Some(tier), ..Named::default() };
        let read = self.ask_tagged(tags, Asking::Watched, budget.0).await;
        let read = read.inspect_err(|error| log::debug!("{error}")).ok()?;
        let (left, epoch) = (read.left?, read.epoch);
        let seen = self.interpret_tagged(tags, read, &mut named, budget.0).await;
        let mut seen = seen.inspect_err(|error| log::debug!("{error}")).ok()??;
        // An invalidation that Redis could not take: see `pending`. Looked for after the guards were taken.
        if let Seen::Serve(hit) = &mut seen
            && !self.call.is_pending()
            && !self.call.cache().pending.contains_any_tag(&named.keys)
            && let Some(entry) = header::checked(&hit.bytes)
        {
            self.keep_tags(tier, tags, &guards, &named, entry.tags, epoch);
            let (meta, fresh) = (&entry.meta, left.less(entry.meta.stale_window));
            if tags.are_of_value() {
                let keys: Arc<[KeyBuf]> = named.keys.clone().into();
                let len = named.keys.iter().map(|key| key.len()).sum();
                let arrival = self.arrival(self.call.function.fingerprint, len, meta, fresh, epoch);
                tier.admit(guards.names, &self.names_key(), arrival, keys);
            }
            let fingerprint = self.fingerprint_with(entry.tags);
            let arrival = self.arrival(fingerprint, header::decoded_len(&hit.bytes), meta, fresh, epoch);
            hit.arriving = Some(Box::new((guards.key, arrival)));
        }
        Some(seen)
    }

    fn keep_tags(
        &self,
        tier: &Tier,
        tags: &Tags,
        guards: &Guards,
        named: &Named<'_>,
        nonces: &[Nonce],
        epoch: Epoch,
    ) {
        let of_arguments =
            tags.of_arguments().iter().zip(&guards.tags).map(|(key, guard)| (key, guard, epoch));
        let of_value = named.keys.iter().zip(&named.guards).map(|(key, guard)| (key, guard, named.epoch));
        for ((key, guard, epoch), nonce) in of_arguments.chain(of_value).zip(nonces) {
            let arrival = Arrival {
                fingerprint: NONCE,
                encoded_len: nonce.len(),
                compute_time: std::time::Duration::ZERO,
                fresh: Left::Never,
                epoch,
            };
            tier.admit(*guard, key, arrival, *nonce);
        }
    }

    fn arrival(
        &self,
        fingerprint: u64,
        encoded_len: usize,
        meta: &Meta,
        fresh: Left,
        epoch: Epoch,
    ) -> Arrival {
        Arrival { fingerprint, encoded_len, compute_time: meta.compute_time, fresh, epoch }
    }
}
