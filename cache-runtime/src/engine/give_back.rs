//! Leases that are not used any more, on their way back to the server.
//!
//! One is put in line on the connection at once, so what the same caller asks next comes after it. Where many are on their
//! way already, the others share a task and a pipeline: of three thousand calls that are cancelled together most travel in a
//! dozen messages. Nothing of it is dropped while Redis is there; what Redis does not take runs out by itself.
//!
//! Hazard: a lease is often given back because a runtime ends, and a program behind it. A task of that runtime would be
//! dropped unrun, and the library's thread would not live long enough. So who gives back by way of the library's runtime
//! waits until Redis has it, for what is left of its deadline at most, and not for longer than it takes to find that Redis is
//! away.

use std::collections::HashMap;
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use tokio::runtime::{self, Handle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::background::{Background, Counted};
use super::core::Core;
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor::home;
use crate::store::Store;
use crate::store::vocabulary::CasToken;
use crate::util::clock::after;
use crate::util::locks::lock;

/// A key and the mark of the lease that is there.
pub(super) type HeldLease = (Arc<str>, CasToken);

/// The most leases of one pipeline.
const AT_ONCE: usize = 512;
/// How many may be on their way by themselves.
const SINGLES: usize = 256;
/// The most leases that wait. Those beyond run out by themselves.
const MOST: usize = 100_000;
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// After so many failures in a row Redis counts as away. The first may be of a connection that has ended, and the second attempt
/// goes over the next one.
const FAILURES: usize = 2;

/// A cache's leases that wait for their task.
#[derive(Debug)]
pub(crate) struct GiveBack {
    singles: Arc<Semaphore>,
    /// Of each runtime whose task has not run yet.
    waiting: Mutex<HashMap<runtime::Id, Vec<HeldLease>>>,
    /// The last one who waited did so in vain.
    is_away: AtomicBool,
}

impl Default for GiveBack {
    fn default() -> Self {
        Self {
            singles: Arc::new(Semaphore::new(SINGLES)),
            waiting: Mutex::default(),
            is_away: AtomicBool::default(),
        }
    }
}

impl GiveBack {
    /// Gives them back, together with others of the caller's runtime. `left` is what the caller would still wait for Redis: nothing, if
    /// it was not answered whether they are there.
    pub(super) fn start(&self, cache: &Arc<Core>, leases: Vec<HeldLease>, left: Duration) {
        let (Ok(home), Ok(library)) = (home(), library_runtime()) else { return };
        if home.id() == library.id() {
            let given_back = self.on_library(cache, library, leases);
            if !left.is_zero() {
                self.wait(left, library, &given_back);
            }
            return;
        }
        if let Ok(single) = Arc::clone(&self.singles).try_acquire_owned() {
            Background::start(Errand::new(cache, home.id(), Some(leases)).run(Some(single)));
        } else if self.gather(home.id(), leases) {
            // Outside of the lock: a runtime that ends drops the task at once.
            home.spawn(Errand::new(cache, home.id(), None).run(None));
        }
    }

    /// Whether these are the first, and need a task.
    fn gather(&self, runtime: runtime::Id, leases: Vec<HeldLease>) -> bool {
        let mut waiting = lock(&self.waiting);
        let gathered = waiting.entry(runtime).or_default();
        let is_first = gathered.is_empty();
        gathered.extend(leases);
        gathered.truncate(MOST);
        is_first
    }

    /// Gives them back on the library's runtime, which tells whether it could as soon as it knows.
    fn on_library(
        &self,
        cache: &Arc<Core>,
        library: &Handle,
        leases: Vec<HeldLease>,
    ) -> mpsc::Receiver<bool> {
        let (done, is_done) = mpsc::channel();
        let counted = cache.background.count();
        library.spawn({
            let cache = Arc::clone(cache);
            async move {
                // Nobody may wait.
                let given_back = give_back(&cache, leases, || {
                    let _ = done.send(false);
                })
                .await;
                cache.background.give_back.is_away.store(!given_back, Ordering::Relaxed);
                let _ = done.send(given_back);
                drop(counted);
            }
        });
        is_done
    }

    /// Waits until they are given back, unless Redis is away.
    fn wait(&self, limit: Duration, library: &Handle, given_back: &mpsc::Receiver<bool>) {
        // The library's thread must not wait for itself.
        let is_library = Handle::try_current().is_ok_and(|current| current.id() == library.id());
        if !is_library && !self.is_away.load(Ordering::Relaxed) {
            let given_back = given_back.recv_timeout(limit) == Ok(true);
            self.is_away.store(!given_back, Ordering::Relaxed);
        }
    }
}

/// A runtime's task. If the runtime drops it, the library's does the work.
struct Errand {
    cache: Arc<Core>,
    runtime: runtime::Id,
    /// Taken out of the queue, and not given back yet.
    leases: Vec<HeldLease>,
    /// Whether it is for all that wait.
    gathers: bool,
    _counted: Counted,
}

impl Errand {
    /// For these leases, or for all that wait.
    fn new(cache: &Arc<Core>, runtime: runtime::Id, leases: Option<Vec<HeldLease>>) -> Self {
        let (counted, gathers) = (cache.background.count(), leases.is_none());
        let leases = leases.unwrap_or_default();
        Self { cache: Arc::clone(cache), runtime, leases, gathers, _counted: counted }
    }

    async fn run(mut self, single: Option<OwnedSemaphorePermit>) {
        let _single = single;
        if self.gathers {
            // To the end of the line: all that is ready to run may join.
            tokio::task::yield_now().await;
            self.leases = self.take();
        }
        while !self.leases.is_empty() {
            let next = self.leases.len().saturating_sub(AT_ONCE);
            give_back(&self.cache, self.leases[next..].to_vec(), || ()).await;
            self.leases.truncate(next);
        }
    }

    fn take(&self) -> Vec<HeldLease> {
        lock(&self.cache.background.give_back.waiting).remove(&self.runtime).unwrap_or_default()
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        let mut left = take(&mut self.leases);
        if self.gathers {
            left.extend(self.take());
        }
        if !left.is_empty()
            && let Ok(library) = library_runtime()
        {
            let give_back = &self.cache.background.give_back;
            let given_back = give_back.on_library(&self.cache, library, left);
            give_back.wait(self.cache.deadline, library, &given_back);
        }
    }
}

/// Tries until it succeeds, or until the leases have run out by themselves: what made it fail may be the end of the very
/// connection that they were asked for on, and the next one is on its way. Calls `is_away` once Redis seems to be. Says whether
/// it succeeded.
async fn give_back(cache: &Core, leases: Vec<HeldLease>, is_away: impl Fn()) -> bool {
    let (runs_out, mut failures) = (after(cache.lease), 0);
    let mut pause = FIRST_PAUSE;
    let mut left: Vec<(&str, CasToken)> = leases.iter().map(|(key, mark)| (&**key, *mark)).collect();
    while !left.is_empty() {
        let until = after(cache.deadline);
        let next = left.len().saturating_sub(AT_ONCE);
        let given_back = cache.store.release(&left[next..], until).await;
        if given_back.is_ok() {
            left.truncate(next);
            failures = 0;
            continue;
        }
        failures += 1;
        if failures == FAILURES {
            is_away();
        }
        if Instant::now() >= runs_out || crate::runtime::executor::sleep(pause).await.is_err() {
            return false;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    true
}
