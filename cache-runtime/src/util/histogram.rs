//! How long something took, in buckets whose bounds double.
//!
//! A bucket of a power of two is found by counting leading zeros, and needs no configuration. What a quantile says is at most
//! twice the true value, which tells 1 ms from 10 ms: that is what such a figure is read for.

use std::time::Duration;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::counter::Counter;
use super::striped::Striped;

/// The bound of the first bucket is 2³ µs. A faster round trip is not worth telling apart.
const FIRST: u32 = 3;
/// Up to 2²⁶ µs, a little more than a minute, and one bucket for what takes longer.
const BOUNDED: usize = 24;
const BUCKETS: usize = BOUNDED + 1;

/// Counts durations. Relaxed and striped, as the counters are: to record costs two additions.
#[derive(Debug, Default)]
pub(crate) struct Durations(Striped<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    buckets: [Counter; BUCKETS],
    /// The sum, in nanoseconds: 584 years.
    nanos: Counter,
}

impl Durations {
    pub(crate) fn record(&self, took: Duration) {
        let stripe: &Buckets = &self.0;
        stripe.buckets[bucket(took)].count();
        stripe.nanos.add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds what was recorded so far to `to`.
    pub(crate) fn add_to(&self, to: &mut DurationHistogram) {
        for stripe in self.0.iter() {
            for (sum, bucket) in to.buckets.iter_mut().zip(&stripe.buckets) {
                *sum += bucket.get();
            }
            to.sum += Duration::from_nanos(stripe.nanos.get());
        }
    }
}

/// The index of the first bucket whose bound is not below the duration.
fn bucket(took: Duration) -> usize {
    let micros = u64::try_from(took.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
    let log2 = u64::BITS - micros.saturating_sub(1).leading_zeros();
    (log2.saturating_sub(FIRST) as usize).min(BOUNDED)
}

fn bound(bucket: usize) -> Duration {
    Duration::from_micros(1 << (FIRST as usize + bucket))
}

/// How long something took, each time: a histogram of 24 buckets from 8 µs to 67 s, each twice as wide as the one before, and one for
/// what took longer.
///
/// ```
/// use std::time::Duration;
///
/// use redis_cached::{Cache, redis_cached};
///
/// #[redis_cached(ttl = 60, key = "report:<n>")]
/// fn report(n: u64) -> u64 {
///     std::thread::sleep(Duration::from_millis(5));
///     n
/// }
///
/// let cache = Cache::memory();
/// cache.sync_scope(|| (report(1), report(2)));
/// let stats = cache.stats();
/// let times = &stats.functions[0].compute_times;
/// assert_eq!(times.count(), 2);
/// assert!(times.quantile(0.5) >= Duration::from_millis(5));
/// assert!(times.sum() >= Duration::from_millis(10));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DurationHistogram {
    /// How many durations fell into each bucket.
    buckets: [u64; BUCKETS],
    sum: Duration,
}

impl DurationHistogram {
    /// How many durations were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The sum of all durations. It is exact.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The arithmetic mean; zero if nothing was recorded.
    ///
    /// ```
    /// assert!(redis_cached::DurationHistogram::default().mean().is_zero());
    /// ```
    #[must_use]
    pub fn mean(&self) -> Duration {
        match self.count() {
            0 => Duration::ZERO,
            count => Duration::from_nanos((self.sum.as_nanos() / u128::from(count)) as u64),
        }
    }

    /// The bound below which the share `q` of all durations is, from 0 to 1: `quantile(0.99)` is the 99th percentile. It is the upper bound of
    /// the bucket, so the true value is between it and its half; 67 s if that is longer, and zero if nothing was recorded.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Duration {
        #[allow(clippy::cast_precision_loss, reason = "a rank needs no more than 52 bits")]
        let rank = q.clamp(0.0, 1.0) * self.count() as f64;
        self.buckets()
            .find(|(_, below)| {
                #[allow(clippy::cast_precision_loss, reason = "as above")]
                let below = *below as f64;
                below > 0.0 && below >= rank
            })
            .map_or_else(
                || if self.count() == 0 { Duration::ZERO } else { bound(BOUNDED - 1) },
                |(bound, _)| bound,
            )
    }

    /// The upper bound of each bucket, and how many durations are not above it: cumulative, as Prometheus has it. What took longer than the last
    /// bound is in [`count`](Self::count) only.
    ///
    /// ```
    /// let none = redis_cached::DurationHistogram::default();
    /// let (first, count) = none.buckets().next().expect("there are always 24");
    /// assert_eq!((first.as_micros(), count), (8, 0));
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let mut below = 0;
        self.buckets[..BOUNDED].iter().enumerate().map(move |(index, count)| {
            below += count;
            (bound(index), below)
        })
    }
}

/// `count`, `sum` in seconds, and `buckets`: the upper bound of each in seconds, and how many durations are not above it.
impl Serialize for DurationHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let buckets: Vec<_> = self.buckets().map(|(bound, below)| (bound.as_secs_f64(), below)).collect();
        let mut fields = serializer.serialize_struct("DurationHistogram", 3)?;
        fields.serialize_field("count", &self.count())?;
        fields.serialize_field("sum", &self.sum.as_secs_f64())?;
        fields.serialize_field("buckets", &buckets)?;
        fields.end()
    }
}

#[cfg(feature = "metrics")]
impl DurationHistogram {
    /// The durations that were recorded since an earlier snapshot: the middle of each bucket, and how many.
    pub(crate) fn since(&self, earlier: &Self) -> impl Iterator<Item = (Duration, usize)> {
        let counts = self.buckets.iter().zip(earlier.buckets).map(|(now, before)| now.saturating_sub(before));
        // In the middle of two bounds as a logarithmic axis has them.
        let middle = |(index, count)| (bound(index).div_f64(std::f64::consts::SQRT_2), count as usize);
        counts.enumerate().map(middle).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(durations: impl IntoIterator<Item = Duration>) -> DurationHistogram {
        let (recorded, mut histogram) = (Durations::default(), DurationHistogram::default());
        durations.into_iter().for_each(|took| recorded.record(took));
        recorded.add_to(&mut histogram);
        histogram
    }

    #[test]
    fn each_duration_is_in_the_first_bucket_that_bounds_it() {
        for index in 0..BOUNDED {
            assert_eq!(bucket(bound(index)), index);
            assert_eq!(bucket(bound(index) + Duration::from_nanos(1)), index + 1);
        }
        assert_eq!((bucket(Duration::ZERO), bucket(Duration::MAX)), (0, BOUNDED));
        assert_eq!(bound(0), Duration::from_micros(8));
        assert!(bound(BOUNDED - 1) > Duration::from_secs(60));
    }

    #[test]
    fn buckets_are_cumulative_and_the_sum_is_exact() {
        let long = Duration::from_secs(100);
        let micros = [1, 8, 9, 17, 1000].map(Duration::from_micros);
        let histogram = of(micros.into_iter().chain([long]));
        let below: Vec<_> = histogram.buckets().map(|(bound, below)| (bound.as_micros(), below)).collect();
        assert_eq!(below[..4], [(8, 2), (16, 3), (32, 4), (64, 4)]);
        assert_eq!(below.last(), Some(&(1 << 26, 5)), "what took longer is in no bucket that has a bound");
        assert_eq!(histogram.count(), 6);
        assert_eq!(histogram.sum(), long + Duration::from_micros(1035));
        assert_eq!(histogram.mean(), histogram.sum() / 6);
    }

    #[test]
    fn a_quantile_is_at_most_twice_the_true_value() {
        let histogram = of((1..=1000).map(Duration::from_millis));
        for (q, millis) in [(0.5, 500), (0.9, 900), (0.99, 990)] {
            let (at_most, truly) = (histogram.quantile(q), Duration::from_millis(millis));
            assert!(truly <= at_most && at_most <= 2 * truly, "{q}: {at_most:?}");
        }
        assert_eq!(histogram.quantile(0.0), Duration::from_micros(1024));
        assert_eq!(DurationHistogram::default().quantile(0.5), Duration::ZERO);
        assert_eq!(of([Duration::from_secs(1000)]).quantile(0.5), bound(BOUNDED - 1));
    }

    #[test]
    fn what_threads_record_is_added_up() {
        let recorded = Durations::default();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| (0..1000).for_each(|_| recorded.record(Duration::from_micros(100))));
            }
        });
        let mut histogram = DurationHistogram::default();
        recorded.add_to(&mut histogram);
        assert_eq!((histogram.count(), histogram.sum()), (20_000, Duration::from_secs(2)));
    }
}
