//! Futures for callers that have no runtime, or must not wait on the one they have.
//!
//! Two hazards shape this file. `Handle::block_on` panics inside a runtime, and so does `block_in_place` on a
//! current-thread one; so a blocking caller parks its own thread and polls by itself. And a parked thread may be the only
//! thread of the caller's runtime, which then drives nothing; so the I/O of blocking callers lives on a thread of ours,
//! and the caller is woken from there.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::{Builder, Handle};

use crate::error::{Error, ErrorKind};
use crate::util::process;
use crate::util::process::PerProcess;

thread_local! {
    /// Set while [`block_on`] polls on this thread.
    static BLOCKING: Cell<bool> = const { Cell::new(false) };
    static WAKER: (Arc<Unpark>, Waker) = {
        let unpark = Arc::new(Unpark { thread: thread::current(), woken: AtomicBool::new(false) });
        (Arc::clone(&unpark), Waker::from(unpark))
    };
}

struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.thread.unpark();
        }
    }
}

/// Whether the current poll comes from [`block_on`]: then I/O belongs on the library's runtime.
pub(crate) fn is_blocking() -> bool {
    BLOCKING.get()
}

/// Runs `future` on this thread, inside or outside of any runtime.
///
/// Only for the library's own futures, which wait with a deadline and run no code of the user's.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    // Inside a task the runtime gives each poll a budget, and past it answers "pending" and wakes at once. This loop is one
    // poll to it, so without `unconstrained` it would spin for ever.
    let mut future = pin!(tokio::task::unconstrained(future));
    WAKER.with(|(unpark, waker)| {
        let mut context = Context::from_waker(waker);
        loop {
            let polled = {
                let _blocking = Blocking::enter();
                future.as_mut().poll(&mut context)
            };
            if let Poll::Ready(output) = polled {
                return output;
            }
            while !unpark.woken.swap(false, Ordering::AcqRel) {
                thread::park();
            }
        }
    })
}

/// Restores the flag also when a poll panics.
struct Blocking(bool);

impl Blocking {
    fn enter() -> Self {
        Self(BLOCKING.replace(true))
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        BLOCKING.set(self.0);
    }
}

/// The library's own runtime: one thread, started at first need, for the rest of the process. A forked process has another.
pub(crate) fn library_runtime() -> Result<&'static Handle, Error> {
    static RUNTIME: PerProcess<Result<Handle, Error>> = PerProcess::new();
    RUNTIME.get_or_init(process::current(), start).as_ref().map_err(Error::clone)
}

fn start() -> Result<Handle, Error> {
    let refused = |source: std::io::Error| {
        Error::with_source(ErrorKind::Runtime, "the thread for the cache's I/O could not be started", source)
    };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let handle = runtime.handle().clone();
    let (started, running) = mpsc::channel();
    thread::Builder::new()
        .name("redis-cached-io".into())
        .spawn(move || {
            runtime.block_on(async {
                // A timer that fires needs a thread that drives it: wait until this one does.
                let _ = started.send(());
                std::future::pending::<()>().await;
            });
        })
        .map_err(refused)?;
    let _ = running.recv();
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn slow_answer() -> (bool, u8) {
        let sleep = {
            let handle = library_runtime().expect("a thread");
            let _entered = handle.enter();
            tokio::time::sleep(Duration::from_millis(20))
        };
        sleep.await;
        (is_blocking(), 7)
    }

    #[test]
    fn works_without_a_runtime() {
        assert_eq!(block_on(slow_answer()), (true, 7));
        assert!(!is_blocking());
    }

    #[tokio::test]
    async fn works_on_the_only_thread_of_a_runtime() {
        assert_eq!(block_on(slow_answer()), (true, 7));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn works_on_a_worker_and_on_a_blocking_thread() {
        assert_eq!(block_on(slow_answer()).1, 7);
        let joined = tokio::task::spawn_blocking(|| block_on(slow_answer())).await;
        assert_eq!(joined.expect("no panic").1, 7);
    }

    #[tokio::test]
    async fn does_not_spin_when_the_task_has_used_up_its_budget() {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..10_000 {
            sender.send(number).expect("a receiver");
        }
        let sum = block_on(async {
            let mut sum = 0;
            for _ in 0..10_000 {
                sum += receiver.recv().await.expect("a number");
            }
            sum
        });
        assert_eq!(sum, 49_995_000);
    }
}
