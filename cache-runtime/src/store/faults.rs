//! Faults of a store in this process, which a test switches on and off: the feature `testing`.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::store::memory::MemoryStore;
use crate::util::clock::after;
use crate::util::locks::lock;

/// After so many timeouts in a row nobody asks any more, as with a server; see `TIMEOUTS_IN_A_ROW` of the Redis store.
const TIMEOUTS_IN_A_ROW: u32 = 3;
/// How long nobody asks a store that is only slow: about what it takes to connect again.
const AWAY: Duration = Duration::from_millis(100);

/// What goes wrong between a cache in this process and its store, as a test wants it.
///
/// One fault at a time: each method replaces the fault before, and [`heal`](Self::heal) ends it. Clones are the same faults.
/// [`CacheBuilder::faults`](crate::CacheBuilder::faults) gives them to a cache, and [`testing::cache`](crate::testing::cache) makes both.
///
/// ```
/// # use redis_cached::{redis_cached, testing};
/// # use std::time::Duration;
/// #[redis_cached(ttl = "1h", key = "square:<n>")]
/// async fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
/// let cache = testing::cache();
/// let test = async {
///     cache.faults().refusing();
///     assert_eq!(square(12).await, 144); // computed
///     assert!(square_entry(12).get().await.is_err()); // an operation on an entry says so
///     cache.faults().heal();
///     assert_eq!(square_entry(12).get().await?, None);
///     Ok(())
/// };
/// cache.scope(test).await
/// # }
/// ```
///
/// Deadlines and pauses take real time, also with a [`Clock`](crate::testing::Clock): a small
/// [`deadline`](crate::CacheBuilder::deadline) keeps such tests short. `docs/testing.md` says how far this is what a server would do.
#[derive(Clone, Default)]
pub struct Faults(Arc<FaultState>);

#[derive(Default)]
struct FaultState {
    /// Whether there is anything to look at, which without a fault there is not.
    is_faulty: AtomicBool,
    now: Mutex<Present>,
    /// Told of each change.
    changed: Notify,
    stores: Mutex<Vec<Weak<MemoryStore>>>,
}

#[derive(Default)]
struct Present {
    fault: Fault,
    random: u64,
    timeouts: u32,
    away_until: Option<Instant>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Fault {
    #[default]
    None,
    Silent,
    Refusing,
    Slow(Duration),
    LosingAnswers(f64),
    Full,
}

/// What becomes of an operation.
#[derive(Debug, PartialEq)]
pub(super) enum Fate {
    /// It is carried out and answered, after this time.
    Answered(Duration),
    /// It is carried out, and its caller hears nothing.
    Unheard,
    /// It is not carried out, and its caller hears nothing, unless that changes in time.
    Swallowed,
    /// Nobody takes it.
    Refused,
    /// The server does not carry it out, for want of memory.
    OutOfMemory,
}

impl Faults {
    /// No faults yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No faults yet, and other choices for [`lose_answers`](Self::lose_answers). With the same seed, and calls in the same order, the same
    /// answers are lost.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        let faults = Self::default();
        lock(&faults.0.now).random = seed;
        faults
    }

    /// The store takes requests and says nothing: a frozen server, or a network that swallows packets. Each operation waits for the
    /// deadline and fails with [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). After three in a row calls wait no more, and compute, until [`heal`](Self::heal).
    /// Nothing is carried out, unless it is healed while its caller still waits.
    pub fn silent(&self) {
        self.set(Fault::Silent);
    }

    /// Nobody listens: a server that is down. Each operation fails at once, with [`ErrorKind::Connection`](crate::ErrorKind::Connection).
    pub fn refusing(&self) {
        self.set(Fault::Refusing);
    }

    /// Each operation is answered after `delay`, or fails at the deadline if that is sooner; it is not carried out then. After three such failures in a
    /// row calls wait no more for a tenth of a second.
    pub fn slow(&self, delay: Duration) {
        self.set(Fault::Slow(delay));
    }

    /// A share of the operations, from 0 to 1, is carried out, and the caller waits for the answer in vain: a connection that breaks in the wrong
    /// moment. Which ones is decided by the [seed](Self::with_seed).
    pub fn lose_answers(&self, share: f64) {
        self.set(Fault::LosingAnswers(share));
    }

    /// The server is out of memory and may not evict (`noeviction`): what would write fails with [`ErrorKind::Server`](crate::ErrorKind::Server); reads and
    /// removals go on.
    pub fn full(&self) {
        self.set(Fault::Full);
    }

    /// Removes the entries whose keys match, as a server does that is short of memory; says how many there were. `*` stands for any
    /// characters. The cache's prefix is a part of the key, and tags have keys too: `"*"` evicts everything. It happens once, whatever
    /// the fault.
    ///
    /// ```
    /// # use redis_cached::{redis_cached, testing};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// let cache = testing::cache();
    /// cache.sync_scope(|| (square(12), square(13)));
    /// assert_eq!(cache.faults().evict("square:*2"), 1);
    /// ```
    pub fn evict(&self, pattern: &str) -> u64 {
        let stores = lock(&self.0.stores);
        stores.iter().filter_map(Weak::upgrade).map(|store| store.evict(|key| matches(pattern, key))).sum()
    }

    /// Ends the fault. Whoever waits for a silent store is answered.
    pub fn heal(&self) {
        self.set(Fault::None);
    }

    fn set(&self, fault: Fault) {
        let mut now = lock(&self.0.now);
        *now = Present { fault, random: now.random, ..Present::default() };
        self.0.is_faulty.store(fault != Fault::None, Ordering::Release);
        drop(now);
        self.0.changed.notify_waiters();
    }

    pub(super) fn watch(&self, store: &Arc<MemoryStore>) {
        lock(&self.0.stores).push(Arc::downgrade(store));
    }

    /// What becomes of an operation that begins now; `None`: nothing is wrong.
    pub(super) fn fate(&self, writes: bool) -> Option<Fate> {
        if !self.0.is_faulty.load(Ordering::Acquire) {
            return None;
        }
        let mut now = lock(&self.0.now);
        if now.is_away() {
            return Some(Fate::Refused);
        }
        let fault = now.fault;
        match fault {
            Fault::None => None,
            Fault::Silent => Some(Fate::Swallowed),
            Fault::Refusing => Some(Fate::Refused),
            Fault::Slow(delay) => Some(Fate::Answered(delay)),
            Fault::LosingAnswers(share) if now.unit() < share => Some(Fate::Unheard),
            Fault::Full if writes => Some(Fate::OutOfMemory),
            Fault::LosingAnswers(_) | Fault::Full => None,
        }
    }

    /// Whether it is known at once that there is nobody to ask.
    pub(super) fn is_away(&self) -> bool {
        self.0.is_faulty.load(Ordering::Acquire) && lock(&self.0.now).is_away()
    }

    pub(super) fn is_silent(&self) -> bool {
        lock(&self.0.now).fault == Fault::Silent
    }

    /// Ends when something else is wrong, or nothing, after this.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.0.changed.notified()
    }

    pub(super) fn answered(&self) {
        if self.0.is_faulty.load(Ordering::Acquire) {
            lock(&self.0.now).timeouts = 0;
        }
    }

    pub(super) fn timed_out(&self) {
        let mut now = lock(&self.0.now);
        now.timeouts += 1;
        if now.timeouts >= TIMEOUTS_IN_A_ROW && now.fault != Fault::Silent {
            now.away_until = Some(after(AWAY));
            now.timeouts = 0;
        }
    }
}

impl Present {
    fn is_away(&self) -> bool {
        match self.fault {
            Fault::None => false,
            Fault::Refusing => true,
            // Until it has answered.
            Fault::Silent => self.timeouts >= TIMEOUTS_IN_A_ROW,
            _ => self.away_until.is_some_and(|until| Instant::now() < until),
        }
    }

    /// From 0 to 1, by SplitMix64 (Steele, Lea and Flood, 2014): a test's choices are to be the same each time.
    fn unit(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[allow(clippy::cast_precision_loss, reason = "53 bits are what an f64 has")]
        let unit = ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faults").field(&lock(&self.0.now).fault).finish()
    }
}

/// Whether the key is the pattern's pieces in their order, with anything where a `*` is.
fn matches(pattern: &str, key: &str) -> bool {
    let Some((beginning, rest)) = pattern.split_once('*') else { return pattern == key };
    let Some(mut key) = key.strip_prefix(beginning) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        let Some(at) = key.find(piece) else { return false };
        key = &key[at + piece.len()..];
    }
    key.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything() {
        for (pattern, yes, no) in [
            ("user:7", &["user:7"][..], &["user:71", "user:", ""][..]),
            ("user:*", &["user:", "user:7"], &["use", "users"]),
            ("*:7", &["a:7", ":7"], &["a:70"]),
            ("a*b*c", &["abc", "axxbyyc"], &["acb", "ab", "abcd"]),
            ("ab*ba", &["abba", "abxba"], &["aba"]),
            ("*", &["", "x"], &[]),
        ] {
            assert!(yes.iter().all(|key| matches(pattern, key)), "{pattern}");
            assert!(!no.iter().any(|key| matches(pattern, key)), "{pattern}");
        }
    }

    #[test]
    fn the_same_seed_loses_the_same_answers() {
        let lost = |seed| {
            let faults = Faults::with_seed(seed);
            faults.lose_answers(0.3);
            (0..1000).map(|_| faults.fate(false).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(lost(7), lost(7));
        assert_ne!(lost(7), lost(8));
        let share = lost(7).into_iter().filter(|lost| *lost).count();
        assert!((250..350).contains(&share), "{share}");
    }

    #[test]
    fn a_full_store_still_reads() {
        let faults = Faults::new();
        faults.full();
        assert_eq!((faults.fate(true), faults.fate(false)), (Some(Fate::OutOfMemory), None));
    }

    #[test]
    fn nobody_asks_who_was_silent_three_times_until_it_is_healed() {
        let faults = Faults::new();
        faults.silent();
        for _ in 0..3 {
            assert!(!faults.is_away());
            faults.timed_out();
        }
        assert!(faults.is_away());
        faults.heal();
        assert!(!faults.is_away());
        assert_eq!(faults.fate(true), None);
    }
}
