//! A circuit breaker: decides when a connection is dead.
//!
//! A frozen peer, or a network that drops packets, never closes a connection. Each caller would find out by itself, at the cost
//! of its deadline. A connection on which several requests in a row time out is therefore given up. All reports go into one
//! atomic word, because the end and its reason must change together: with two words, an answer between the last timeout and the
//! question "was it silent?" would make callers wait for the same silent peer again.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

/// After this many timeouts in a row a connection is given up.
pub(crate) const TIMEOUTS_IN_A_ROW: u32 = 3;

/// Smaller values count the timeouts since the last answer.
const SILENT: u32 = u32::MAX - 1;
const CLOSED: u32 = u32::MAX;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// It was closed, or broke.
    Closed,
    /// The peer fell silent.
    Silent,
}

/// The breaker of one connection. Its replacement has another one, which a late report cannot affect.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: AtomicU32,
    /// Notified of each timeout, and of the end.
    news: Notify,
}

impl Breaker {
    /// An answer arrived.
    pub(crate) fn answered(&self) {
        // Load first: a store for every hit would make cores contend for the cache line.
        if self.state.load(Ordering::Relaxed) != 0 {
            self.step(|_| 0);
        }
    }

    /// A request timed out.
    pub(crate) fn timed_out(&self) {
        self.step(|timeouts| if timeouts + 1 < TIMEOUTS_IN_A_ROW { timeouts + 1 } else { SILENT });
    }

    /// The peer is silent, as the reconnector has found.
    pub(crate) fn give_up(&self) {
        self.step(|_| SILENT);
    }

    /// The connection is closed, or unusable.
    pub(crate) fn close(&self) {
        self.step(|_| CLOSED);
    }

    /// Waits for the end. For one task: each connection has one reconnector.
    pub(crate) async fn ended(&self) -> EndReason {
        loop {
            if let Some(end) = self.end() {
                return end;
            }
            // Stores one notification for a late caller.
            self.news.notified().await;
        }
    }

    /// Waits for the end or for a timeout, which is `None`.
    pub(crate) async fn doubted(&self) -> Option<EndReason> {
        if self.end().is_none() {
            self.news.notified().await;
        }
        self.end()
    }

    /// The end, if it has come.
    pub(crate) fn end(&self) -> Option<EndReason> {
        end(self.state.load(Ordering::Acquire))
    }

    /// Applies a report; after the end it has no effect. Timeouts and the end wake the reconnector.
    fn step(&self, next: impl Fn(u32) -> u32) {
        let stepped = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            if end(state).is_none() { Some(next(state)) } else { None }
        });
        if stepped.is_ok() && self.state.load(Ordering::Acquire) != 0 {
            self.news.notify_one();
        }
    }
}

fn end(state: u32) -> Option<EndReason> {
    match state {
        CLOSED => Some(EndReason::Closed),
        SILENT => Some(EndReason::Silent),
        _ => None,
    }
}
