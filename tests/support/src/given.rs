//! Time as the machine gives it to this process. What it keeps from the process while others run is not counted, so a bound is
//! passed by what waits, and not by what had no processor.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(5);

/// In microseconds. A thread that sleeps and wakes in time adds all of it, one that is kept waiting adds two ticks at most.
static GIVEN: LazyLock<&AtomicU64> = LazyLock::new(|| {
    static SO_FAR: AtomicU64 = AtomicU64::new(0);
    thread::spawn(|| {
        loop {
            let began = Instant::now();
            thread::sleep(TICK);
            let given = began.elapsed().min(2 * TICK);
            SO_FAR.fetch_add(u64::try_from(given.as_micros()).unwrap_or(0), Ordering::Relaxed);
        }
    });
    &SO_FAR
});

/// A moment from which given time is counted.
#[derive(Debug)]
pub struct Given(u64);

impl Given {
    /// Now.
    pub fn now() -> Self {
        Self(GIVEN.load(Ordering::Relaxed))
    }

    /// The time since then that the process was given, in ticks of 5 ms.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(GIVEN.load(Ordering::Relaxed) - self.0)
    }
}

/// Else a bound would be none.
#[cfg(test)]
#[test]
fn who_sleeps_is_given_the_time() {
    let began = Given::now();
    let until = Instant::now() + Duration::from_secs(10);
    while began.elapsed() < Duration::from_millis(200) {
        assert!(Instant::now() < until, "time stands still: {:?}", began.elapsed());
        thread::sleep(TICK);
    }
}
