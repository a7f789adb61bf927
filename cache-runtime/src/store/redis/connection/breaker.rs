//! When a connection is of no more use.
//!
//! A peer that stopped, or a network that swallows packets, never closes a connection: its callers find out one by one,
//! each at the cost of its deadline. So a connection after which several answers in a row did not come is taken for dead.
//! All that callers report goes into one word, because the end and its reason must be one: with two, an answer between the
//! last timeout and the question "was it silence?" would let callers wait for the same silent peer again.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

/// After how many timeouts in a row a connection is given up.
pub(crate) const TIMEOUTS_IN_A_ROW: u32 = 3;

/// Less than these: how many timeouts there were since the last answer.
const SILENT: u32 = u32::MAX - 1;
const CLOSED: u32 = u32::MAX;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It said so, or broke.
    Closed,
    /// Nothing was heard any more.
    Silent,
}

/// One connection's. A connection that takes its place has its own, so nobody's late report harms it.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: AtomicU32,
    /// Of each silence, and of the end.
    news: Notify,
}

impl Breaker {
    /// An answer came.
    pub(crate) fn answered(&self) {
        // Read first: a store on every hit would make the cores pass this line around.
        if self.state.load(Ordering::Relaxed) != 0 {
            self.step(|_| 0);
        }
    }

    /// No answer came in time.
    pub(crate) fn timed_out(&self) {
        self.step(|timeouts| if timeouts + 1 < TIMEOUTS_IN_A_ROW { timeouts + 1 } else { SILENT });
    }

    /// The peer is silent, by whatever its keeper has found.
    pub(crate) fn give_up(&self) {
        self.step(|_| SILENT);
    }

    /// The connection is closed, or of no more use.
    pub(crate) fn close(&self) {
        self.step(|_| CLOSED);
    }

    /// Waits for the end. For one task: each connection has one keeper.
    pub(crate) async fn ended(&self) -> End {
        loop {
            if let Some(end) = self.end() {
                return end;
            }
            // Keeps one notification for who comes late.
            self.news.notified().await;
        }
    }

    /// The same, but gives `None` if somebody has waited in vain before it.
    pub(crate) async fn doubted(&self) -> Option<End> {
        if self.end().is_none() {
            self.news.notified().await;
        }
        self.end()
    }

    /// The end, if it has come.
    pub(crate) fn end(&self) -> Option<End> {
        end(self.state.load(Ordering::Acquire))
    }

    /// One report, which changes nothing after the end. Those of silence, and the one that brings the end, wake the keeper.
    fn step(&self, next: impl Fn(u32) -> u32) {
        let stepped = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            if end(state).is_none() { Some(next(state)) } else { None }
        });
        if stepped.is_ok() && self.state.load(Ordering::Acquire) != 0 {
            self.news.notify_one();
        }
    }
}

fn end(state: u32) -> Option<End> {
    match state {
        CLOSED => Some(End::Closed),
        SILENT => Some(End::Silent),
        _ => None,
    }
}
