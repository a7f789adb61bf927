//! A stream that waits a moment before it writes, if others are about to write too.
//!
//! What a hit costs under concurrency is mostly the price of a system call and of waking the other side. The driver
//! writes as soon as it has one request; with sixty-four callers that is up to sixty-four small writes. Here a write lets all
//! tasks that are ready run once more, and takes along what they ask. A lone caller's write does not wait: nobody else could
//! add to it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many callers wait for an answer of a connection.
#[derive(Debug, Default)]
pub(super) struct Callers(AtomicUsize);

impl Callers {
    /// Counts one caller until what it gives is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Waiting {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(self))
    }

    fn are_several(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

/// One caller that waits.
pub(super) struct Waiting(Arc<Callers>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection's stream.
pub(super) struct Gather<S> {
    stream: S,
    callers: Arc<Callers>,
    /// Whether this write has let the others run already.
    waited: bool,
}

impl<S> Gather<S> {
    pub(super) fn new(stream: S, callers: Arc<Callers>) -> Self {
        Self { stream, callers, waited: false }
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
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buffer));
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
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}
