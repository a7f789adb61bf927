//! Which runtime serves a caller: its own where that can, the library's thread elsewhere.
//!
//! Timers, spawned tasks and connections all need a runtime that drives time and I/O. A caller may have none (another
//! executor, a plain thread), one that was built without them, or one that it is about to block.

use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{LazyLock, PoisonError, RwLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{self, Handle};

use crate::blocking::{is_blocking, library_runtime};
use crate::error::Error;

/// The runtime for whoever calls this.
pub(crate) fn home() -> Result<Handle, Error> {
    match current() {
        Some(current) if is_complete(&current) => Ok(current),
        _ => library_runtime(),
    }
}

/// The runtime that runs the caller, if it does not block it. It may lack what [`home`] asks for.
pub(crate) fn current() -> Option<Handle> {
    if is_blocking() { None } else { Handle::try_current().ok() }
}

/// Bounds `future`, with a timer of the caller's home.
pub(crate) async fn timeout_at<F: Future>(until: Instant, future: F) -> Result<Option<F::Output>, Error> {
    Ok(timeout_on(&home()?, until, pin!(future)).await)
}

/// Bounds `future`, with a timer of `home`.
///
/// Pinned by the caller: an async function has room for a future that it is given twice, as an argument and where it awaits
/// it. Two or three of them around each other make kilobytes, to be moved for each call.
pub(crate) async fn timeout_on<F: Future>(
    home: &Handle,
    until: Instant,
    future: Pin<&mut F>,
) -> Option<F::Output> {
    let bounded = {
        // A timer belongs to the runtime that is current when it is made, and needs none when it is polled.
        let _entered = home.enter();
        tokio::time::timeout_at(until.into(), future)
    };
    bounded.await.ok()
}

/// Sleeps, with a timer of the caller's home.
pub(crate) async fn sleep(duration: Duration) -> Result<(), Error> {
    let home = home()?;
    let sleep = {
        let _entered = home.enter();
        tokio::time::sleep(duration)
    };
    sleep.await;
    Ok(())
}

/// Lets everything else that is ready run once.
pub(crate) async fn yield_now() {
    if is_blocking() {
        // The runtime's own way would wake this thread when the runtime runs next, and it may be this thread that runs it.
        std::thread::yield_now();
    } else {
        tokio::task::yield_now().await;
    }
}

/// Whether the runtime was built with `enable_io` and `enable_time`; without them a timer or a socket panics.
///
/// There is no way to ask but to try. A runtime without them prints the panic's message, once.
fn is_complete(runtime: &Handle) -> bool {
    static KNOWN: LazyLock<RwLock<HashMap<runtime::Id, bool>>> = LazyLock::new(RwLock::default);
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&runtime.id()) {
        return *known;
    }
    let complete = try_io_and_time(runtime);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    // Runtimes come and go, in tests by the thousand; trying again costs microseconds.
    if known.len() >= 64 {
        known.clear();
    }
    known.insert(runtime.id(), complete);
    complete
}

fn try_io_and_time(runtime: &Handle) -> bool {
    let _entered = runtime.enter();
    catch_unwind(AssertUnwindSafe(|| {
        drop(tokio::time::sleep(Duration::ZERO));
        // A socket that is connected to nobody: all that counts is whether the runtime takes it.
        let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0)).ok()?;
        socket.set_nonblocking(true).ok()?;
        drop(tokio::net::UdpSocket::from_std(socket));
        Some(())
    }))
    .is_ok()
}

/// Waits for several futures at once. What they give, in their order.
pub(crate) async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<Option<Pin<Box<F>>>> = futures.map(|future| Some(Box::pin(future))).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut all = Poll::Ready(());
        for (waits, done) in waiting.iter_mut().zip(&mut done) {
            let Some(future) = waits else { continue };
            match future.as_mut().poll(context) {
                Poll::Ready(output) => (*done, *waits) = (Some(output), None),
                Poll::Pending => all = Poll::Pending,
            }
        }
        all
    })
    .await;
    done.into_iter().flatten().collect()
}
