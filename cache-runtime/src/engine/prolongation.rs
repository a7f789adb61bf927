//! `sliding`: a hit prolongs its entry, by a request that nobody waits for.
//!
//! A hit reads the value and not its time, so it knows only what this process has done: which entries it has stored or prolonged a moment ago.
//! What is prolonged is named by its mark, so a lease, a tombstone or another value that has taken its place keeps its own time. Tags have to
//! live as long as their entries, so they come first.
//!
//! With `max_age` a second key, `<key>\x01age`, stands beside the entry from when it was stored: it holds the entry's mark, and expires when the value is too old. Who prolongs
//! reads it first. Where it is gone, or is another value's, nothing is prolonged, so a loss makes a value younger and never older.

mod recent;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use self::recent::RecentlyProlonged;
use crate::engine::core::Core;
use crate::engine::read::{Question, Reader, texts};
use crate::engine::{Background, Call, mark_of};
use crate::entry::header::{self, Meta};
use crate::error::Error;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Found, KeyWrite, Left, Reading, Several, Swap};
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

/// Where it stands how old the value at a key is.
fn age_key(key: &str) -> String {
    format!("{key}\u{1}age")
}

impl Reader<'_> {
    /// A sound entry is served, which has so much time left if that was asked for. All of it apart from the way of plain hits.
    #[inline(never)]
    pub(super) fn prolong_entry(&self, question: Question<'_>, bytes: &[u8], left: Option<Left>) {
        if let (Some(mark), Some(entry)) = (mark_of(bytes), header::checked(bytes)) {
            self.prolong(question, mark, &entry.meta, left, &|| self.is_none(&entry.payload));
        }
    }

    /// The same where its value is kept. `is_none` says whether that is the word that there is no value.
    pub(super) fn prolong(
        &self,
        question: Question<'_>,
        mark: CasToken,
        meta: &Meta,
        left: Option<Left>,
        is_none: &dyn Fn() -> bool,
    ) {
        let call = self.call;
        let Some(ttl) = call.policy.prolonged(meta, left) else { return };
        let interval = call.policy.prolonged_every(meta);
        let Prolongations { recent, under_way } = &*call.cache().prolongations;
        let recent = recent.get_or_init(RecentlyProlonged::default);
        if under_way.load(Ordering::Relaxed) >= AT_ONCE
            || !recent.is_due(&mark, call.cache().clock.coarse_millis(), interval)
        {
            return;
        }
        // Where a `None` is stored it ends by itself. One that is asked for all the time would else never be found out.
        if call.policy.negative_ttl.is_none() || !is_none() {
            call.prolong_by(question.key, mark, (ttl, meta.stale_window), question.tags);
        }
    }
}

impl Call {
    /// An entry was stored just now, so its next hits have nothing to prolong.
    pub(super) fn begins_to_slide(&self, key: &str, mark: Option<CasToken>) {
        if self.policy.sliding
            && let Some(mark) = mark
        {
            let cache = self.cache();
            let recent = cache.prolongations.recent.get_or_init(RecentlyProlonged::default);
            recent.is_due(&mark, cache.clock.coarse_millis(), Duration::ZERO);
            if let Some(age) = self.policy.max_age() {
                self.begins_to_age(key, mark, age);
            }
        }
    }

    /// Has the server say how old the value is. What fails costs a computation, when the value has had its TTL.
    fn begins_to_age(&self, key: &str, mark: CasToken, age: Duration) {
        let (cache, key) = (Arc::clone(self.cache.arc()), age_key(key));
        Background::start(async move {
            let set = KeyWrite { key: &key, value: Some(&mark), ttl: Some(age) };
            if let Err(error) = cache.store.set(&[set], after(cache.deadline)).await {
                log::debug!("cannot store how old a value is: {error}");
            }
        });
    }

    /// How much older the value with this mark may become; `None` if nobody knows, or it is too old.
    async fn time_to_age(
        &self,
        key: &str,
        mark: &CasToken,
        until: Instant,
    ) -> Result<Option<Duration>, Error> {
        let key = age_key(key);
        let Several { mut found, left, .. } =
            self.cache().store.read(&[&key], Reading::Timed(1), until).await?;
        let is_known = matches!(found.pop().transpose()?, Some(Found::Bytes(of)) if of == mark);
        Ok(match left.first() {
            Some(Left::Expires(left)) if is_known => Some(*left),
            _ => None,
        })
    }

    #[cold]
    fn prolong_by(
        &self,
        key: &str,
        mark: CasToken,
        (ttl, stale_window): (Duration, Duration),
        tags: Option<&Tags>,
    ) {
        let prolonging = Prolonging::begin(self.cache.arc(), mark);
        let (call, key) = (self.clone(), key.to_owned());
        let tags: Vec<_> = tags.map(|tags| tags.of_arguments().to_vec()).unwrap_or_default();
        Background::start(async move {
            let Prolonging { cache, mark } = &prolonging;
            let until = after(cache.deadline);
            let tags: Vec<&str> = texts(&tags).collect();
            let done = async {
                let mut ttl = ttl;
                if call.policy.max_age().is_some() {
                    let Some(left) = call.time_to_age(&key, mark, until).await? else { return Ok(false) };
                    ttl = ttl.min(left.saturating_add(stale_window));
                }
                if !tags.is_empty() {
                    let nonces = cache.store.tag(&tags, tags::ttl_of(&call.policy), until).await?;
                    nonces.into_iter().collect::<Result<Vec<_>, _>>()?;
                }
                let swap = Swap { key: &key, mark, value: mark, ttl: Some(ttl) };
                call.store().swap(&[swap], until).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
                Ok(true)
            };
            let done: Result<bool, Error> = done.await;
            match done {
                Ok(true) => call.function.counters.prolonged.count(),
                Ok(false) => {}
                Err(error) => {
                    log::debug!("cannot prolong an entry of `{}`: {error}", call.function.site.name);
                }
            }
        });
    }
}
