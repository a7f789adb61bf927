//! `sliding`: a hit prolongs its entry, by a request that nobody waits for.
//!
//! What is prolonged is named by its mark, so a lease, a tombstone or another value that has taken its place keeps its own time. Tags have to
//! live as long as their entries, so they come first.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::engine::core::Core;
use crate::engine::read::texts;
use crate::engine::{Background, Call};
use crate::entry::header::Meta;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Left, Swap};
use crate::tags::{self, Tags};
use crate::util::clock::after;
use crate::util::hashing::Seeded;
use crate::util::locks::lock;

/// How many entries of a cache are prolonged at once. Another one is, by a later hit.
const AT_ONCE: usize = 1024;

/// The entries that are being prolonged.
#[derive(Debug, Default)]
pub(crate) struct Prolongations(Mutex<HashSet<CasToken, Seeded>>);

/// Held while an entry is prolonged, so that a burst of hits makes one request.
struct Prolonging {
    cache: Arc<Core>,
    mark: CasToken,
}

impl Prolonging {
    fn begin(cache: &Arc<Core>, mark: CasToken) -> Option<Self> {
        let mut marks = lock(&cache.prolongations.0);
        (marks.len() < AT_ONCE && marks.insert(mark)).then(|| Self { cache: Arc::clone(cache), mark })
    }
}

impl Drop for Prolonging {
    fn drop(&mut self) {
        lock(&self.cache.prolongations.0).remove(&self.mark);
    }
}

impl Call {
    /// An entry is served that has so much time left.
    #[inline]
    pub(super) fn prolong(&self, key: &str, mark: CasToken, meta: &Meta, left: Left, tags: Option<&Tags>) {
        if self.policy.sliding
            && let Some(ttl) = self.policy.prolonged(meta, left)
        {
            self.prolong_by(key, mark, ttl, tags);
        }
    }

    #[cold]
    fn prolong_by(&self, key: &str, mark: CasToken, ttl: Duration, tags: Option<&Tags>) {
        let Some(prolonging) = Prolonging::begin(self.cache.arc(), mark) else { return };
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
