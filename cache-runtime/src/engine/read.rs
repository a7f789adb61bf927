//! What stands at keys, for a function: one question to the store, and the states that [its answers mean](super::interpret).
//!
//! An entry with tags is read together with the nonces of its tags, and serves only while each has the nonce that it had before
//! the value was computed. Tags that the value names are known only when it is there, so they take a second question.

use std::collections::HashMap;
use std::time::Instant;

use super::interpret::is_current;
use super::local_tags::Guards;
use crate::codec::compress::Payload;
use crate::engine::entry_state::EntryState;
use crate::engine::retry_queue::{NotedTags, NotedTakeovers};
use crate::engine::{Call, TimeBudget};
use crate::entry::header::KeyState;
use crate::entry::special::Special;
use crate::error::Error;
use crate::key::KeyBuf;
use crate::local::Tier;
use crate::policy::LocalCopies;
use crate::store::Store;
use crate::store::vocabulary::{Epoch, Epochs, Found, Left, Nonce, Reading, Several};
use crate::tags::Tags;
use crate::util::hashing::Seeded;

/// A key that is asked for, and its entry's tags.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) key: &'a str,
    pub(crate) tags: Option<&'a Tags>,
}

impl<'a> Question<'a> {
    pub(super) fn tags_of_value(&self) -> Option<&'a Tags> {
        self.tags.filter(|tags| tags.are_of_value())
    }

    /// The keys of the tags that are read together with the entry.
    pub(super) fn tag_keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.tags.into_iter().flat_map(|tags| texts(tags.keys()))
    }
}

/// What the store has answered.
struct Answers {
    /// One for each key. It has failed where one of its tags has.
    found: Vec<Result<Found, Error>>,
    /// One for each key whose time was asked for.
    left: Vec<Left>,
    /// The nonces of each key's tags; empty where there are none at all.
    tags: Vec<Vec<Option<Nonce>>>,
    epochs: ReadEpochs,
}

/// Over which connections entries and their tags were read.
pub(super) struct ReadEpochs {
    epochs: Epochs,
    /// Where each tag of each entry is among what was read.
    tags: Vec<usize>,
}

impl ReadEpochs {
    pub(super) fn of_entry(&self, at: usize) -> Epoch {
        self.epochs.of(at)
    }

    /// Of one of all entries' tags, which follow each other in the order of the entries.
    pub(super) fn of_tag(&self, at: usize) -> Epoch {
        self.tags.get(at).map_or_else(Epoch::default, |at| self.epochs.of(*at))
    }
}

/// What was read for a key: nothing, if an entry's time was not asked for and has to be.
pub(super) type ReadState = Result<Option<EntryState>, Error>;

/// How to read a function's entries. It does not know the type of their values, so that it is compiled once and not for every type.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) call: &'a Call,
    pub(crate) codec: u8,
    /// Whether this process keeps values.
    pub(crate) keeps: bool,
    /// Whether it can serve the word that there is no value, as a batch can.
    pub(crate) serves_absence: bool,
    pub(crate) values: &'a (dyn Values + Send + Sync),
    /// Noted before it was asked what is pending.
    pub(crate) noted: NotedTakeovers,
}

/// What is to be known of a value before it is served.
pub(crate) trait Values {
    /// What the value is instead of a plain one, if it can be decoded.
    fn special(&self, payload: &Payload<'_>) -> Option<Option<Special>>;

    /// The tags that the value names; `None` if it cannot be decoded.
    fn tags_named(&self, payload: &Payload<'_>) -> Option<Vec<String>>;

    /// What the type is called.
    fn type_name(&self) -> &'static str;
}

impl Reader<'_> {
    /// What stands at the call's own key. One round trip; another where the value names tags.
    pub(super) async fn look_up(&self, budget: &TimeBudget) -> EntryState {
        let call = self.call;
        let mut is_timed = call.policy.asks_for_time();
        // The way of most functions: which store they have is not asked here.
        if call.tags.is_none() && !self.keeps && !is_timed && call.policy.shape.is_none() {
            match call.cache().store.get(&call.key, budget.0).await {
                Ok(found) => {
                    if let Some(lookup) = self.interpret(&call.key, found, None, None) {
                        return lookup;
                    }
                }
                Err(error) => return self.unknown(&error),
            }
            // A function with windows has stored it, and it may be past its time.
            is_timed = true;
        }
        // A box, so that the future of most functions' hits is small.
        let asked = [call.question()];
        Box::pin(self.look_up_here(&asked, is_timed, budget)).await.pop().unwrap_or(EntryState::Unknown(None))
    }

    /// [`look_up_all`](Self::look_up_all) for a call that begins, which may have copies. Later there is nothing that they could be the entry of.
    pub(super) async fn look_up_here(
        &self,
        asked: &[Question<'_>],
        is_timed: bool,
        budget: &TimeBudget,
    ) -> Vec<EntryState> {
        match self.copies() {
            Some(tier) => self.look_up_by_copies(tier, asked, is_timed, budget).await,
            None => self.look_up_all(asked, is_timed, budget).await,
        }
    }

    /// What stands at each key. One round trip; another where values name tags, or where an entry may be past a time that was not
    /// asked for.
    pub(super) async fn look_up_all(
        &self,
        asked: &[Question<'_>],
        is_timed: bool,
        budget: &TimeBudget,
    ) -> Vec<EntryState> {
        if self.tier().is_some() {
            match self.read(asked, Reading::Tracked(asked.len()), budget.0).await {
                Ok(read) => return self.without_failures(asked, read, is_timed, budget).await,
                // Changes cannot be tracked here: what is read is served, and not kept.
                Err(error) => log::debug!("{error}"),
            }
        }
        self.look_up_untracked(asked, is_timed, budget).await
    }

    /// What was read on tracking connections; where one of them has failed, another question is asked.
    async fn without_failures(
        &self,
        asked: &[Question<'_>],
        read: Vec<ReadState>,
        is_timed: bool,
        budget: &TimeBudget,
    ) -> Vec<EntryState> {
        let failed: Vec<usize> = (0..read.len()).filter(|at| read[*at].is_err()).collect();
        let known = |lookup: ReadState| lookup.ok().flatten().unwrap_or(EntryState::Unknown(None));
        let mut all: Vec<EntryState> = read.into_iter().map(known).collect();
        if !failed.is_empty() {
            let again: Vec<Question<'_>> = failed.iter().map(|at| asked[*at]).collect();
            let states = Box::pin(self.look_up_untracked(&again, is_timed, budget)).await;
            failed.into_iter().zip(states).for_each(|(at, state)| all[at] = state);
        }
        all
    }

    pub(super) async fn look_up_untracked(
        &self,
        asked: &[Question<'_>],
        is_timed: bool,
        budget: &TimeBudget,
    ) -> Vec<EntryState> {
        let how = if is_timed { Reading::Timed(asked.len()) } else { Reading::Plain };
        match self.read(asked, how, budget.0).await {
            Ok(all) => self.settled(asked, all, budget).await,
            Err(error) => self.all_unknown(asked.len(), &error),
        }
    }

    /// What was read for each key; where that was not enough, another question is asked.
    pub(super) async fn settled(
        &self,
        asked: &[Question<'_>],
        mut all: Vec<ReadState>,
        budget: &TimeBudget,
    ) -> Vec<EntryState> {
        let untimed: Vec<usize> = (0..all.len()).filter(|at| matches!(all[*at], Ok(None))).collect();
        if !untimed.is_empty() {
            let again: Vec<Question<'_>> = untimed.iter().map(|at| asked[*at]).collect();
            match self.read(&again, Reading::Timed(again.len()), budget.0).await {
                Ok(timed) => untimed.iter().zip(timed).for_each(|(at, lookup)| all[*at] = lookup),
                Err(error) => self.call.failed(&error),
            }
        }
        // One failure, one error: a server that is away fails all of its keys.
        if let Some(error) = all.iter().find_map(|lookup| lookup.as_ref().err()) {
            self.call.failed(error);
        }
        let known = |lookup: ReadState| match lookup {
            Ok(state) => state.unwrap_or(EntryState::Unknown(None)),
            Err(error) => EntryState::Unknown(Some(error)),
        };
        all.into_iter().map(known).collect()
    }

    pub(super) fn all_unknown(&self, keys: usize, error: &Error) -> Vec<EntryState> {
        self.call.failed(error);
        self.call.was_unanswered();
        (0..keys).map(|_| EntryState::Unknown(Some(error.clone()))).collect()
    }

    /// Reads entries and their tags.
    pub(super) async fn read(
        &self,
        asked: &[Question<'_>],
        how: Reading,
        until: Instant,
    ) -> Result<Vec<ReadState>, Error> {
        let tier = self.tier().filter(|_| matches!(how, Reading::Tracked(_)));
        let guards = tier.map(|tier| Guards::take(tier, asked));
        let noted = self.note_tags(asked);
        let Answers { found, left, tags, epochs } = self.ask(asked, how, until).await?;
        let look_at = |(at, found): (usize, Result<Found, Error>)| {
            let Question { key, tags: of_key } = asked[at];
            let of_key = of_key.zip(tags.get(at).map(Vec::as_slice));
            Ok(self.interpret(key, found?, left.get(at).copied(), of_key))
        };
        let mut all: Vec<ReadState> = found.into_iter().enumerate().map(look_at).collect();
        let named = self.compare_named(asked, &mut all, noted, tier, until).await?;
        if let Some(guards) = guards {
            guards.let_arrive(self, asked, &mut all, &left, &named, &epochs);
        }
        if let Some(counters) = &self.call.cache().observing.tag_counters {
            counters.count_reads(asked, &all);
        }
        Ok(all)
    }

    /// The question itself: what is at the keys, and which nonces their tags have.
    async fn ask(&self, asked: &[Question<'_>], how: Reading, until: Instant) -> Result<Answers, Error> {
        let mut keys: Vec<&str> = asked.iter().map(|question| question.key).collect();
        let places = distinct(asked.iter().flat_map(Question::tag_keys), &mut keys);
        let Several { mut found, left, epochs } = self.call.store().read(&keys, how, until).await?;
        let nonces: Vec<Result<Option<Nonce>, Error>> =
            found.split_off(asked.len()).into_iter().map(|found| found.map(nonce)).collect();
        let mut tags = Vec::new();
        if !nonces.is_empty() {
            let mut places = &places[..];
            let of_key = |(question, found): (&Question<'_>, &mut Result<Found, Error>)| {
                let (of_key, others) = places.split_at(question.tag_keys().count());
                places = others;
                let nonces: Result<_, Error> =
                    of_key.iter().map(|place| nonces[place - asked.len()].clone()).collect();
                nonces.unwrap_or_else(|error| {
                    *found = Err(error);
                    Vec::new()
                })
            };
            tags = asked.iter().zip(&mut found).map(of_key).collect();
        }
        Ok(Answers { found, left, tags, epochs: ReadEpochs { epochs, tags: places } })
    }

    /// To be noted before a read whose values may name tags of which an invalidation could not be carried out yet.
    #[inline]
    pub(super) fn note_tags(&self, asked: &[Question<'_>]) -> Option<NotedTags> {
        asked.iter().find_map(Question::tags_of_value)?;
        self.call.cache().pending.note_tags()
    }

    /// The entry at the call's own key, whatever its age, and how long it is there for yet, if its tags are as they were.
    pub(crate) async fn entry(
        &self,
        is_timed: bool,
        until: Instant,
    ) -> Result<Option<(Vec<u8>, Left)>, Error> {
        let (asked, how) =
            ([self.call.question()], if is_timed { Reading::Timed(1) } else { Reading::Plain });
        let noted = self.note_tags(&asked);
        let Answers { mut found, left, tags, .. } = self.ask(&asked, how, until).await?;
        let Some(Found::Bytes(bytes)) = found.pop().transpose()? else { return Ok(None) };
        let tags = asked[0].tags.zip(tags.first().map(|tags| &tags[..]));
        match self.slot(asked[0].key, &bytes) {
            Ok(KeyState::Value(value)) if is_current(value.tags, tags) && self.may_trust() => {}
            _ => return Ok(None),
        }
        let mut entry = [Ok(Some(EntryState::Hit(bytes.into())))];
        self.compare_named(&asked, &mut entry, noted, None, until).await?;
        let [entry] = entry;
        let Some(EntryState::Hit(hit)) = entry? else { return Ok(None) };
        Ok(Some((hit.bytes, left.first().copied().unwrap_or(Left::Never))))
    }

    /// Where this process keeps values of the function that are served without asking, if it does.
    pub(super) fn tier(&self) -> Option<&Tier> {
        let is_meant = self.keeps && matches!(self.call.policy.local, LocalCopies::Tracked(_));
        self.call.cache.tier.as_deref().filter(|_| is_meant)
    }

    pub(super) fn unknown(&self, error: &Error) -> EntryState {
        self.call.failed(error);
        self.call.was_unanswered();
        EntryState::Unknown(Some(error.clone()))
    }
}

/// The entry that would be served.
pub(super) fn served(lookup: &ReadState) -> Option<&[u8]> {
    lookup.as_ref().ok()?.as_ref()?.bytes()
}

/// Adds each of the keys to `keys` that is not among those added before; says where each is.
pub(super) fn distinct<'k>(of: impl Iterator<Item = &'k str>, keys: &mut Vec<&'k str>) -> Vec<usize> {
    let mut of = of.peekable();
    if of.peek().is_none() {
        // Most functions have no tags, and the seed of a map is not free.
        return Vec::new();
    }
    let mut known: HashMap<&str, usize, Seeded> = HashMap::default();
    of.map(|key| {
        *known.entry(key).or_insert_with(|| {
            keys.push(key);
            keys.len() - 1
        })
    })
    .collect()
}

/// A tag's nonce. What is none is replaced when somebody computes.
pub(super) fn nonce(found: Found) -> Option<Nonce> {
    match found {
        Found::Bytes(bytes) => Nonce::try_from(bytes).ok(),
        Found::Absent | Found::Foreign => None,
    }
}

/// Keys as the store takes them.
pub(super) fn texts(keys: &[KeyBuf]) -> impl Iterator<Item = &str> + Clone {
    keys.iter().map(|key| &**key)
}
