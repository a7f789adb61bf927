//! Counters that cores do not fight over.

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::counter::Counter;

/// So many threads have a stripe each.
const ALONE: usize = 8;
/// So many stripes the other threads share.
const SHARED: usize = 8;

/// A `T` for each of a few groups of threads. What is counted is the sum of all.
///
/// A counter on one cache line that two cores write to costs each of them more than a whole hit in this process. And one that a
/// thread has alone need not be added to in one step, which costs a fifth of such a hit.
#[derive(Debug, Default)]
pub(crate) struct Striped<T>([Padded<T>; ALONE + SHARED]);

/// Two lines: processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

/// Which stripe a thread has.
#[derive(Clone, Copy)]
struct Stripe {
    index: usize,
    /// Whether no other thread writes to it.
    is_alone: bool,
}

/// A thread's stripe, which another may have when it ends.
struct Claim(Stripe);

/// The stripes that a thread has alone, a bit each.
static TAKEN: AtomicU32 = AtomicU32::new(0);

impl Claim {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let lowest_free = |taken: u32| taken.trailing_ones();
        let taken = TAKEN.fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
            ((lowest_free(taken) as usize) < ALONE).then(|| taken | 1 << lowest_free(taken))
        });
        Self(match taken {
            Ok(taken) => Stripe { index: lowest_free(taken) as usize, is_alone: true },
            Err(_) => {
                Stripe { index: ALONE + NEXT.fetch_add(1, Ordering::Relaxed) % SHARED, is_alone: false }
            }
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.0.is_alone {
            // Who has it next goes on from what this thread has counted.
            TAKEN.fetch_and(!(1 << self.0.index), Ordering::Release);
        }
    }
}

impl Stripe {
    #[inline]
    fn mine() -> Self {
        thread_local! {
            static MINE: Claim = Claim::new();
        }
        // A thread that is ending has none any more.
        MINE.try_with(|claim| claim.0).unwrap_or(Self { index: ALONE, is_alone: false })
    }
}

impl<T> Striped<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|padded| &padded.0)
    }

    /// [`Counter::count`], and cheaper. No other thread may write to this thread's stripe.
    #[inline]
    pub(crate) fn count_one(&self, which: impl FnOnce(&T) -> &Counter) {
        let Stripe { index, is_alone } = Stripe::mine();
        let counter = which(&self.0[index].0);
        if is_alone { counter.count_alone() } else { counter.count() }
    }
}

/// The stripe of this thread, to be written to by it.
impl<T> Deref for Striped<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0[Stripe::mine().index].0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    const THREADS: usize = 2 * (ALONE + SHARED);

    #[test]
    fn what_all_threads_count_is_the_sum() {
        let counter = Striped::<Counter>::default();
        let all_count = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    counter.count();
                    all_count.wait();
                    (0..99_999).for_each(|_| counter.count_one(|counter| counter));
                });
            }
        });
        assert_eq!(counter.iter().map(Counter::get).sum::<u64>(), THREADS as u64 * 100_000);
        assert!(counter.iter().filter(|stripe| stripe.get() > 0).count() > SHARED);
    }

    #[test]
    fn a_thread_that_comes_later_goes_on_with_a_stripe() {
        let counter = Striped::<Counter>::default();
        for _ in 0..THREADS {
            std::thread::scope(|scope| {
                scope.spawn(|| (0..100).for_each(|_| counter.count_one(|counter| counter)));
            });
        }
        assert_eq!(counter.iter().map(Counter::get).sum::<u64>(), THREADS as u64 * 100);
    }

    #[test]
    fn no_two_threads_have_one_alone() {
        let all_have_one = Barrier::new(THREADS);
        let mut alone: Vec<usize> = std::thread::scope(|scope| {
            let stripes = [(); THREADS].map(|()| {
                scope.spawn(|| {
                    let mine = Stripe::mine();
                    all_have_one.wait();
                    mine
                })
            });
            let stripes = stripes.map(|thread| thread.join().expect("it does not panic"));
            stripes.iter().filter(|stripe| stripe.is_alone).map(|stripe| stripe.index).collect()
        });
        let len = alone.len();
        alone.sort_unstable();
        alone.dedup();
        assert_eq!(alone.len(), len);
    }
}
