//! Calls that are polled by hand, where a test is about what happens between two steps of one.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// What a test waits for at most, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(10);

/// A call that goes on only when the test polls it. What it has asked is answered meanwhile.
pub(super) struct Held<'a> {
    pub(super) call: Pin<Box<dyn Future<Output = u64> + 'a>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a> Held<'a> {
    /// A caller whose look-up has been answered, and who does not know it yet.
    pub(super) async fn after_look_up(call: impl Future<Output = u64> + 'a) -> Self {
        let mut held = Self { call: Box::pin(call), woken: Arc::new(Woken(AtomicBool::new(false))) };
        held.poll();
        let patience = Instant::now() + PATIENCE;
        while !held.woken.0.load(Ordering::SeqCst) {
            assert!(Instant::now() < patience, "no answer comes");
            tick().await;
        }
        held
    }

    fn poll(&mut self) {
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.woken));
        let polled = self.call.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Pending, "it was to be held");
    }

    /// Goes on until `done`, and no step further: nothing arrives between the question and the step.
    pub(super) async fn until(&mut self, done: impl Fn() -> bool) {
        let patience = Instant::now() + PATIENCE;
        while !done() {
            assert!(Instant::now() < patience, "it does not come about");
            if self.woken.0.load(Ordering::SeqCst) {
                self.poll();
            } else {
                tick().await;
            }
        }
    }
}

/// Lets the connection's task run.
async fn tick() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
