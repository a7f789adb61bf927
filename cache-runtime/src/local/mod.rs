//! The local tier: decoded values in this process, coherent through Redis.
//!
//! A hit is a look-up and a clone. What makes it worth having is that it is never older than it says:
//!
//! - **Watched reads.** A value gets in only by a read on a connection with `CLIENT TRACKING`, so that Redis tells when the key
//!   changes ([`InvalidationListener`]). What this process computed or wrote itself does not get in by that way.
//! - **A generation guard.** Between a read's answer and its place in the map the word of a change may come. So a reader
//!   notes the generation of its key's stripe *before* it asks, each change raises it, and the value is let in only if it
//!   is still the same, under the stripe's lock.
//! - **Epochs.** A value read over one connection is not let in under another: nobody would tell of its changes. Each server has its own, and
//!   when its connection ends, its values fall and no others.
//! - **A heartbeat.** A peer that freezes tells nothing. So values are served only while the last question that was
//!   *answered* was asked less than the staleness bound ago: what had changed before it was told before its answer.
//! - **Tenures.** In a cluster a server loses slots, sometimes without a word. So a value is served only under the tenure of its slot under
//!   which it was read, and only while the last question *who owns what* that was answered was asked less than the bound ago.
//! - **Own writes** drop the key before they return, so a caller that invalidates sees its own invalidation.
//! - **Time.** No value is kept past its freshness in Redis, nor past the function's `local`.
//!
//! Two tables find a value: the map, by key, and [in front](front) of it a small one for each thread, by what tells the call from others.

mod copy;
mod front;
pub(crate) mod keep;
mod map;
pub(crate) mod stats;
mod stripes;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(crate) use self::copy::KeptCopy;
pub use self::keep::{Keep, Keeping, KeepingClones};
use self::map::{Held, Map, OVERHEAD, clear, largest, map};
use self::stripes::Stripes;
use crate::local::stats::LocalStats;
use crate::policy::{Policy, is_due_early};
use crate::store::vocabulary::{Epoch, InvalidationListener, Left, SLOTS, Tenure};
use crate::util::clock::{LAG, Moment, ticks};
use crate::util::counter::Counter;
use crate::util::random;

/// A cache's local tier.
pub(crate) struct Tier {
    /// Created with the first value, because most programs have none.
    map: OnceLock<Arc<Map>>,
    stripes: Stripes,
    /// The servers from which values come, by their numbers.
    sources: Box<[TrackedServer]>,
    /// How often each slot of a cluster has changed hands; none for a single server.
    tenures: Box<[AtomicU32]>,
    /// Until when it is known who owns which slot, as a [`Moment`].
    owners_known_until: AtomicU64,
    /// The bound on how old a served value can be when the peer says nothing.
    staleness: Duration,
    capacity: u64,
    /// The most that one entry may take of it.
    largest: u64,
    /// Values that took more.
    too_large: Counter,
    too_large_is_logged: AtomicBool,
    /// Changes that Redis reported.
    changes: Counter,
    /// How often everything was dropped.
    dropped: Counter,
}

/// The most nodes of a cluster whose values are kept: as many as Redis Cluster is made for.
const NODES: usize = 1024;

/// A server from which values come.
#[derive(Default)]
struct TrackedServer {
    /// Over which connection values may come in; 0 is none.
    epoch: AtomicU64,
    /// Until when its values may be served, as a [`Moment`].
    good_until: AtomicU64,
    /// How often all its values were dropped: older ones are not served.
    fence: AtomicU32,
}

/// A value of any type.
pub(crate) type LocalValue = Arc<dyn Any + Send + Sync>;

/// The reader of a value: its schema and its limits.
pub(crate) struct Terms {
    /// The function's schema.
    fingerprint: u64,
    /// For how long it may have been here, in ticks.
    longest: u64,
    early_refresh: f64,
}

impl Terms {
    #[inline]
    pub(crate) fn new(fingerprint: u64, longest: u64, early_refresh: f64) -> Self {
        Self { fingerprint, longest, early_refresh }
    }

    /// For how many ticks a value may be here that is kept for this long.
    #[inline]
    pub(crate) fn longest(local: Duration) -> u64 {
        ticks(local.saturating_sub(LAG))
    }

    #[cold]
    fn is_due_early(&self, held: &Held, now: Moment) -> bool {
        let policy = Policy { early_refresh: self.early_refresh, ..Policy::NONE };
        is_due_early(&policy, held.compute_time, now.until(held.fresh_until), random::unit())
    }

    #[inline]
    pub(crate) fn of(fingerprint: u64, policy: &Policy) -> Self {
        Self::new(fingerprint, Self::longest(policy.local.unasked()), policy.early_refresh)
    }
}

/// The state that a reader records before it sends the read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    stripe: u16,
    generation: u64,
    began: Moment,
}

/// A value that is about to be cached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) fingerprint: u64,
    pub(crate) encoded_len: usize,
    pub(crate) compute_time: Duration,
    /// The remaining freshness, counted from before the read was sent.
    pub(crate) fresh: Left,
    pub(crate) epoch: Epoch,
}

impl Tier {
    /// For the values of one server.
    pub(crate) fn new(capacity: u64, staleness: Duration) -> Self {
        Self::of(1, 0, Moment::FOR_EVER, capacity, staleness)
    }

    /// For the values of all nodes of a cluster.
    pub(crate) fn of_cluster(capacity: u64, staleness: Duration) -> Self {
        Self::of(NODES, SLOTS, Moment::NEVER, capacity, staleness)
    }

    fn of(
        sources: usize,
        slots: u16,
        owners_known_until: Moment,
        capacity: u64,
        staleness: Duration,
    ) -> Self {
        Self {
            map: OnceLock::new(),
            stripes: Stripes::new(),
            sources: (0..sources).map(|_| TrackedServer::default()).collect(),
            tenures: (0..slots).map(|_| AtomicU32::new(0)).collect(),
            owners_known_until: AtomicU64::new(owners_known_until.ticks()),
            staleness,
            capacity,
            largest: largest(capacity),
            too_large: Counter::default(),
            too_large_is_logged: AtomicBool::new(false),
            changes: Counter::default(),
            dropped: Counter::default(),
        }
    }

    /// The value at `key`, if it may be served to a function of this schema and policy.
    pub(crate) fn get<T: Clone + 'static>(&self, key: &str, fingerprint: u64, policy: &Policy) -> Option<T> {
        self.find(key.as_bytes(), &Terms::of(fingerprint, policy))?.downcast_ref::<T>().cloned()
    }

    /// The value at `key`, if it may be served under these terms.
    pub(crate) fn find(&self, key: &[u8], terms: &Terms) -> Option<LocalValue> {
        Some(self.look_up(key, terms)?.0.value)
    }

    /// The same, and until when its changes would be known.
    fn look_up(&self, key: &[u8], terms: &Terms) -> Option<(Held, Moment)> {
        let held = self.map.get()?.get(key)?;
        let until = self.is_vouched_for_until(&held)?;
        // The time last: a thread that is held up after the look-up must not serve what it saw long ago.
        let now = Moment::now();
        if now >= until
            || now >= held.fresh_until
            || now.ticks().saturating_sub(held.since.ticks()) >= terms.longest
            || held.fingerprint != terms.fingerprint
        {
            return None;
        }
        if terms.early_refresh > 0.0 && terms.is_due_early(&held, now) {
            return None;
        }
        Some((held, until))
    }

    /// Until when all changes of a value up to the staleness bound have been told.
    #[inline]
    fn is_vouched_for_until(&self, held: &Held) -> Option<Moment> {
        let source = self.sources.get(usize::from(held.node))?;
        let until = source.good_until.load(Ordering::Acquire);
        // What concerns owners is for clusters.
        let owners_known_until = self.owners_known_until.load(Ordering::Acquire);
        let is_whole = held.fence == source.fence.load(Ordering::Acquire) && self.is_current(held.tenure);
        is_whole.then_some(Moment::from_ticks(until.min(owners_known_until)))
    }

    #[inline]
    fn is_current(&self, tenure: Tenure) -> bool {
        tenure.number == self.times_passed_on(tenure.slot)
    }

    /// How often a slot has changed hands.
    #[inline]
    fn times_passed_on(&self, slot: u16) -> u32 {
        self.tenures.get(usize::from(slot)).map_or(0, |times| times.load(Ordering::Acquire))
    }

    /// To be called before the read is sent.
    pub(crate) fn guard(&self, key: &str) -> Guard {
        let stripe = self.stripes.of(key.as_bytes());
        Guard { stripe, generation: self.stripes.generation(stripe), began: Moment::now() }
    }

    /// Caches a value unless its key has changed since the guard was taken.
    pub(crate) fn admit<T: Send + Sync + 'static>(
        &self,
        guard: Guard,
        key: &str,
        arrival: Arrival,
        value: T,
    ) {
        self.admit_kept(guard, key, arrival, Arc::new(value));
    }

    /// [`admit`](Self::admit) of a value of any type.
    pub(crate) fn admit_kept(&self, guard: Guard, key: &str, arrival: Arrival, value: LocalValue) {
        let fresh_until = match arrival.fresh {
            Left::Expires(fresh) => guard.began.plus(fresh),
            Left::Never => Moment::FOR_EVER,
            Left::Absent => return,
        };
        let Epoch { number, node, tenure } = arrival.epoch;
        let Some(source) = self.sources.get(usize::from(node)) else { return };
        let mut held = Held {
            node,
            fence: 0,
            tenure,
            fingerprint: arrival.fingerprint,
            since: guard.began,
            fresh_until,
            compute_time: arrival.compute_time,
            weight: arrival.encoded_len as u64 + OVERHEAD,
            value,
        };
        if held.weight + key.len() as u64 > self.largest {
            // An older value must not be served in its place.
            self.forget(key.as_bytes());
            return self.refuse(held.weight);
        }
        let _stripe = self.stripes.lock(guard.stripe);
        if self.stripes.generation(guard.stripe) == guard.generation
            && number != 0
            && source.epoch.load(Ordering::Acquire) == number
        {
            held.fence = source.fence.load(Ordering::Acquire);
            self.map.get_or_init(|| map(self.capacity)).insert(key.as_bytes().into(), held);
        }
    }

    /// Counts a value that there is no room for.
    fn refuse(&self, bytes: u64) {
        self.too_large.count();
        if !self.too_large_is_logged.swap(true, Ordering::Relaxed) {
            let largest = self.largest;
            log::warn!(
                "a value of {bytes} bytes is not cached locally: the most with this `local_capacity` is {largest}; every hit of it asks Redis; further ones are counted and not logged"
            );
        }
    }

    /// Drops the value at `key`, and rejects reads of it that are under way.
    pub(crate) fn forget(&self, key: &[u8]) {
        let stripe = self.stripes.of(key);
        let _stripe = self.stripes.lock(stripe);
        if let Some(map) = self.map.get() {
            map.remove(key);
        }
        self.stripes.raise(stripe);
    }

    /// Drops all values of a server, and keeps out those on their way in, of whatever server.
    fn forget_all(&self, source: &TrackedServer) {
        self.stripes.raise_all();
        // Whatever got in before its stripe's turn is there to be dropped by now.
        source.fence.fetch_add(1, Ordering::AcqRel);
        if let (Some(map), [_]) = (self.map.get(), &self.sources[..]) {
            // Those of one among many servers make room as others come: to look for them would take long.
            clear(map);
        }
        // What was found meanwhile is in front of the map, and falls now.
        self.stripes.raise_all();
        self.dropped.count();
    }

    fn source(&self, epoch: Epoch) -> Option<&TrackedServer> {
        self.sources.get(usize::from(epoch.node))
    }

    fn is_serving(&self) -> bool {
        let now = Moment::now().ticks();
        now < self.owners_known_until.load(Ordering::Acquire)
            && self.sources.iter().any(|source| now < source.good_until.load(Ordering::Acquire))
    }

    pub(crate) fn stats(&self) -> LocalStats {
        LocalStats {
            serving: self.is_serving(),
            entries: self.map.get().map_or(0, |map| map.len() as u64),
            bytes: self.map.get().map_or(0, |map| map.weight()),
            capacity: self.capacity,
            too_large: self.too_large.get(),
            changes: self.changes.get(),
            dropped: self.dropped.get(),
        }
    }
}

impl InvalidationListener for Tier {
    fn connected(&self, epoch: Epoch) {
        let Some(source) = self.source(epoch) else { return };
        if source.epoch.swap(epoch.number, Ordering::AcqRel) != 0 {
            self.forget_all(source);
        }
    }

    fn confirmed(&self, epoch: Epoch, asked: Moment) {
        let Some(source) = self.source(epoch) else { return };
        if source.epoch.load(Ordering::Acquire) == epoch.number {
            source.good_until.store(asked.plus(self.staleness).ticks(), Ordering::Release);
        }
    }

    fn changed(&self, key: &[u8]) {
        self.changes.count();
        self.forget(key);
    }

    fn all_changed(&self, epoch: Epoch) {
        if let Some(source) = self.source(epoch) {
            self.forget_all(source);
        }
    }

    fn ended(&self, epoch: Epoch) {
        let Some(source) = self.source(epoch) else { return };
        // Only once, and not if another connection is there already.
        if source.epoch.compare_exchange(epoch.number, 0, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            source.good_until.store(Moment::NEVER.ticks(), Ordering::Release);
            self.forget_all(source);
        }
    }

    fn tenure(&self, slot: u16) -> Tenure {
        Tenure { slot, number: self.times_passed_on(slot) }
    }

    fn changed_hands(&self, slot: u16) {
        if let Some(times) = self.tenures.get(usize::from(slot)) {
            times.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn owners_confirmed(&self, asked: Moment) {
        self.owners_known_until.store(asked.plus(self.staleness).ticks(), Ordering::Release);
    }
}

impl std::fmt::Debug for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tier").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
