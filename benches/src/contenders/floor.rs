//! The floor of a coherent hit in this process: what redis-cached does for one, by hand, for one function and one type.
//!
//! It compares the whole argument, asks a clock, and would see a change that another thread made before the call. It lacks what a library adds: any arguments and types, a
//! bounded memory, and a Redis that tells of changes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::time::{ClockId, clock_gettime};

use super::{InProcess, User, compute};

/// Places in a thread's table: few of the benchmark's keys share one.
const PLACES: usize = 1 << 16;
const STRIPES: usize = 256;

struct Seen {
    id: u64,
    user: Weak<User>,
    until: u64,
    generation: u64,
}

thread_local! {
    static SEEN: RefCell<Vec<Option<Seen>>> = RefCell::new((0..PLACES).map(|_| None).collect());
}

pub(crate) struct Floor {
    users: Mutex<HashMap<u64, Arc<User>>>,
    /// How often a value of a stripe was dropped: here never.
    generations: [AtomicU64; STRIPES],
    good_until: AtomicU64,
    seed: u64,
}

impl Floor {
    pub(crate) fn new() -> Self {
        Self {
            users: Mutex::default(),
            generations: std::array::from_fn(|_| AtomicU64::new(0)),
            good_until: AtomicU64::new(u64::MAX),
            seed: now() | 1,
        }
    }

    fn generation(&self, id: u64) -> u64 {
        self.generations[id as usize % STRIPES].load(Ordering::Acquire)
    }

    fn place(&self, id: u64) -> usize {
        (id.wrapping_mul(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 48) as usize % PLACES
    }

    fn seen(&self, id: u64) -> Option<Arc<User>> {
        SEEN.with_borrow(|seen| {
            let seen = seen[self.place(id)].as_ref()?;
            if seen.id != id || seen.generation != self.generation(id) {
                return None;
            }
            let user = seen.user.upgrade()?;
            let now = now();
            (now < seen.until && now < self.good_until.load(Ordering::Acquire)).then_some(user)
        })
    }

    fn found(&self, id: u64) -> Option<Arc<User>> {
        let generation = self.generation(id);
        let user = self.users.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()?;
        let seen = Seen { id, user: Arc::downgrade(&user), until: u64::MAX, generation };
        SEEN.with_borrow_mut(|all| all[self.place(id)] = Some(seen));
        Some(user)
    }
}

impl InProcess for Floor {
    const NAME: &'static str = "by hand";

    async fn user(&self, id: u64) -> Result<Arc<User>, String> {
        if let Some(user) = self.seen(id).or_else(|| self.found(id)) {
            return Ok(user);
        }
        let user = Arc::new(compute(id).await);
        self.users.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&user));
        Ok(user)
    }
}

/// In nanoseconds, of a clock as coarse as redis-cached's.
fn now() -> u64 {
    let time = clock_gettime(ClockId::MonotonicCoarse);
    (time.tv_sec as u64) * 1_000_000_000 + time.tv_nsec as u64
}
