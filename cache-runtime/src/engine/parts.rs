//! Parts of a value that is stored in parts, without the rest of it.
//!
//! Whether what is there is the function's, and its tags as they were, is checked for a part as it is for the whole. The answer is of one
//! moment: each question is one command or one script on the entry's key. Where values in parts are stored as all others are, in this process or
//! behind a keyring, the whole is read and asked.

use std::time::Instant;

use smallvec::SmallVec;

use super::interpret::is_current;
use super::read::{distinct, nonce, texts};
use crate::engine::retry_queue::Key;
use crate::engine::{Call, Operation, Reader, mark_of};
use crate::entry::head::{EntryHeads, known, renewed};
use crate::entry::header;
use crate::entry::header::{KeyState, Value};
use crate::error::Error;
use crate::runtime::executor::both;
use crate::store::Store;
use crate::store::vocabulary::parts::{
    Heads as _, PROLOGUE_LEN, PartAnswer, PartBytes, PartQuestion, PartsBuffer, PartsPayload, ShapeKind,
    answered,
};
use crate::store::vocabulary::{Left, Nonce, Reading, Several, Swap};
use crate::util::random;

/// The nonces of an entry's tags now, or those that it was stored under.
type Nonces = SmallVec<[Nonce; 2]>;

impl Reader<'_> {
    /// What the value at the call's own key answers. `None` if there is no valid one, or it is a `None`. One round trip; a set with tags takes two.
    pub(crate) async fn part(
        &self,
        kind: ShapeKind,
        question: PartQuestion<'_>,
        until: Instant,
    ) -> Result<Option<PartAnswer>, Error> {
        if self.call.is_kept_out() || self.call.is_pending(self.call.question()) {
            return Ok(None);
        }
        let Some(store) = self.call.store().of_parts().filter(|_| !self.has_tags_of_value()) else {
            let whole = self.entry(false, until).await?;
            return Ok(whole.and_then(|(bytes, _)| answered(&parts_of(&bytes, kind)?, question)));
        };
        let answer = match kind {
            ShapeKind::Set => {
                let Some(known) = self.known(until).await? else { return Ok(None) };
                store.part(&self.call.key, kind, &known, question, until).await?.map(|(_, answer)| answer)
            }
            _ => {
                let part = Box::pin(store.part(&self.call.key, kind, &[0; 16], question, until));
                let (part, nonces) = both(part, Box::pin(self.nonces(until))).await;
                let Some((head, answer)) = part? else { return Ok(None) };
                self.is_valid(&head, kind, &nonces?).then_some(answer)
            }
        };
        Ok(answer.filter(|_| self.may_trust()))
    }

    /// The members that two sets have in common; `None` unless both have a valid value. One round trip, computed by the server; two where there are
    /// tags.
    pub(crate) async fn intersection(
        &self,
        other: &Reader<'_>,
        until: Instant,
    ) -> Result<Option<Vec<Vec<u8>>>, Error> {
        let readers = [self, other];
        let is_no_answer = |call: &Call| call.is_kept_out() || call.is_pending(call.question());
        if readers.iter().any(|reader| is_no_answer(reader.call)) {
            return Ok(None);
        }
        let Some(store) = self.call.store().of_parts() else {
            let mut members = Vec::new();
            for reader in readers {
                let Some((bytes, _)) = reader.entry(false, until).await? else { return Ok(None) };
                let parts = parts_of(&bytes, ShapeKind::Set);
                let Some(all) = parts.and_then(|parts| parts.all()) else { return Ok(None) };
                members.push(
                    all.iter().map(|(_, member)| member.to_vec()).collect::<std::collections::HashSet<_>>(),
                );
            }
            return Ok(members.pop().zip(members.pop()).map(|(a, b)| a.intersection(&b).cloned().collect()));
        };
        let keys = [&*self.call.key, &*other.call.key];
        // Said whatever is stored.
        store.check_slots(keys)?;
        let (known, other_known) = both(Box::pin(self.known(until)), Box::pin(other.known(until))).await;
        let (Some(known), Some(other_known)) = (known?, other_known?) else { return Ok(None) };
        let common = store.intersection(keys, [&known, &other_known], until).await?;
        Ok(common.filter(|_| self.may_trust() && other.may_trust()))
    }

    /// What a set's member is that says whose it is; `None` if one of its tags has no nonce, and so no entry is valid.
    async fn known(&self, until: Instant) -> Result<Option<[u8; 16]>, Error> {
        let Some(nonces) = self.nonces(until).await?.into_iter().collect::<Option<Nonces>>() else {
            return Ok(None);
        };
        Ok(Some(known(&self.call.key, self.codec, self.call.function.fingerprint, &nonces, false)))
    }

    /// The nonces that the tags of the arguments have now.
    async fn nonces(&self, until: Instant) -> Result<Vec<Option<Nonce>>, Error> {
        let Some(tags) = self.call.tags.as_deref() else { return Ok(Vec::new()) };
        let mut keys = Vec::new();
        let places = distinct(texts(tags.keys()), &mut keys);
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let Several { found, .. } = self.call.cache().store.read(&keys, Reading::Plain, until).await?;
        let nonces = found.into_iter().map(|found| found.map(nonce)).collect::<Result<Vec<_>, _>>()?;
        Ok(places.into_iter().map(|place| nonces.get(place).copied().flatten()).collect())
    }

    /// Whether a head is that of a value of the function's, in this shape, whose tags are as they were.
    fn is_valid(&self, head: &[u8], kind: ShapeKind, nonces: &[Option<Nonce>]) -> bool {
        let tags = self.call.tags.as_deref().map(|tags| (tags, nonces));
        parts_of(head, kind).is_some()
            && matches!(self.slot(&self.call.key, head), Ok(KeyState::Value(Value { tags: stored, .. })) if is_current(stored, tags))
    }
}

impl Reader<'_> {
    /// Replaces a field of the value at the call's own key, under a new nonce, for the time that the value has left. Where there is no valid one,
    /// whatever is there is removed, a lease as well: whoever computes may have read what the field was before. Says whether there was one. Two
    /// round trips.
    pub(crate) async fn put_field(&self, field: PartBytes<'_>, until: Instant) -> Result<bool, Error> {
        let Call { cache, function, key, .. } = self.call;
        if self.call.is_kept_out() {
            return Err(self.call.kept_out());
        }
        function.is_invalidated();
        let keys = [Key::entry(key)];
        let operation = Operation::begin(cache.arc(), &keys, None);
        let mut is_put = false;
        let done = async {
            let names = cache.names_of_others([&**key].into_iter());
            if !names.is_empty() {
                let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
                cache.store.remove(&names, until).await?;
            }
            is_put = match self.call.store().of_parts().is_some() && !self.has_tags_of_value() {
                true => self.put_field_in_redis(field, until).await?,
                false => self.put_field_in_whole(field, until).await?,
            };
            if !is_put {
                cache.store.remove(&[key.as_bytes()], until).await?;
            }
            Ok(())
        };
        let done = done.await;
        operation.end(done).map(|()| is_put)
    }

    async fn put_field_in_redis(&self, (name, value): PartBytes<'_>, until: Instant) -> Result<bool, Error> {
        let (key, Some(store)) = (&*self.call.key, self.call.store().of_parts()) else { return Ok(false) };
        let nothing = PartQuestion::Fields(&[]);
        let head = Box::pin(store.part(key, ShapeKind::Hash, &[0; 16], nothing, until));
        let (head, nonces) = both(head, Box::pin(self.nonces(until))).await;
        let Some((head, _)) = head? else { return Ok(false) };
        if !self.is_valid(&head, ShapeKind::Hash, &nonces?) {
            return Ok(false);
        }
        let Some(mark) = mark_of(&head) else { return Ok(false) };
        let head = renewed(key, &head, &random::nonce());
        store.put_field(key, &mark, &head, (name, value), until).await
    }

    async fn put_field_in_whole(&self, (name, value): PartBytes<'_>, until: Instant) -> Result<bool, Error> {
        let key = &*self.call.key;
        let Some((bytes, left)) = self.entry(true, until).await? else { return Ok(false) };
        let replaced = || {
            let (head, _) = EntryHeads.head(key, &bytes)?;
            let all = parts_of(&bytes, ShapeKind::Hash)?.all()?;
            let mut payload = Vec::new();
            let mut buffer = PartsBuffer::new(ShapeKind::Hash, &mut payload);
            let mut is_there = false;
            for (known, old) in all {
                let is_meant = known == name;
                is_there |= is_meant;
                buffer.raw(known, if is_meant { value } else { old });
            }
            buffer.finish();
            is_there.then(|| {
                EntryHeads.whole(key, &renewed(key, &head, &random::nonce()), &payload[PROLOGUE_LEN..])
            })
        };
        let (Some(entry), Some(mark)) = (replaced(), mark_of(&bytes)) else { return Ok(false) };
        let ttl = match left {
            Left::Expires(left) => Some(left),
            Left::Never => None,
            Left::Absent => return Ok(false),
        };
        let swap = Swap { key, mark: &mark, value: &entry, ttl };
        self.call.store().swap(&[swap], until).await?.pop().unwrap_or(Ok(false))
    }

    /// Whether it takes the whole value to know its tags.
    fn has_tags_of_value(&self) -> bool {
        self.call.tags.as_deref().is_some_and(|tags| tags.are_of_value())
    }
}

/// The parts of an entry that was checked, or what its head says of them. `None` in another shape, and of a `None`.
fn parts_of(entry: &[u8], kind: ShapeKind) -> Option<PartsPayload<'_>> {
    PartsPayload::of(header::stored_payload(entry)).filter(|parts| parts.kind == kind && !parts.is_none())
}
