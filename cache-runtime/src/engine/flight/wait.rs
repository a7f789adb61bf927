//! A wait for another caller's computation: its limit, and whether it would be in vain.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::FlightKey;
use super::chain::Chain;
use super::circle::Waits;
use crate::util::clock::later;
use crate::util::hashing::Seeded;
use crate::util::locks::lock;
use crate::util::process::PerProcess;

/// Held while a call waits for another's computation.
pub(crate) struct Wait {
    key: FlightKey,
    /// The computations around the call. Only a nested call can be part of a cycle, and it shares their patience.
    chain: Option<Chain>,
    began: Instant,
    patience: Duration,
}

/// All waits of calls within computations.
fn waits() -> MutexGuard<'static, Waits<FlightKey, Seeded>> {
    static WAITS: PerProcess<Mutex<Waits<FlightKey, Seeded>>> = PerProcess::new();
    lock(&WAITS)
}

impl Wait {
    /// Begins to wait for somebody who computes `key`: no longer than `patience`, and no longer than the computations that the call is
    /// within have left of theirs. `None` if that is not at all, and if who computes the key waits for one of them.
    pub(crate) fn begin(key: FlightKey, patience: Duration) -> Option<Self> {
        let (began, chain) = (Instant::now(), Chain::current());
        let Some(chain) = chain else {
            return (!patience.is_zero()).then_some(Self { key, chain: None, began, patience });
        };
        if !waits().begin(chain.keys(), &key) {
            return None;
        }
        let patience = patience.min(chain.begin_wait(began));
        let wait = Self { key, chain: Some(chain), began, patience };
        (!patience.is_zero()).then_some(wait)
    }

    /// How long it may take.
    #[cfg(test)]
    fn patience(&self) -> Duration {
        self.patience
    }

    /// When it is over.
    pub(crate) fn until(&self) -> Instant {
        later(self.began, self.patience)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(chain) = &self.chain {
            waits().end(chain.keys(), &self.key);
            chain.end_wait(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{computing, sync_computing};
    use super::*;

    const LONG: Duration = Duration::from_secs(10);
    const SHORT: Duration = Duration::from_secs(1);

    fn key(name: &str) -> FlightKey {
        FlightKey { key: name.into(), fingerprint: 0 }
    }

    #[test]
    fn patience_is_that_of_the_least_patient() {
        let patience = |own| Wait::begin(key("other"), own).map(|wait| wait.patience());
        assert_eq!((patience(LONG), patience(Duration::ZERO)), (Some(LONG), None));
        sync_computing(key("outer"), SHORT, || {
            assert!(patience(LONG).is_some_and(|patience| patience <= SHORT));
            sync_computing(key("inner"), LONG, || {
                assert!(patience(LONG).is_some_and(|patience| patience <= SHORT));
            });
            sync_computing(key("inner"), Duration::ZERO, || assert_eq!(patience(LONG), None));
        });
    }

    #[test]
    fn what_one_call_waits_for_is_spent_for_all_that_it_is_within() {
        let wait = |millis| {
            let wait = Wait::begin(key("other"), LONG)?;
            std::thread::sleep(Duration::from_millis(millis));
            Some(wait)
        };
        sync_computing(key("spent outer"), SHORT, || {
            sync_computing(key("spent inner"), LONG, || {
                // Two concurrent waits spend the patience once.
                let both = (wait(50), wait(50));
                assert!(both.0.is_some() && both.1.is_some());
                drop(both);
                assert!(wait(1000).is_some_and(|wait| wait.patience() <= SHORT - Duration::from_millis(100)));
            });
            assert!(wait(0).is_none());
        });
    }

    #[tokio::test]
    async fn two_that_call_each_other_do_not_both_wait() {
        let (one, other) = (key("one"), key("two"));
        let waits = computing(one.clone(), LONG, async { Wait::begin(other.clone(), LONG) }).await;
        assert!(waits.is_some());
        let closes = || sync_computing(other.clone(), LONG, || Wait::begin(one.clone(), LONG));
        assert!(closes().is_none());
        drop(waits);
        assert!(closes().is_some());
    }
}
