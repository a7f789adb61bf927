//! Values that are stored at the same time travel together: one task and one request for all of them.
//!
//! A lone value is sent without delay. A caller does not wait for the answer, but what it asks next must come after the value. If
//! the flush task has not run by the time the caller returns, because its thread is still asleep, the caller takes its place
//! ([`QueuedWrite::take_over`]).

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use smallvec::{SmallVec, smallvec};

use super::batch::BatchHandle;
use super::batched_connection::BatchedConnection;
use super::batcher::{Batcher, Requests, TimeLimit, join};
use super::flush::Flush;
use crate::error::Error;
use crate::store::BackgroundWrite;
use crate::store::redis::connection::runtime_connection::RuntimeConnection;
use crate::store::redis::route::Route;
use crate::store::vocabulary::Swap;

/// The most values of a batch.
const MAX_VALUES: usize = 128;
/// The most bytes of a batch of several values: the server reads it in one piece.
const MAX_BYTES: usize = 256 * 1024;

/// The values of a batch.
pub(crate) struct WriteBatch {
    writes: SmallVec<[Box<dyn BackgroundWrite>; 1]>,
    bytes: usize,
}

impl Requests for WriteBatch {
    type Host = BatchedConnection;
    type Request<'a> = Box<dyn BackgroundWrite>;
    /// Callers do not wait for the answers: they hear when the batch is in line on the connection.
    type Answers = ();
    type Answer = ();

    const DOING: &'static str = "store";

    fn batcher(host: &BatchedConnection) -> &Batcher<Self> {
        &host.stores
    }

    fn route(write: &Box<dyn BackgroundWrite>) -> Route {
        Route::of_key(write.swap().key)
    }

    fn first(write: Box<dyn BackgroundWrite>) -> Self {
        let bytes = write.swap().value.len();
        Self { writes: smallvec![write], bytes }
    }

    fn add<'a>(&mut self, write: Self::Request<'a>) -> Result<usize, Self::Request<'a>> {
        let bytes = self.bytes + write.swap().value.len();
        if self.writes.len() >= MAX_VALUES || bytes > MAX_BYTES {
            return Err(write);
        }
        self.bytes = bytes;
        self.writes.push(write);
        Ok(self.writes.len() - 1)
    }

    async fn send(self, flush: Flush<Self>) {
        // Boxed because the future of a task is moved half a dozen times.
        Box::pin(self.store(flush)).await;
    }

    fn answer((): &mut (), _: usize) {}
}

impl WriteBatch {
    async fn store(self, flush: Flush<Self>) {
        let stored = {
            let mut request = pin!(store(&flush.host.connection, &self.writes, flush.deadline()));
            // The first poll puts the request in line.
            let begun = poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx))).await;
            flush.finish(Ok(()));
            match begun {
                Poll::Ready(stored) => stored,
                Poll::Pending => request.await,
            }
        };
        match stored {
            Ok(each) => self.writes.into_iter().zip(each).for_each(|(write, stored)| write.written(stored)),
            Err(error) => self.writes.into_iter().for_each(|write| write.written(Err(error.clone()))),
        }
    }
}

/// A lone value is stored as any single one is.
async fn store(
    connection: &RuntimeConnection,
    writes: &[Box<dyn BackgroundWrite>],
    until: Instant,
) -> Result<SmallVec<[Result<bool, Error>; 1]>, Error> {
    if let [write] = writes {
        return Ok(smallvec![connection.swap(write.swap(), until).await]);
    }
    let swaps: Vec<Swap<'_>> = writes.iter().map(|write| write.swap()).collect();
    // A box, so that a lone value need not have room for it.
    Box::pin(connection.swap_each(&swaps, until)).await.map(SmallVec::from_vec)
}

/// Sees to values that a server does not store because their keys are elsewhere.
pub(crate) trait RedirectedWrites: Send + Sync {
    /// Puts something around a value that learns what becomes of it, and sends it where it is redirected to.
    fn follow(self: Arc<Self>, write: Box<dyn BackgroundWrite>) -> Box<dyn BackgroundWrite>;
}

/// Where values of one runtime's callers wait to be stored.
pub(crate) struct WriteQueue {
    host: Arc<BatchedConnection>,
    /// How long a store may take from when it is sent.
    deadline: Duration,
    redirected: Option<Arc<dyn RedirectedWrites>>,
}

impl WriteQueue {
    pub(crate) fn new(host: Arc<BatchedConnection>, deadline: Duration) -> Self {
        Self { host, deadline, redirected: None }
    }

    /// For a server that redirects values.
    pub(crate) fn followed_by(self, redirected: Arc<dyn RedirectedWrites>) -> Self {
        Self { redirected: Some(redirected), ..self }
    }

    /// Stores a value in the background, together with others; without delay if `is_alone`.
    pub(crate) fn add(self, write: Box<dyn BackgroundWrite>, is_alone: bool) -> QueuedWrite {
        let limit = TimeLimit::Lasting(self.deadline);
        let write = match self.redirected {
            Some(redirected) => redirected.follow(write),
            None => write,
        };
        let handle = join(&self.host, write, limit, None, is_alone);
        QueuedWrite { host: self.host, handle }
    }
}

/// A value that is to be stored. Resolves when it is in line on the connection, or never will be.
pub(crate) struct QueuedWrite {
    host: Arc<BatchedConnection>,
    handle: BatchHandle<WriteBatch>,
}

impl QueuedWrite {
    /// Whether it is in line on the connection, or never will be.
    pub(crate) fn has_left(&self) -> bool {
        self.handle.batch.is_finished()
    }

    /// Stores the batch in place of its flush task, if that has not begun and a batch may be in flight. The first poll puts it in
    /// line.
    pub(crate) fn take_over(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        self.handle.take_over(&self.host)
    }
}

impl Future for QueuedWrite {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.handle).poll(cx).map(drop)
    }
}
