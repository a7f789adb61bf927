//! Single-flight: callers of one key in one process share one computation.
//!
//! # Which flight may a caller join?
//!
//! - An **open** one: it has not asked the store yet, so whatever it will read or compute begins after the caller did.
//! - One whose **mark** the caller has seen in the store since it began: the lease under which it computes, or the
//!   value that it is to replace. An invalidation takes the mark away, so none came between the flight's beginning and
//!   the caller's. The invalidation of a tag does not: it takes the tag's nonce away. So where there are tags the caller must
//!   have seen the nonces too under which the flight computes, all of them ([`Sight`]).
//!
//! Any other flight may have read the database before an invalidation that had returned when the caller began, and would
//! hand the caller an older version than the caller must get. That one of many callers becomes a leader and that the
//! others still find its flight open is no accident: a leader lets all other tasks run once before it closes it.
//!
//! # What happens to a leader
//!
//! | the leader | its followers |
//! | --- | --- |
//! | has a value | decode the same bytes, so the value need not be `Clone` |
//! | has an error that is `Clone` | get a clone |
//! | has another error | serve the older value that they have found themselves; without one they compute, each for itself |
//! | is dropped or panics | one of them leads, with its own computation |
//!
//! No flight outlives its leader: its entries in the tables go with the guard that the leader holds, or hands to who stores the
//! value.

mod chain;
pub(crate) mod circle;
mod offer;
#[cfg(test)]
mod tests;
mod wait;

use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::Notify;

use crate::runtime::executor::CallContext;
use crate::store::vocabulary::CasToken;
use crate::util::hashing::Seeded;
use crate::util::locks::lock;
use crate::util::process::PerProcess;

pub(crate) use chain::{Chain, Computation, Keys, computing, is_computing, offered, sync_computing};
pub(crate) use offer::OfferedValue;
pub(crate) use wait::Wait;

/// An error for other callers, type-erased; its reader knows the type.
pub(crate) type SharedError = Arc<dyn Any + Send + Sync>;

/// How a flight ended.
#[derive(Clone)]
pub(crate) enum FlightResult {
    /// An encoded entry.
    Bytes(Arc<Vec<u8>>),
    /// An error that can be cloned, type-erased; its reader knows the type.
    Error(Arc<dyn Any + Send + Sync>),
    /// An error that cannot be shared.
    Failed,
    /// No result to share.
    Nothing,
    /// The leader went away without a result.
    Abandoned,
    /// It has not ended by the time at which a follower would rather have its older value.
    Late,
}

/// The identity of a flight: the key, and the fingerprint of the function that reads it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FlightKey {
    pub(crate) key: Arc<str>,
    pub(crate) fingerprint: u64,
}

/// One computation and those who wait for it.
struct Flight {
    landed: OnceLock<FlightResult>,
    ended: Notify,
    followers: AtomicUsize,
    /// The context in which its leader runs.
    place: CallContext,
    /// Whether a follower has waited in vain for as long as one waits.
    given_up: AtomicBool,
    /// Whether a call has returned an older value because the computation takes longer than its `timeout`.
    late: AtomicBool,
}

impl Flight {
    fn here() -> Self {
        Self {
            landed: OnceLock::new(),
            ended: Notify::new(),
            followers: AtomicUsize::new(0),
            place: CallContext::here(),
            given_up: AtomicBool::new(false),
            late: AtomicBool::new(false),
        }
    }

    fn follow(self: &Arc<Self>) -> Follower {
        self.followers.fetch_add(1, Ordering::AcqRel);
        Follower(Arc::clone(self))
    }

    /// Only the first result counts.
    fn end(&self, landed: FlightResult) {
        if self.landed.set(landed).is_ok() {
            self.ended.notify_waiters();
        }
    }
}

/// What a caller has seen in the store that tells a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Sight {
    pub(crate) mark: CasToken,
    /// A digest of the tags' nonces. `None` if a tag had none: then no flight is told by it, because it could have begun
    /// before or after the nonce was dropped.
    pub(crate) tags: Option<u64>,
}

/// Of a function without tags.
impl From<CasToken> for Sight {
    fn from(mark: CasToken) -> Self {
        Self { mark, tags: Some(0) }
    }
}

/// The flights of a cache.
#[derive(Default)]
pub(crate) struct Flights(PerProcess<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    open: HashMap<FlightKey, Arc<Flight>, Seeded>,
    marked: HashMap<(Sight, u64), Arc<Flight>, Seeded>,
}

/// A caller's part in a flight.
pub(crate) enum Role {
    Leader(Leader),
    Follower(Follower),
}

/// Held by a flight's leader. Dropping it without [`land`](Leader::land) hands over.
pub(crate) struct Leader {
    flights: Arc<Flights>,
    key: FlightKey,
    flight: Arc<Flight>,
    /// Whether others may join unseen.
    is_open: bool,
    mark: Option<Sight>,
}

/// Held until what has landed is in the store, or will never be. Until then the mark stands there, and who sees it may have what
/// has landed, as it might have had before: there is nothing to wait for, and nothing to ask again and again.
pub(crate) struct StoringGuard {
    _lead: Leader,
}

/// By which a leader's call says that its computation is late.
pub(crate) struct Lateness(Arc<Flight>);

impl Lateness {
    pub(crate) fn note(&self) {
        self.0.late.store(true, Ordering::Relaxed);
    }
}

/// Waits for another caller's flight.
pub(crate) struct Follower(Arc<Flight>);

impl Flights {
    /// Joins the open flight of `key`, or opens one.
    pub(crate) fn join(self: &Arc<Self>, key: &FlightKey) -> Role {
        let flight = match lock(&self.0).open.entry(key.clone()) {
            Entry::Occupied(open) => return Role::Follower(open.get().follow()),
            Entry::Vacant(free) => Arc::clone(free.insert(Arc::new(Flight::here()))),
        };
        Role::Leader(Leader {
            flights: Arc::clone(self),
            key: key.clone(),
            flight,
            is_open: true,
            mark: None,
        })
    }

    /// Begins a flight that nobody may join unseen, with a new mark.
    pub(crate) fn lead_marked(self: &Arc<Self>, key: FlightKey, mark: CasToken) -> Leader {
        let (flight, mark) = (Arc::new(Flight::here()), Sight::from(mark));
        lock(&self.0).marked.insert((mark, key.fingerprint), Arc::clone(&flight));
        Leader { flights: Arc::clone(self), key, flight, is_open: false, mark: Some(mark) }
    }

    /// Joins the flight whose mark the caller has just seen in the store, if it is one of this process.
    pub(crate) fn seen(&self, sight: impl Into<Sight>, fingerprint: u64) -> Option<Follower> {
        lock(&self.0).marked.get(&(sight.into(), fingerprint)).map(Flight::follow)
    }

    /// How many flights there are, in both tables.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let tables = lock(&self.0);
        tables.open.len() + tables.marked.len()
    }
}

impl Follower {
    /// The result, if there is one.
    pub(crate) fn landed_already(&self) -> Option<FlightResult> {
        self.0.landed.get().cloned()
    }

    /// Whether it is known that to wait for the end is in vain: somebody has, or the caller keeps the leader from going on.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.0.given_up.load(Ordering::Relaxed) || self.0.place.is_held_up()
    }

    /// The caller has waited for as long as one waits.
    pub(crate) fn give_up(&self) {
        self.0.given_up.store(true, Ordering::Relaxed);
    }

    /// Whether a call has waited for its `timeout`. Who has an older value need not find that out for itself.
    pub(crate) fn is_late(&self) -> bool {
        self.0.late.load(Ordering::Relaxed)
    }

    /// The caller has waited for its `timeout`.
    pub(crate) fn note_late(&self) {
        self.0.late.store(true, Ordering::Relaxed);
    }

    /// Waits for the end. The caller bounds the wait.
    pub(crate) async fn landed(&self) -> FlightResult {
        loop {
            // Subscribes before the check, so that an end in between is not missed.
            let ended = self.0.ended.notified();
            if let Some(landed) = self.0.landed.get() {
                return landed.clone();
            }
            ended.await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.followers.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Leader {
    /// Whether others may join unseen.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Ends the time in which others may join unseen. To be called before the store is asked, and before the body runs.
    pub(crate) fn close(&mut self) {
        let flights = Arc::clone(&self.flights);
        self.remove_open(&mut lock(&flights.0));
    }

    /// From now on who sees `mark` in the store may join. To be called before `mark` can be there to be seen. False if a
    /// flight has it already, which happens where the mark is that of a value that another is replacing. A sight with a tag
    /// missing is nobody's.
    pub(crate) fn mark(&mut self, mark: impl Into<Sight>) -> bool {
        let mark = mark.into();
        if mark.tags.is_none() {
            return true;
        }
        let mut tables = lock(&self.flights.0);
        let of_this = (mark, self.key.fingerprint);
        match tables.marked.entry(of_this) {
            Entry::Occupied(_) => return false,
            Entry::Vacant(free) => free.insert(Arc::clone(&self.flight)),
        };
        if let Some(former) = self.mark.replace(mark) {
            tables.marked.remove(&(former, self.key.fingerprint));
        }
        true
    }

    /// Takes the mark back: it may turn up in the store later than it should, when the body has begun without it.
    pub(crate) fn unmark(&mut self) {
        if let Some(mark) = self.mark.take() {
            lock(&self.flights.0).marked.remove(&(mark, self.key.fingerprint));
        }
    }

    /// Whether anybody waits for the end. Nobody can join a closed flight without its mark.
    pub(crate) fn has_followers(&self) -> bool {
        self.flight.followers.load(Ordering::Acquire) > 0
    }

    /// For the call, should the leader be in a task of its own.
    pub(crate) fn lateness(&self) -> Lateness {
        Lateness(Arc::clone(&self.flight))
    }

    /// Ends the flight and tells its followers.
    pub(crate) fn land(self, landed: FlightResult) {
        self.flight.end(landed);
    }

    /// The same for a value that is on its way to the store. What it gives is to be dropped when the value is there.
    pub(crate) fn land_before_stored(self, bytes: Arc<Vec<u8>>) -> StoringGuard {
        self.flight.end(FlightResult::Bytes(bytes));
        StoringGuard { _lead: self }
    }

    /// Another flight of the same key may be open by now; that one stays.
    fn remove_open(&mut self, tables: &mut Tables) {
        if std::mem::take(&mut self.is_open)
            && let Entry::Occupied(open) = tables.open.entry(self.key.clone())
            && Arc::ptr_eq(open.get(), &self.flight)
        {
            open.remove();
        }
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let flights = Arc::clone(&self.flights);
        let mut tables = lock(&flights.0);
        self.remove_open(&mut tables);
        if let Some(mark) = self.mark {
            tables.marked.remove(&(mark, self.key.fingerprint));
        }
        drop(tables);
        self.flight.end(FlightResult::Abandoned);
    }
}
