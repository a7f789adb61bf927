//! `sliding`: a hit prolongs its entry, by a request that nobody waits for.
//!
//! A hit reads the value and not its time, so it knows only what this process has done: which entries it has stored or prolonged a moment ago.
//! What is prolonged is named by its mark, so a lease, a tombstone or another value that has taken its place keeps its own time. Tags have to
//! live as long as their entries, so they come first.

mod recent;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use self::recent::RecentlyProlonged;
use crate::engine::core::Core;
use crate::engine::read::{Question, Reader, texts};
use crate::engine::{Background, Call};
use crate::entry::header::Meta;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Left, Swap};
use crate::tags::{self, Tags};
use crate::util::clock::after;

/// How many entries of a cache are prolonged at once. Another one is, by a later hit.
const AT_ONCE: usize = 1024;

/// The entries that were prolonged lately, and how many are just now.
#[derive(Debug, Default)]
pub(crate) struct Prolongations {
    /// Made for the first function with `sliding`.
    recent: OnceLock<RecentlyProlonged>,
    under_way: AtomicUsize,
}

/// Held while an entry is prolonged.
struct Prolonging {
    cache: Arc<Core>,
    mark: CasToken,
}

impl Prolonging {
    fn begin(cache: &Arc<Core>, mark: CasToken) -> Self {
        cache.prolongations.under_way.fetch_add(1, Ordering::Relaxed);
        Self { cache: Arc::clone(cache), mark }
    }
}

impl Drop for Prolonging {
    fn drop(&mut self) {
        self.cache.prolongations.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Core {
    fn lately_prolonged(&self) -> &RecentlyProlonged {
        self.prolongations.recent.get_or_init(RecentlyProlonged::default)
    }
}

impl Reader<'_> {
    /// An entry is served, which has so much time left if that was asked for. `is_none` says whether it holds the word that there is no value.
    #[inline]
    pub(super) fn prolong(
        &self,
        question: Question<'_>,
        mark: CasToken,
        meta: &Meta,
        left: Option<Left>,
        is_none: impl FnOnce() -> bool,
    ) {
        if self.call.policy.sliding {
            self.prolong_in_time(question, mark, meta, left, is_none);
        }
    }

    #[inline(never)]
    fn prolong_in_time(
        &self,
        question: Question<'_>,
        mark: CasToken,
        meta: &Meta,
        left: Option<Left>,
        is_none: impl FnOnce() -> bool,
    ) {
        let call = self.call;
        let Some(ttl) = call.policy.prolonged(meta, left) else { return };
        let interval = call.policy.prolonged_every(meta);
        let cache = call.cache.arc();
        if cache.prolongations.under_way.load(Ordering::Relaxed) >= AT_ONCE
            || !cache.lately_prolonged().is_due(&mark, cache.age(), interval)
        {
            return;
        }
        // Where a `None` is stored it ends by itself. One that is asked for all the time would else never be found out.
        if call.policy.negative_ttl.is_none() || !is_none() {
            call.prolong_by(question.key, mark, ttl, question.tags);
        }
    }
}

impl Call {
    /// An entry was stored just now, so its next hits have nothing to prolong.
    pub(super) fn begins_to_slide(&self, mark: Option<CasToken>) {
        if self.policy.sliding
            && let Some(mark) = mark
        {
            let cache = self.cache();
            cache.lately_prolonged().is_due(&mark, cache.age(), Duration::ZERO);
        }
    }

    #[cold]
    fn prolong_by(&self, key: &str, mark: CasToken, ttl: Duration, tags: Option<&Tags>) {
        let prolonging = Prolonging::begin(self.cache.arc(), mark);
        let (call, key) = (self.clone(), key.to_owned());
        let tags: Vec<_> = tags.map(|tags| tags.of_arguments().to_vec()).unwrap_or_default();
        Background::start(async move {
            let Prolonging { cache, mark } = &prolonging;
            let until = after(cache.deadline);
            let tags: Vec<&str> = texts(&tags).collect();
            let swap = Swap { key: &key, mark, value: mark, ttl: Some(ttl) };
            let done = async {
                if !tags.is_empty() {
                    let nonces = cache.store.tag(&tags, tags::ttl_of(&call.policy), until).await?;
                    nonces.into_iter().collect::<Result<Vec<_>, _>>()?;
                }
                cache.store.swap(&[swap], until).await?.into_iter().collect::<Result<Vec<_>, _>>()
            };
            match done.await {
                Ok(_) => call.function.counters.prolonged.count(),
                Err(error) => {
                    log::debug!("cannot prolong an entry of `{}`: {error}", call.function.site.name);
                }
            }
        });
    }
}
