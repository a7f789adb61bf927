//! What runs the races: `shuttle`'s scheduler, and the machine's own.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// What a scheduler offers to those that it runs.
pub(crate) trait Scheduler {
    /// Others may go first here.
    fn pause();
    fn block_on<T>(future: impl Future<Output = T>) -> T;
}

/// One thread at a time, and another at every pause.
pub(crate) struct Shuttle;

impl Scheduler for Shuttle {
    fn pause() {
        shuttle::thread::yield_now();
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        shuttle::future::block_on(std::future::poll_fn(|context| {
            let waker = Waker::from(Arc::new(PausingWaker(context.waker().clone())));
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(value) => Poll::Ready(value),
                Poll::Pending => Poll::Pending,
            }
        }))
    }
}

/// Lets others run before the one who woke goes on: between what a leader has told its followers and what it does next.
struct PausingWaker(Waker);

impl Wake for PausingWaker {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
        Shuttle::pause();
    }
}

/// Real threads, for what is between two instructions.
pub(crate) struct Threads;

impl Scheduler for Threads {
    fn pause() {
        // Sometimes, so that threads meet at ever other places.
        if crate::util::random::unit() < 0.3 {
            std::thread::yield_now();
        }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let patience = std::time::Duration::from_secs(20);
        runtime
            .block_on(async { tokio::time::timeout(patience, future).await.expect("never told of the end") })
    }
}
