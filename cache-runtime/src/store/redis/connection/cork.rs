//! Write coalescing: a stream that delays a write for a moment if other requests are about to be written.
//!
//! Under concurrency the cost of a hit is mostly a system call and waking the peer. The driver writes as soon as it has one
//! request; with 64 callers that is up to 64 small writes. Here a write first lets every task that is ready run once, and then
//! includes their requests. The write of a lone caller is not delayed, since nothing could be added to it.

use std::io::{self, IoSlice};
use std::mem::replace;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The traffic of a connection, shared by its callers and its stream.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// How many requests are in flight.
    waiting: AtomicUsize,
    /// How often the peer has shown a sign of life.
    signs: AtomicU64,
}

impl Traffic {
    /// Counts a request as in flight until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    fn are_several(&self) -> bool {
        self.waiting() > 1
    }

    /// How many requests are in flight.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Changes whenever bytes arrive, and while a large request is being sent. Filling the system's send buffer is no sign of
    /// life: it fills up for a dead peer as well.
    pub(crate) fn signs(&self) -> u64 {
        self.signs.load(Ordering::Relaxed)
    }

    fn sign(&self) {
        // Only one task writes: the stream belongs to the driver.
        self.signs.store(self.signs().wrapping_add(1), Ordering::Relaxed);
    }
}

/// A request in flight.
pub(crate) struct InFlight(Arc<Traffic>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The stream of a connection.
pub(crate) struct Cork<S> {
    stream: S,
    callers: Arc<Traffic>,
    /// Whether this write has been delayed already.
    waited: bool,
    /// Whether the system's send buffer is full, so that it accepts more only once the peer has read some.
    is_full: bool,
}

impl<S> Cork<S> {
    pub(crate) fn new(stream: S, callers: Arc<Traffic>) -> Self {
        Self { stream, callers, waited: false, is_full: false }
    }
}

impl<S: AsyncWrite + Unpin> Cork<S> {
    fn poll_written(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if !self.waited && self.callers.are_several() {
            self.waited = true;
            // The driver's task moves to the end of the queue. What it is handed meanwhile is added to its buffer.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let written = write(Pin::new(&mut self.stream), cx);
        let was_full = replace(&mut self.is_full, written.is_pending());
        let written = ready!(written);
        if was_full && written.as_ref().is_ok_and(|bytes| *bytes > 0) {
            self.callers.sign();
        }
        self.waited = false;
        Poll::Ready(written)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Cork<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_written(cx, |stream, cx| stream.poll_write(cx, buffer))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_written(cx, |stream, cx| stream.poll_write_vectored(cx, parts))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Cork<S> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.callers.sign();
        }
        read
    }
}
