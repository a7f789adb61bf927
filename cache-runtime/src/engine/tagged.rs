//! Functions with tags: a look-up that reads the tags with the entry, and what a computed value is stored with.
//!
//! Two rules make it right. What a value is stored with was read *before* it was computed: an invalidation in between drops the
//! nonce, and the entry fits no more. And a tag whose nonce is missing fits no entry.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::core::Core;
use super::flight::Sight;
use super::look_up::{Reader, Seen};
use super::retry_queue::{Key, NotedTags};
use super::{Budget, Call, Encoded, mark_of, remove_all};
use crate::codec::compress::Payload;
use crate::entry::header;
use crate::entry::header::KeyState;
use crate::error::Error;
use crate::key::KeyBuf;
use crate::local::{Guard, Tier};
use crate::store::Store;
use crate::store::vocabulary::Nonce;
use crate::store::vocabulary::TagTtl;
use crate::store::vocabulary::{Asking, Epoch, Found, Left, Several};
use crate::tags;
use crate::tags::{Tags, are_current};

/// What was at a key, and which nonces its tags had.
pub(super) struct Read {
    found: Found,
    pub(super) left: Option<Left>,
    pub(super) epoch: Epoch,
    nonces: Vec<Option<Nonce>>,
}

/// The keys of the tags that a value names, and what was noted before they were asked for.
#[derive(Default)]
pub(super) struct Named<'a> {
    /// Before the entry was asked for: see [`Pending::allows`](super::retry_queue::Pending::allows).
    pub(super) pending: Option<NotedTags>,
    pub(super) keys: Vec<KeyBuf>,
    /// Where there is one, the keys are read so that it is told of their changes.
    pub(super) tier: Option<&'a Tier>,
    pub(super) guards: Vec<Guard>,
    pub(super) epoch: Epoch,
}

impl Reader<'_> {
    /// [`look_up`](Self::look_up) for a function with tags. One round trip; a hit whose value names tags takes another.
    pub(super) async fn look_up_tagged(&self, tags: &Tags, budget: &Budget) -> Seen {
        if let Some(tier) = self.tier()
            && let Some(seen) = self.look_up_tagged_and_keep(tags, tier, budget).await
        {
            return seen;
        }
        let mut how = if self.call.policy.asks_for_time() { Asking::WithLeft } else { Asking::Plain };
        loop {
            let mut named = Named { pending: self.call.note_tags(), ..Named::default() };
            let seen = match self.ask_tagged(tags, how, budget.0).await {
                Ok(read) => self.interpret_tagged(tags, read, &mut named, budget.0).await,
                Err(error) => Err(error),
            };
            match seen {
                Ok(Some(seen)) => return seen,
                // As in `interpret`: the time was not asked for and has to be.
                Ok(None) => how = Asking::WithLeft,
                Err(error) => return self.unknown(&error),
            }
        }
    }

    pub(super) async fn ask_tagged(&self, tags: &Tags, how: Asking, until: Instant) -> Result<Read, Error> {
        let mut keys = vec![&*self.call.key];
        keys.extend(tags.keys().iter().map(|key| &**key));
        let Several { found, left, epoch } = self.call.cache().store.get_several(&keys, how, until).await?;
        let mut found = found.into_iter();
        // There is an answer for each key.
        let entry = found.next().unwrap_or(Found::Absent);
        Ok(Read { found: entry, left, epoch, nonces: found.map(nonce).collect() })
    }

    pub(super) async fn interpret_tagged(
        &self,
        tags: &Tags,
        read: Read,
        named: &mut Named<'_>,
        until: Instant,
    ) -> Result<Option<Seen>, Error> {
        let bytes = match read.found {
            Found::Absent => return Ok(Some(Seen::Nothing)),
            Found::Foreign => return Ok(Some(self.unfit(None))),
            Found::Bytes(bytes) => bytes,
        };
        let Some(mark) = mark_of(&bytes) else { return Ok(Some(self.unfit(None))) };
        let sight = Sight { mark, tags: tags::digest(&read.nonces) };
        let meta = match self.slot(&self.call.key, &bytes) {
            Ok(KeyState::Lease(_)) => return Ok(Some(Seen::Lease(sight))),
            Ok(KeyState::Tombstone(_)) => return Ok(Some(Seen::Tombstone)),
            Ok(KeyState::Value(value)) if read.left.is_none() && value.meta.stale_window > Duration::ZERO => {
                return Ok(None);
            }
            Ok(KeyState::Value(value)) => value.meta,
            Err(_) => return Ok(Some(self.unfit(Some(mark)))),
        };
        if !self.is_current(tags, &bytes, read.nonces, named, until).await? {
            // Invalidated. It is replaced, and serves for nothing meanwhile.
            return Ok(Some(Seen::Unfit(Some(mark))));
        }
        Ok(Some(self.decided(&meta, read.left.unwrap_or(Left::Never), bytes, sight)))
    }

    /// Whether the tags of an entry have the nonces that they had before its value was computed.
    async fn is_current(
        &self,
        tags: &Tags,
        bytes: &[u8],
        mut nonces: Vec<Option<Nonce>>,
        named: &mut Named<'_>,
        until: Instant,
    ) -> Result<bool, Error> {
        let Some(entry) = header::checked(bytes) else { return Ok(false) };
        let stored = entry.tags.to_vec();
        nonces.truncate(tags.of_arguments().len());
        // First those that are known: where they have changed, there is no need to ask for others.
        let of_arguments = stored.get(..nonces.len());
        if of_arguments.is_none_or(|stored| !are_current(stored, &nonces)) {
            return Ok(false);
        }
        let Some(keys) = self.named(tags, &entry.payload) else { return Ok(false) };
        if !self.call.cache().pending.allows(named.pending, &keys) {
            return Ok(false);
        }
        if stored.len() == nonces.len() + keys.len() && !keys.is_empty() {
            named.keys = keys;
            let how = match named.tier {
                None => Asking::Plain,
                Some(tier) => {
                    named.guards = named.keys.iter().map(|key| tier.guard(key)).collect();
                    Asking::Watched
                }
            };
            let keys: Vec<&str> = named.keys.iter().map(|key| &**key).collect();
            let several = self.call.cache().store.get_several(&keys, how, until).await?;
            named.epoch = several.epoch;
            nonces.extend(several.found.into_iter().map(nonce));
        }
        Ok(are_current(&stored, &nonces))
    }

    /// The keys of the tags that the value names; `None` if they are too many, or it cannot be decoded.
    fn named(&self, tags: &Tags, payload: &Payload<'_>) -> Option<Vec<KeyBuf>> {
        if !tags.are_of_value() {
            return Some(Vec::new());
        }
        let names = self.values.tags_named(payload)?;
        tags::of_value(&self.call.cache().prefix, &names, tags.of_arguments().len())
    }

    /// The entry and how long it is there for yet, if its tags are as they were.
    pub(crate) async fn get_tagged(
        &self,
        tags: &Tags,
        how: Asking,
        until: Instant,
    ) -> Result<Option<(Vec<u8>, Left)>, Error> {
        let named = &mut Named { pending: self.call.note_tags(), ..Named::default() };
        let read = self.ask_tagged(tags, how, until).await?;
        let Found::Bytes(bytes) = read.found else { return Ok(None) };
        let Ok(KeyState::Value(_)) = self.slot(&self.call.key, &bytes) else { return Ok(None) };
        let is_current = self.is_current(tags, &bytes, read.nonces, named, until).await?;
        Ok(is_current.then_some((bytes, read.left.unwrap_or(Left::Never))))
    }

    /// Asks for the right to compute and, where there are tags, for their nonces with it: both go out at once, and both answers
    /// are there before anything is computed.
    pub(super) async fn with_tags<A>(
        &self,
        ask: Pin<&mut impl Future<Output = Result<A, Error>>>,
        until: Instant,
    ) -> Result<(A, Vec<Nonce>), Error> {
        let Some(tags) = &self.call.tags else { return Ok((ask.await?, Vec::new())) };
        let life = tags::ttl_of(&self.call.policy);
        // A box, so that others' futures are small.
        let tag = Box::pin(self.call.cache().store.tag(tags.keys(), life, until));
        let (nonces, answer) = both(tag, ask).await;
        Ok((answer?, nonces?))
    }
}

impl Call {
    /// Stores an encoded value in place of whatever is there, under the nonces that its tags have now.
    pub(crate) async fn set(&self, encoded: Encoded) -> Result<(), Error> {
        let Encoded { mut bytes, lifetime, named, .. } = encoded;
        let (store, until) = (&self.cache().store, self.until());
        if let Some(tags) = &self.tags {
            let keys = [tags.of_arguments(), &named].concat();
            let nonces = store.tag(&keys, TagTtl::of_entry(lifetime.total()), until).await?;
            header::set_tags(&self.key, &mut bytes, &nonces);
        }
        store.set(&self.key, &bytes, lifetime.total(), until).await
    }

    /// The nonces to store a value with that was computed under `before`; `None` if a tag was invalidated meanwhile that the value
    /// may have. `named` are the tags that the value names.
    pub(super) async fn nonces_of_value(
        &self,
        tags: &Tags,
        before: &[Nonce],
        named: &[KeyBuf],
        life: TagTtl,
    ) -> Result<Option<Vec<Nonce>>, Error> {
        let Some((any, before)) = before.split_last() else { return Ok(None) };
        let any_key = &tags.keys()[before.len()..];
        let keys = [tags.of_arguments(), named, any_key].concat();
        let nonces = self.cache().store.tag(&keys, life, self.until()).await?;
        let Some((any_now, now)) = nonces.split_last() else { return Ok(None) };
        // That of any tag was read last, in one step with the others, so what they are now they were before the computation,
        // unless they were nothing.
        Ok((any == any_now).then(|| [before, &now[before.len()..]].concat()))
    }
}

/// Removes the keys of tags. One round trip.
pub(crate) async fn invalidate_tags(cache: &Arc<Core>, keys: Vec<KeyBuf>) -> Result<(), Error> {
    let keys: Vec<Key<'_>> = keys.iter().map(|key| Key::Tag(key)).collect();
    remove_all(cache, &keys).await
}

/// A tag's nonce. What is none is replaced when somebody computes.
fn nonce(found: Found) -> Option<Nonce> {
    match found {
        Found::Bytes(bytes) => Nonce::try_from(bytes).ok(),
        Found::Absent | Found::Foreign => None,
    }
}

/// Both at once, the first one first.
pub(super) async fn both<A, B>(
    mut a: impl Future<Output = A> + Unpin,
    mut b: impl Future<Output = B> + Unpin,
) -> (A, B) {
    let (mut a, mut b) = (Pin::new(&mut a), Pin::new(&mut b));
    let (mut from_a, mut from_b) = (None, None);
    poll_fn(|cx| {
        if from_a.is_none()
            && let Poll::Ready(done) = a.as_mut().poll(cx)
        {
            from_a = Some(done);
        }
        if from_b.is_none()
            && let Poll::Ready(done) = b.as_mut().poll(cx)
        {
            from_b = Some(done);
        }
        match (from_a.take(), from_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (from_a, from_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
