//! Whether entries are what their functions return now: the options of a cache, what was found, and how an entry is watched meanwhile.
//!
//! A difference alone proves nothing, for data changes and entries are replaced all the time. It counts only if the entry stood at its key
//! from before the first computation until after the last, with its tags as they were, and if what is computed differs both times and is
//! the same both times. Between the two is a [grace](VerifyOptions::grace), in which an invalidation that is on its way arrives. A mark is
//! never written twice, so what has the same mark before and after was there all the time.
//!
//! It only reads: nothing here changes an entry, takes a lease or joins a flight.

use std::collections::VecDeque;
use std::fmt;
use std::iter::once;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use xxhash_rust::xxh3::xxh3_64;

use super::read::{Reader, nonce, texts};
use crate::engine::{Call, mark_of};
use crate::entry::header;
use crate::key::KeyBuf;
use crate::policy::Lifetime;
use crate::policy::ttl::Ttl;
use crate::runtime::executor;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Found, Nonce, Reading, Several};
use crate::tags::are_current;
use crate::util::locks::lock;
use crate::util::random;

/// How many hits are verified at once. They run users' functions, and one that finds no room is not verified.
const RUNNING: u32 = 16;
/// How many differences may wait for the grace to pass, where every hit is verified.
const CONFIRMING: u32 = 1024;
/// How many samples are kept, the latest.
const SAMPLES: usize = 64;
/// What an invalidation is given to arrive, beside the deadline of the call that makes it.
const GRACE: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// Set while a function runs to be compared: what it calls is not verified in turn, or a recursive function would never end.
    static COMPARING: ();
}

/// What a cache's builder says of verification.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct VerifyOptions {
    pub(crate) grace: Option<Duration>,
    pub(crate) keeps_keys: bool,
    /// Whether every hit is verified, by the call itself.
    pub(crate) all: bool,
}

/// The verifications of a cache.
#[derive(Debug)]
pub(crate) struct Verifications {
    room: Arc<Semaphore>,
    /// For calls that have verified their own hits.
    confirming: Arc<Semaphore>,
    samples: Mutex<VecDeque<StaleSample>>,
}

impl Default for Verifications {
    fn default() -> Self {
        let room = |number| Arc::new(Semaphore::new(number as usize));
        Self { room: room(RUNNING), confirming: room(CONFIRMING), samples: Mutex::default() }
    }
}

impl Verifications {
    pub(crate) fn samples(&self) -> Vec<StaleSample> {
        lock(&self.samples).iter().cloned().collect()
    }

    /// Waits until none is under way. None begins meanwhile.
    pub(crate) async fn finish(&self) {
        drop(self.room.acquire_many(RUNNING).await);
        drop(self.confirming.acquire_many(CONFIRMING).await);
    }

    fn keep(&self, sample: StaleSample) {
        let mut samples = lock(&self.samples);
        if samples.len() == SAMPLES {
            // What is meant so makes room first.
            let accepted = samples.iter().position(|sample| sample.staleness == Staleness::Accepted);
            samples.remove(accepted.unwrap_or(0));
        }
        samples.push_back(sample);
    }
}

/// What an entry that was not what its function returned says of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Staleness {
    /// The program invalidates this function's entries, and has not invalidated this one: an invalidation is missing where the data changed.
    MissingInvalidation,
    /// The function's entries are only known to expire, and this one had time left: the data has changed within the TTL.
    WithinTtl,
    /// The same, and the function says with `invalidated = false` that it is meant so.
    Accepted,
}

/// An entry that was served and was not what its function returned. It does not contain the value.
///
/// [`Cache::stale_samples`](crate::Cache::stale_samples) returns them; the example is there. Its `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleSample {
    /// The function, with its module.
    pub function: String,
    /// What follows from it.
    pub staleness: Staleness,
    /// The age of the entry when it was compared first. `None` if it never expires: then nobody knows.
    pub age: Option<Duration>,
    /// XXH3-64 of the key, the cache's prefix included: tells keys apart without naming them.
    pub key_hash: u64,
    /// The key, if [`CacheBuilder::verify_keys`](crate::CacheBuilder::verify_keys) asks for it.
    pub key: Option<String>,
}

impl fmt::Display for StaleSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, staleness, age, key_hash, key } = self;
        write!(f, "`{function}` ")?;
        match key {
            Some(key) => write!(f, "at `{key}`")?,
            None => write!(f, "at the key with hash {key_hash:016x}")?,
        }
        if let Some(age) = age {
            write!(f, ", stored {age:.1?} before")?;
        }
        f.write_str(match staleness {
            Staleness::MissingInvalidation => ": the data has changed, and the entry was not invalidated",
            Staleness::WithinTtl => ": the data has changed within the TTL",
            Staleness::Accepted => ": the data has changed within the TTL, which the function accepts",
        })
    }
}

/// What a verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    Equal,
    /// An entry of this age was not what the function returned.
    Different(Option<Duration>),
    /// The entry was replaced or invalidated meanwhile, the function failed, or what it returns differs from call to call.
    Unjudged,
}

/// By what it is known that an entry still stands.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    mark: CasToken,
    tags: Vec<KeyBuf>,
    /// Of the tags.
    nonces: Vec<Nonce>,
    pub(crate) age: Option<Duration>,
}

impl Reader<'_> {
    /// The entry at the call's key as its primary has it. `None` if there is none that is fresh, or one that this process has still to
    /// invalidate. One round trip, and two if the value names tags.
    pub(crate) async fn witnessed(&self) -> Option<(Vec<u8>, Witness)> {
        let call = self.call;
        if call.is_pending(call.question()) {
            return None;
        }
        let (bytes, left) = self.entry(true, call.until()).await.ok()??;
        let entry = header::checked(&bytes)?;
        let lifetime = Lifetime::of(&entry.meta);
        if lifetime.is_stale(left) {
            return None;
        }
        let mut tags = Vec::new();
        if let Some(of_call) = &call.tags {
            tags.extend_from_slice(of_call.of_arguments());
            if of_call.are_of_value() {
                tags.extend(self.named(&bytes, tags.len())?);
            }
        }
        let witness =
            Witness { mark: mark_of(&bytes)?, tags, nonces: entry.tags.to_vec(), age: lifetime.age(left) };
        Some((bytes, witness))
    }
}

impl Call {
    /// Whether this hit is to be verified, with the room for it.
    pub(crate) fn room_to_verify(&self, share: f64) -> Option<OwnedSemaphorePermit> {
        if self.cache().verify.all || !is_drawn(share) {
            return None;
        }
        self.verification_room()
    }

    /// The room to verify something that was drawn, if there is any left.
    pub(crate) fn verification_room(&self) -> Option<OwnedSemaphorePermit> {
        if is_comparing() {
            return None;
        }
        Arc::clone(&self.cache().verifications.room).try_acquire_owned().ok()
    }

    /// Whether every hit is verified, and so this one.
    #[cfg(feature = "testing")]
    pub(crate) fn is_verified(&self) -> bool {
        self.cache().verify.all && !is_comparing()
    }

    /// Whether the entry still stands, and nothing is about to remove it as far as this process knows. One round trip.
    pub(crate) async fn still_has(&self, witness: &Witness) -> bool {
        let pending = &self.cache().pending;
        let noted = pending.takeovers.note();
        let is_pending = || self.is_pending(self.question()) || pending.contains_any_tag(&witness.tags);
        let keys: Vec<&str> = once(&*self.key).chain(texts(&witness.tags)).collect();
        let read = self.store().read(&keys, Reading::Plain, self.until()).await;
        let Ok(Several { found, .. }) = read else { return false };
        let mut found = found.into_iter();
        let is_same =
            matches!(found.next(), Some(Ok(Found::Bytes(bytes))) if mark_of(&bytes) == Some(witness.mark));
        let now: Result<Vec<Option<Nonce>>, _> = found.map(|found| found.map(nonce)).collect();
        is_same
            && now.is_ok_and(|now| are_current(&witness.nonces, &now))
            && pending.takeovers.is_still(noted)
            && !is_pending()
    }

    /// Lets an invalidation arrive that is on its way. Says whether the entry still stands then.
    pub(crate) async fn outlasts_grace(&self, witness: &Witness) -> bool {
        let cache = self.cache();
        let grace = cache.verify.grace.unwrap_or_else(|| cache.deadline.saturating_add(GRACE));
        executor::sleep(grace).await.is_ok() && self.still_has(witness).await
    }

    /// Counts what a verification came to, and keeps and logs what is wrong.
    pub(crate) fn verified(&self, verdict: Judgement) {
        let counters = &self.function.counters;
        let age = match verdict {
            Judgement::Equal => return counters.verified_equal.count(),
            Judgement::Unjudged => return counters.verified_unjudged.count(),
            Judgement::Different(age) => age,
        };
        let staleness = self.staleness();
        match staleness {
            Staleness::MissingInvalidation => counters.verified_wrong.count(),
            Staleness::WithinTtl | Staleness::Accepted => counters.verified_changed.count(),
        }
        let key = self.cache().verify.keeps_keys.then(|| self.key.to_string());
        let function = format!("{}::{}", self.function.site.module, self.function.site.name);
        let sample = StaleSample { function, staleness, age, key_hash: xxh3_64(self.key.as_bytes()), key };
        if staleness == Staleness::MissingInvalidation
            && !self.function.was_wrong.swap(true, Ordering::Relaxed)
        {
            log::warn!("{sample}; further ones of this function are counted and not logged");
        }
        self.cache().verifications.keep(sample);
    }

    /// What a difference means: what the function says of it, and else what is known of how its entries are invalidated.
    fn staleness(&self) -> Staleness {
        let has_own_tags = self.tags.as_ref().is_some_and(|tags| {
            let shared = self.cache().shared_tags.as_ref().map_or(0, |shared| shared.keys().len());
            tags.are_of_value() || tags.keys().len() > shared
        });
        let site = self.function.site;
        match site.invalidated {
            Some(true) => Staleness::MissingInvalidation,
            Some(false) => Staleness::Accepted,
            None if has_own_tags
                || self.policy.ttl == Ttl::Never
                || self.cache().functions.was_invalidated(site) =>
            {
                Staleness::MissingInvalidation
            }
            None => Staleness::WithinTtl,
        }
    }
}

/// Whether a hit is one of this share. Not a number is no share.
pub(crate) fn is_drawn(share: f64) -> bool {
    share > 0.0 && (share >= 1.0 || random::unit() < share)
}

/// Counts a difference if the entry outlasts the grace, which is waited for in the background.
#[cfg(feature = "testing")]
pub(crate) fn confirm_later(call: Call, witness: Witness) {
    let room = Arc::clone(&call.cache().verifications.confirming).try_acquire_owned();
    let (Ok(room), Ok(home)) = (room, executor::home()) else { return call.verified(Judgement::Unjudged) };
    home.spawn(async move {
        let outlasts = call.outlasts_grace(&witness).await;
        call.verified(if outlasts { Judgement::Different(witness.age) } else { Judgement::Unjudged });
        drop(room);
    });
}

/// Whether the current task runs a function only to compare what it returns.
fn is_comparing() -> bool {
    COMPARING.try_with(|()| ()).is_ok()
}

/// Runs a function to compare what it returns.
pub(crate) async fn comparing<F: Future>(compute: F) -> F::Output {
    COMPARING.scope((), compute).await
}

/// The same for blocking code.
pub(crate) fn sync_comparing<R>(compute: impl FnOnce() -> R) -> R {
    COMPARING.sync_scope((), compute)
}
