//! When to ask again what a server has refused: after a pause, and by one of many callers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::util::clock::Moment;

/// Closed for a pause, like a circuit breaker; when the pause is over, one caller is let through to try.
#[derive(Debug, Default)]
pub(crate) struct RetryGate {
    /// When it opens; 0 if it was never closed.
    opens: AtomicU64,
}

impl RetryGate {
    /// Closes it for `pause` from now on.
    pub(crate) fn close(&self, pause: Duration) {
        self.opens.store(Moment::now().plus(pause).ticks(), Ordering::Relaxed);
    }

    /// Closes it if it was never closed; says whether it did.
    pub(crate) fn close_first(&self, pause: Duration) -> bool {
        let next = Moment::now().plus(pause).ticks();
        self.opens.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(crate) fn is_closed(&self) -> bool {
        Moment::now().ticks() < self.opens.load(Ordering::Relaxed)
    }

    /// Whether this caller is the one to try. The gate is closed for the others, for another `pause`.
    pub(crate) fn admits_one(&self, pause: Duration) -> bool {
        let (opens, now) = (self.opens.load(Ordering::Relaxed), Moment::now());
        let next = now.plus(pause).ticks();
        now.ticks() >= opens
            && self.opens.compare_exchange(opens, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Ends the pause.
    #[cfg(test)]
    pub(crate) fn open(&self) {
        self.opens.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(60);

    #[test]
    fn one_of_many_is_admitted_after_each_pause() {
        let gate = RetryGate::default();
        assert!(gate.admits_one(PAUSE), "it was never closed");
        assert!(gate.is_closed() && !gate.admits_one(PAUSE), "one tries for all");
        gate.open();
        let admitted = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| gate.admits_one(PAUSE))).collect();
            callers.into_iter().map(|caller| usize::from(caller.join().expect("no panic"))).sum::<usize>()
        });
        assert_eq!(admitted, 1);
    }

    #[test]
    fn it_is_closed_for_as_long_as_is_said() {
        let gate = RetryGate::default();
        assert!(gate.close_first(PAUSE) && !gate.close_first(PAUSE));
        assert!(gate.is_closed() && !gate.admits_one(PAUSE));
        gate.close(Duration::ZERO);
        assert!(!gate.is_closed());
    }
}
