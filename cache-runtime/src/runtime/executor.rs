//! Which runtime serves a caller: its own where that can, the library's thread elsewhere.
//!
//! Spawned tasks and connections need a runtime that drives I/O. A caller may have none (another executor, a plain thread), one
//! that was built without I/O, or one that it is about to block.
//!
//! Timers are the library's own always: how long Redis may take is counted in real time, and a runtime's clock may be stopped
//! (`start_paused`), its timers not be there, or its threads be busy.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::RwLock;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{self, Handle, RuntimeFlavor};
use tokio::task::AbortHandle;

use super::block_on::{is_blocking, library_runtime};
use super::lag::Lap;
use crate::error::Error;
use crate::util::hashing::Seeded;
use crate::util::locks::{read, write};
use crate::util::process;
use crate::util::process::{Generation, PerProcess};

/// The runtime for whoever calls this.
pub(crate) fn home() -> Result<Handle, Error> {
    match current() {
        Some(current) if drives_io(process::current(), &current) => Ok(current),
        _ => library_runtime().cloned(),
    }
}

/// The runtime that runs the caller, if it does not block it. It may lack what [`home`] asks for.
pub(crate) fn current() -> Option<Handle> {
    if is_blocking() { None } else { Handle::try_current().ok() }
}

/// Bounds `future`.
///
/// Pinned by the caller: an async function has room for a future that it is given twice, as an argument and where it awaits
/// it. Two or three of them around each other make kilobytes, to be moved for each call.
pub(crate) async fn timeout_at<F: Future>(
    until: Instant,
    mut future: Pin<&mut F>,
) -> Result<Option<F::Output>, Error> {
    let library = library_runtime()?;
    let bounded = {
        // A timer belongs to the runtime that is current when it is made, and needs none when it is polled.
        let _entered = library.enter();
        tokio::time::timeout_at(until.into(), future.as_mut())
    };
    if let Ok(done) = bounded.await {
        return Ok(Some(done));
    }
    // The caller's runtime may have been busy with something else: what has arrived meanwhile is not too late.
    catch_up().await;
    Ok(poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await)
}

/// Bounds `future` by the time that it may take from now on.
pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Result<Option<F::Output>, Error> {
    timeout_at(crate::util::clock::after(limit), pin!(future)).await
}

/// Lets the caller's runtime read what has arrived, and those run who hand it on.
pub(crate) async fn catch_up() {
    let lap = Lap::begin();
    yield_now().await;
    yield_now().await;
    lap.end();
}

/// Sleeps, in real time.
pub(crate) async fn sleep(duration: Duration) -> Result<(), Error> {
    let library = library_runtime()?;
    let sleep = {
        let _entered = library.enter();
        tokio::time::sleep(duration)
    };
    sleep.await;
    Ok(())
}

/// Where a call runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallContext {
    /// No two threads that run have one tag.
    thread: usize,
    /// Whether the thread does nothing else meanwhile.
    is_blocking: bool,
}

impl CallContext {
    pub(crate) fn here() -> Self {
        thread_local!(static TAG: u8 = const { 0 });
        Self { thread: TAG.with(|tag| std::ptr::from_ref(tag).addr()), is_blocking: is_blocking() }
    }

    /// Whether a call that runs there cannot go on while the current one waits: they share a thread, which one of them blocks. A runtime
    /// with several threads may take its tasks to another one, but not all of them.
    pub(crate) fn is_held_up(self) -> bool {
        let here = Self::here();
        self.thread == here.thread && (self.is_blocking || here.is_blocking)
    }
}

/// Sees to it that another thread of the caller's runtime is awake, which drives its timers and sockets and takes over its tasks. The caller
/// is about to block, and if it is one of the runtime's threads it may have been the only one that was awake.
pub(crate) fn wake_another() {
    if is_blocking()
        && let Ok(current) = Handle::try_current()
        && current.runtime_flavor() == RuntimeFlavor::MultiThread
    {
        // The first takes the place of the task that this thread would run next, which no other may take from there; the second takes
        // the place of the first. What had to make room is for all, and tokio wakes a thread for it.
        drop(current.spawn(async {}));
        drop(current.spawn(async {}));
    }
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

/// The runtimes that were looked at.
type Runtimes = HashMap<runtime::Id, Runtime, Seeded>;

static KNOWN: PerProcess<RwLock<Runtimes>> = PerProcess::new();

#[derive(Debug)]
struct Runtime {
    drives_io: bool,
    /// Of a task that never ends by itself.
    watch: AbortHandle,
    /// How many descriptors of its epoll instance are left when it has ended, for as long as there is anything of it, such as
    /// what watches it.
    left_over: usize,
}

/// How many runtimes may be known before those that have ended are forgotten.
const MOST_KNOWN: usize = 64;

/// Whether the runtime was built with `enable_io`: where it was not, a socket panics.
fn drives_io(process: Generation, runtime: &Handle) -> bool {
    let known = KNOWN.get_or_init(process, RwLock::default);
    if let Some(known) = read(known).get(&runtime.id()) {
        return known.drives_io;
    }
    // Before the lock: a runtime that has ended drops the task at once.
    let watch = runtime.spawn(std::future::pending::<()>()).abort_handle();
    let is_of_parent =
        KNOWN.was(process, |known| known.try_read().map_or(true, |known| known.contains_key(&runtime.id())));
    let mut known = write(known);
    if known.len() >= MOST_KNOWN {
        known.retain(|_, runtime| !runtime.watch.is_finished());
    }
    let drives_io = !is_of_parent && !watch.is_finished() && has_poller(&known);
    let left_over = if runtime.runtime_flavor() == RuntimeFlavor::CurrentThread { 1 } else { 2 };
    known.insert(runtime.id(), Runtime { drives_io, watch, left_over });
    drives_io
}

/// The runtime did not do what it was taken for: it is left alone from now on.
pub(crate) fn drives_none(runtime: &Handle) {
    let known = KNOWN.get_or_init(process::known(), RwLock::default);
    if let Some(known) = write(known).get_mut(&runtime.id()) {
        known.drives_io = false;
    }
}

/// Whether there can be a runtime with I/O beside those in `known` and the library's own.
///
/// There is no way to ask a runtime, and to try is to panic. But on Linux one with I/O has an epoll instance, and so two
/// descriptors: where all that there are belong to others, this one has none. Where that cannot be told (another system, another
/// runtime that nobody has called from yet) it is taken for what nearly all are; should it not be, the task that connects
/// panics, and the runtime is known from then on.
fn has_poller(known: &Runtimes) -> bool {
    let others = known.values().filter(|other| other.drives_io);
    let (ended, running): (Vec<_>, Vec<_>) = others.partition(|other| other.watch.is_finished());
    // The library's own is there once anybody has waited for anything.
    let library = usize::from(library_runtime().is_ok());
    let left_over = ended.iter().map(|ended| ended.left_over).sum();
    pollers().is_none_or(|pollers| pollers.saturating_sub(left_over) / 2 > running.len() + library)
}

/// How many descriptors of epoll instances this process has; `None` if that is not to be known.
fn pollers() -> Option<usize> {
    let descriptors = std::fs::read_dir("/proc/self/fd").ok()?;
    let is_poller = |path: std::path::PathBuf| {
        std::fs::read_link(path).is_ok_and(|target| target.as_os_str() == "anon_inode:[eventpoll]")
    };
    Some(descriptors.flatten().filter(|entry| is_poller(entry.path())).count())
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

/// Both at once, the first one first.
pub(crate) async fn both<A, B>(
    mut a: impl Future<Output = A> + Unpin,
    mut b: impl Future<Output = B> + Unpin,
) -> (A, B) {
    let (mut a, mut b) = (Pin::new(&mut a), Pin::new(&mut b));
    let (mut from_a, mut from_b) = (None, None);
    poll_fn(|cx| {
        if from_a.is_none()
            && let Poll::Ready(done) = a.as_mut().poll(cx)
        {
            from_a = Some(done);
        }
        if from_b.is_none()
            && let Poll::Ready(done) = b.as_mut().poll(cx)
        {
            from_b = Some(done);
        }
        match (from_a.take(), from_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (from_a, from_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// What the first of two futures has given.
pub(crate) enum Either<A, B> {
    First(A),
    Second(B),
}

/// Waits for one of two futures.
pub(crate) async fn either<A: Future, B: Future>(
    mut first: Pin<&mut A>,
    mut second: Pin<&mut B>,
) -> Either<A::Output, B::Output> {
    poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Ready(first) => Poll::Ready(Either::First(first)),
        Poll::Pending => second.as_mut().poll(context).map(Either::Second),
    })
    .await
}
