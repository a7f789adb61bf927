//! A stream that waits a moment before it writes, if others are about to write too.
//!
//! What a hit costs under concurrency is mostly the price of a system call and of waking the other side. The driver
//! writes as soon as it has one request; with sixty-four callers that is up to sixty-four small writes. Here a write lets all
//! tasks that are ready run once more, and takes along what they ask. A lone caller's write does not wait: nobody else could
//! add to it.

use std::io;
use std::mem::replace;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What goes on on a connection, as its callers and its stream tell each other.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    /// How many wait for an answer.
    waiting: AtomicUsize,
    /// How often the peer has shown that it is there.
    signs: AtomicU64,
}

impl Callers {
    /// Counts one caller until what it gives is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(self))
    }

    fn are_several(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 1
    }

    /// Changes with whatever arrives, be it a part of a large answer, and while a large request leaves. To fill the system's
    /// buffers is no sign: a peer that is gone lets them be filled as well.
    pub(crate) fn signs(&self) -> u64 {
        self.signs.load(Ordering::Relaxed)
    }

    fn sign(&self) {
        // For one task: the stream is the driver's.
        self.signs.store(self.signs().wrapping_add(1), Ordering::Relaxed);
    }
}

/// One caller that waits.
pub(crate) struct Waiting(Arc<Callers>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection's stream.
pub(crate) struct Gather<S> {
    stream: S,
    callers: Arc<Callers>,
    /// Whether this write has let the others run already.
    waited: bool,
    /// Whether the system's buffers are full, so that they take more only when the peer has taken some.
    is_full: bool,
}

impl<S> Gather<S> {
    pub(crate) fn new(stream: S, callers: Arc<Callers>) -> Self {
        Self { stream, callers, waited: false, is_full: false }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gather<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        if !self.waited && self.callers.are_several() {
            self.waited = true;
            // The driver's task goes to the end of the line. What it is given meanwhile joins `buffer`.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, buffer);
        let was_full = replace(&mut self.is_full, written.is_pending());
        let written = ready!(written);
        if was_full && written.as_ref().is_ok_and(|bytes| *bytes > 0) {
            self.callers.sign();
        }
        self.waited = false;
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gather<S> {
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
