//! What cached functions read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Semaphore;

/// A database with one number. Reads can be held up between reading and returning.
pub(crate) struct Source {
    pub(crate) number: AtomicU64,
    reads: AtomicUsize,
    began: Semaphore,
    pub(crate) gate: Semaphore,
}

impl Source {
    pub(crate) fn new() -> Arc<Self> {
        let source = Self::closed();
        source.open();
        source
    }

    /// One whose reads do not return before it is opened.
    pub(crate) fn closed() -> Arc<Self> {
        let (began, gate) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { number: AtomicU64::new(1), reads: AtomicUsize::new(0), began, gate })
    }

    pub(crate) fn open(&self) {
        self.gate.add_permits(1_000_000);
    }

    pub(crate) async fn read(&self) -> u64 {
        let number = self.quick_read();
        self.began.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        number
    }

    pub(crate) fn quick_read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.number.load(Ordering::SeqCst)
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Waits until a read has read.
    pub(crate) async fn began(&self) {
        self.began.acquire().await.unwrap().forget();
    }

    pub(crate) fn write(&self) -> u64 {
        self.number.fetch_add(1, Ordering::SeqCst) + 1
    }
}
