//! Values that this process keeps, and of which Redis is asked at each call whether they are still the entry: `local = revalidate`.
//!
//! The answer is the mark of what is there, 17 bytes, and nothing where nothing is there. A mark is never written twice, so a copy with the
//! same one is what a look-up would read at that moment. That a key has no entry, or a lease or a tombstone, is all in the answer, so a miss takes no more
//! round trips than without a copy. Only where another value has taken the entry's place, or a window has begun in which the entry's bytes are
//! needed, a second round trip reads all of it.

use std::sync::Arc;

use super::read::{Question, Reader, distinct, nonce, texts};
use crate::engine::TimeBudget;
use crate::engine::entry_state::{Due, EntryState, Hit, Locally};
use crate::engine::flight::Sight;
use crate::engine::retry_queue::NotedTags;
use crate::entry::header;
use crate::error::{Error, ErrorKind};
use crate::local::{KeptCopy, LocalValue, Tier};
use crate::policy::{Decision, LocalCopies, decide};
use crate::report::miss_reason::MissReason;
use crate::store::Store;
use crate::store::vocabulary::{About, Beginning, Found, KeyAnswer, KeyQuestion, Left, Nonce};
use crate::tags;
use crate::tags::are_current;
use crate::util::random;

/// What the store has answered to what it was asked about keys and copies.
struct MarkAnswers {
    /// One for each key.
    found: Vec<KeyAnswer>,
    /// The nonces of each key's tags: of its arguments, and those that its copy names.
    tags: Vec<Result<Vec<Option<Nonce>>, Error>>,
}

/// What is said of a copy.
enum CopyState {
    State(EntryState),
    /// The entry is another one, or it is not known which.
    Changed,
    /// It is the entry, which is to be computed anew before it ends.
    DueEarly(Sight),
    /// It is the entry, and its bytes are needed.
    Needed,
}

impl CopyState {
    /// Whether the copy will never be the entry again.
    fn is_final(&self) -> bool {
        match self {
            Self::State(EntryState::Hit(_) | EntryState::Stale(..)) | Self::DueEarly(_) | Self::Needed => {
                false
            }
            Self::State(_) | Self::Changed => true,
        }
    }
}

impl Reader<'_> {
    /// Where this process keeps copies that Redis is asked about, if it does so for the function.
    pub(crate) fn copies(&self) -> Option<&Tier> {
        let is_meant = self.keeps && matches!(self.call.policy.local, LocalCopies::Revalidated);
        self.call.cache.copies.as_deref().filter(|_| is_meant)
    }

    /// Whether this process may keep the value of what was read.
    pub(crate) fn may_keep(&self, hit: &Hit) -> bool {
        matches!(hit.locally.as_deref(), Some(Locally::Arriving(..))) || self.copies().is_some()
    }

    /// Keeps a value that was decoded, and that names these tags.
    pub(crate) fn keep(&self, key: &str, hit: &Hit, names: Option<Vec<String>>, value: LocalValue) {
        if let (Some(Locally::Arriving(guard, arrival)), Some(tier)) =
            (hit.locally.as_deref(), &self.call.cache.tier)
        {
            return tier.admit_kept(*guard, key, *arrival, value);
        }
        let (Some(tier), Some(mark), Some(entry)) = (self.copies(), hit.mark(), header::checked(&hit.bytes))
        else {
            return;
        };
        let names = names.unwrap_or_default();
        let Some(named) = tags::of_value(&self.call.cache.prefix, &names, 0) else { return };
        let type_name = self.values.type_name();
        // A slow answer, and only hits that prolong want it.
        let is_none = self.call.policy.sliding && self.is_none(&entry.payload);
        let copy =
            KeptCopy { mark, meta: entry.meta, tags: entry.tags.into(), named, type_name, is_none, value };
        tier.keep_copy(key, self.call.function.fingerprint, header::decoded_len(&hit.bytes), copy);
    }

    /// What stands at each key, for a call that begins. Where there are copies, one round trip for all of which they are still the entry.
    pub(super) async fn look_up_by_copies(
        &self,
        tier: &Tier,
        asked: &[Question<'_>],
        is_timed: bool,
        budget: &TimeBudget,
    ) -> Vec<EntryState> {
        let (fingerprint, type_name) = (self.call.function.fingerprint, self.values.type_name());
        let copy = |question: &Question<'_>| tier.copy(question.key, fingerprint, type_name);
        let copies: Vec<Option<Arc<KeptCopy>>> = asked.iter().map(copy).collect();
        if copies.iter().all(Option::is_none) {
            return self.look_up_untracked(asked, is_timed, budget).await;
        }
        let noted = self.note_tags(asked);
        let MarkAnswers { found, tags } = match self.ask_about(asked, &copies, is_timed, budget).await {
            Ok(answers) => answers,
            Err(error) => return self.all_unknown(asked.len(), &error),
        };
        let (mut due, mut all) = (Vec::new(), Vec::with_capacity(asked.len()));
        for (at, (answer, tags)) in found.into_iter().zip(tags).enumerate() {
            let (question, copy) = (asked[at], copies[at].as_deref());
            let read = answer.and_then(|answer| Ok((answer, tags?)));
            let Some(copy) = copy else {
                all.push(read.map(|((found, left), tags)| {
                    self.interpret(question.key, found, left, question.tags.zip(Some(&tags[..])))
                }));
                continue;
            };
            let state = match read {
                Ok(((found, left), tags)) => self.judge(question, copy, found, left, &tags, noted),
                // Perhaps of a user who may read values and no parts of them.
                Err(error) if matches!(error.kind(), ErrorKind::Permission | ErrorKind::Server) => {
                    CopyState::Changed
                }
                Err(error) => {
                    all.push(Err(error));
                    continue;
                }
            };
            if let CopyState::State(EntryState::Hit(_) | EntryState::Stale(..)) = state {
                self.call.function.counters.revalidated_hits.count();
            }
            if state.is_final() {
                tier.drop_copy(question.key, &copy.mark);
            }
            if let CopyState::DueEarly(sight) = state {
                due.push((at, sight));
            }
            all.push(Ok(match state {
                CopyState::State(state) => Some(state),
                CopyState::DueEarly(_) | CopyState::Changed | CopyState::Needed => None,
            }));
        }
        if let Err(error) = self.compare_named(asked, &mut all, noted, None, budget.0).await {
            return self.all_unknown(asked.len(), &error);
        }
        let mut states = self.settled(asked, all, budget).await;
        due.into_iter().for_each(|(at, sight)| compute_early(&mut states[at], sight));
        states
    }

    /// The question itself: the marks of the entries of which there are copies, the others' bytes, and the nonces of all tags.
    async fn ask_about(
        &self,
        asked: &[Question<'_>],
        copies: &[Option<Arc<KeptCopy>>],
        is_timed: bool,
        budget: &TimeBudget,
    ) -> Result<MarkAnswers, Error> {
        let tag_keys = |at: usize| {
            let named = copies[at].iter().flat_map(|copy| texts(&copy.named));
            asked[at].tag_keys().chain(named)
        };
        let mut keys: Vec<&str> = asked.iter().map(|question| question.key).collect();
        let places = distinct((0..asked.len()).flat_map(tag_keys), &mut keys);
        let about = |at: usize| match copies.get(at) {
            Some(Some(copy)) => About::mark(is_timed || !copy.meta.stale_window.is_zero()),
            Some(None) => About::value(is_timed),
            None => About::Value,
        };
        let questions: Vec<KeyQuestion<'_>> =
            keys.iter().enumerate().map(|(at, key)| KeyQuestion { key, about: about(at) }).collect();
        let mut found = self.call.cache().store.ask(&questions, budget.0).await?;
        let nonces: Vec<Result<Option<Nonce>, Error>> = found
            .split_off(asked.len())
            .into_iter()
            .map(|answer| answer.map(|(found, _)| nonce(found)))
            .collect();
        let mut places = &places[..];
        let tags = (0..asked.len()).map(|at| {
            let (of_key, others) = places.split_at(tag_keys(at).count());
            places = others;
            of_key.iter().map(|place| nonces[place - asked.len()].clone()).collect()
        });
        Ok(MarkAnswers { tags: tags.collect(), found })
    }

    /// What becomes of a copy: pure, but for the chance of an early refresh.
    fn judge(
        &self,
        question: Question<'_>,
        copy: &KeptCopy,
        found: Found,
        left: Option<Left>,
        tags: &[Option<Nonce>],
        noted: Option<NotedTags>,
    ) -> CopyState {
        let (read, named) = tags.split_at(question.tag_keys().count());
        let mark = match Beginning::of(found) {
            Beginning::All(found) => {
                let state = self.interpret(question.key, found, left, question.tags.zip(Some(read)));
                return state.map_or(CopyState::Changed, CopyState::State);
            }
            Beginning::Mark(_) if !self.may_trust() => return CopyState::State(EntryState::Unknown(None)),
            Beginning::Mark(mark) if mark == copy.mark => mark,
            Beginning::Mark(_) | Beginning::Short => return CopyState::Changed,
        };
        let known = question.tags.map_or(0, |tags| tags.of_arguments().len());
        let now = [&read[..known], named].concat();
        if !are_current(&copy.tags, &now) || !self.call.cache().pending.allows(noted, &copy.named) {
            // Invalidated, as in `interpret`.
            return CopyState::State(EntryState::Unusable(Some(mark), MissReason::Invalidated));
        }
        let policy = &self.call.policy;
        self.prolong(question, mark, &copy.meta, left, &|| copy.is_none);
        let random = if policy.early_refresh > 0.0 { random::unit() } else { 0.0 };
        let sight = match question.tags {
            None => mark.into(),
            Some(_) => Sight { mark, tags: tags::digest(read) },
        };
        let hit = || Hit::kept(mark, Arc::clone(&copy.value));
        match decide(policy, &copy.meta, left.unwrap_or(Left::Never), random) {
            Decision::Serve => CopyState::State(EntryState::Hit(hit())),
            Decision::ServeAndRefresh => CopyState::State(EntryState::Stale(hit(), sight)),
            Decision::ComputeEarly => CopyState::DueEarly(sight),
            Decision::ComputeOrServe => CopyState::Needed,
            Decision::Compute => CopyState::State(EntryState::Unusable(Some(mark), MissReason::Expired)),
        }
    }
}

/// Has an entry computed anew of which that was said when its mark was read. Chance is not asked twice.
fn compute_early(state: &mut EntryState, sight: Sight) {
    if let EntryState::Hit(hit) = state
        && hit.mark() == Some(sight.mark)
    {
        let bytes = std::mem::take(&mut hit.bytes);
        *state = EntryState::Due(Due { bytes, sight, is_fresh: true });
    }
}
