//! A source that fails while there is an older value to be served: it is asked again, but not by each call.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::engine::Call;
use crate::engine::flight::FlightKey;
use crate::util::clock::later;
use crate::util::hashing::Seeded;
use crate::util::locks::lock;
use crate::util::test_clock::Clock;

/// So many keys are remembered. A source that fails for more of them is asked by each call for the others.
const KEYS: usize = 10_000;

/// The keys whose last computation failed, while an older value was served in its place.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    /// Hardly ever any, and then nothing is locked.
    number: AtomicUsize,
    keys: Mutex<HashMap<FlightKey, Failed, Seeded>>,
}

#[derive(Debug)]
struct Failed {
    /// How often in a row.
    times: u32,
    last: Instant,
    /// Until when the source is not asked again, by the cache's clock.
    rests_until: Instant,
}

/// Who computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// A call, whose caller waits. Its first failure may be a single one.
    Call,
    /// A refresh in the background.
    Refresh,
}

impl Failures {
    /// Whether `key` has failed since `began`, or so shortly before that it is not tried again yet.
    pub(crate) fn rests(&self, key: impl FnOnce() -> FlightKey, began: Instant, clock: &Clock) -> bool {
        self.number.load(Ordering::Relaxed) > 0
            && lock(&self.keys)
                .get(&key())
                .is_some_and(|failed| began <= failed.last || clock.now() < failed.rests_until)
    }

    /// A computation has failed. The next one is to be `rest` later.
    pub(crate) fn add(&self, key: FlightKey, attempt: Attempt, rest: Duration, clock: &Clock) {
        let (last, now) = (Instant::now(), clock.now());
        let mut keys = lock(&self.keys);
        if keys.len() >= KEYS && !keys.contains_key(&key) {
            keys.retain(|_, failed| now < failed.rests_until);
        }
        if keys.len() < KEYS || keys.contains_key(&key) {
            let failed = keys.entry(key).or_insert(Failed { times: 0, last, rests_until: now });
            failed.times = failed.times.saturating_add(1);
            failed.last = last;
            if attempt == Attempt::Refresh || failed.times > 1 {
                failed.rests_until = later(now, rest);
            }
        }
        self.number.store(keys.len(), Ordering::Relaxed);
    }

    /// A computation has succeeded. Says whether the last one had failed.
    pub(crate) fn remove(&self, key: impl FnOnce() -> FlightKey) -> bool {
        if self.number.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let mut keys = lock(&self.keys);
        let had_failed = keys.remove(&key()).is_some();
        self.number.store(keys.len(), Ordering::Relaxed);
        had_failed
    }
}

impl Call {
    /// Whether an older value is to be served to a call that began then, without trying to compute.
    pub(crate) fn source_rests(&self, key: impl FnOnce() -> FlightKey, began: Instant) -> bool {
        self.cache().failures.rests(key, began, &self.cache().clock)
    }

    /// A computation has failed, and an older value is served.
    pub(crate) fn source_failed(
        &self,
        key: FlightKey,
        attempt: Attempt,
        reason: impl FnOnce() -> Option<String>,
    ) {
        let cache = self.cache();
        self.function.outage.failed(self.function.site.name, &key, cache.clock.now(), reason);
        cache.failures.add(key, attempt, cache.retry_after, &cache.clock);
    }

    /// A computation has succeeded.
    pub(crate) fn source_succeeded(&self, key: impl Fn() -> FlightKey) {
        if self.cache().failures.remove(&key) {
            self.function.outage.succeeded(self.function.site.name, &key());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::clock::after;

    const REST: Duration = Duration::from_secs(60);

    fn key(number: usize) -> FlightKey {
        FlightKey { key: number.to_string().into(), fingerprint: 0 }
    }

    #[test]
    fn a_refresh_rests_at_once_and_a_call_has_a_second_try() {
        let (failures, clock) = (Failures::default(), Clock::default());
        let rests = |number| failures.rests(|| key(number), after(Duration::from_nanos(1)), &clock);
        let began = Instant::now();
        failures.add(key(1), Attempt::Refresh, REST, &clock);
        failures.add(key(2), Attempt::Call, REST, &clock);
        assert!(rests(1) && !rests(2) && !rests(3));
        assert!(failures.rests(|| key(2), began, &clock), "it failed while this call waited for it");
        failures.add(key(2), Attempt::Call, REST, &clock);
        assert!(rests(2));
        assert!(failures.remove(|| key(2)) && !failures.remove(|| key(2)));
        assert!(!rests(2) && !failures.rests(|| key(2), began, &clock));
    }

    #[test]
    fn what_has_rested_is_tried_again() {
        let (failures, clock) = (Failures::default(), Clock::default());
        failures.add(key(1), Attempt::Refresh, Duration::ZERO, &clock);
        std::thread::sleep(Duration::from_millis(1));
        assert!(!failures.rests(|| key(1), Instant::now(), &clock));
    }

    #[test]
    fn so_many_are_remembered_and_those_that_have_rested_make_room() {
        let (failures, clock) = (Failures::default(), Clock::default());
        let long_ago = Instant::now();
        (0..KEYS).for_each(|number| failures.add(key(number), Attempt::Call, REST, &clock));
        assert_eq!(lock(&failures.keys).len(), KEYS);
        (0..=KEYS).for_each(|number| failures.add(key(KEYS + number), Attempt::Refresh, REST, &clock));
        assert_eq!(lock(&failures.keys).len(), KEYS);
        assert!(
            failures.rests(|| key(KEYS), long_ago, &clock)
                && !failures.rests(|| key(2 * KEYS), long_ago, &clock)
        );
    }
}
