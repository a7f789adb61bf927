//! Counters that cores do not fight over.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More than this many threads share. A power of two; each stripe is a hundred bytes or two.
const STRIPES: usize = 8;

/// A `T` for each of a few groups of threads. What is counted is the sum of all.
///
/// A counter on one cache line that two cores write to costs each of them more than a whole hit in this process.
#[derive(Debug, Default)]
pub(crate) struct Striped<T>([Padded<T>; STRIPES]);

/// Two lines: processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

impl<T> Striped<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|padded| &padded.0)
    }
}

/// The stripe of this thread.
impl<T> Deref for Striped<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
        }
        // A thread that is ending has none any more.
        &self.0[MINE.try_with(|mine| *mine).unwrap_or(0)].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Counter;

    #[test]
    fn what_all_threads_count_is_the_sum() {
        let counter = Striped::<Counter>::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| (0..100).for_each(|_| counter.count()));
            }
        });
        assert_eq!(counter.iter().map(Counter::get).sum::<u64>(), 2 * STRIPES as u64 * 100);
        assert!(counter.iter().filter(|stripe| stripe.get() > 0).count() > 1);
    }
}
