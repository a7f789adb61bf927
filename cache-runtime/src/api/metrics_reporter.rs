//! The counters for programs that have the crate `metrics`.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use metrics::{Label, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::cache::Cache;
use super::stats::families::{Family, MetricValue, families};
use crate::error::Error;
use crate::runtime::executor;
use crate::util::histogram::DurationHistogram;

/// Reports the counters of a [`Cache`] to the recorder that the program has installed for the crate `metrics`. Needs the cargo feature `metrics`.
///
/// ```
/// use std::time::Duration;
///
/// use redis_cached::{Cache, MetricsReporter};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let cache = Cache::memory();
/// tokio::spawn(MetricsReporter::new(&cache).run(Duration::from_secs(10)));
/// # }
/// ```
///
/// It reads the counters that the cache has anyway, so that a call costs the same with it and without. The metrics are those of
/// [`Stats::to_prometheus`](crate::Stats::to_prometheus), by the same names. Of a histogram, which recorders take value by value, each duration is reported as the
/// middle of its bucket: quantiles are as exact as those of [`DurationHistogram::quantile`], a sum is not.
pub struct MetricsReporter {
    cache: Cache,
    labels: Vec<Label>,
    described: HashSet<String>,
    /// What was reported last, since a recorder takes the new durations only.
    reported: HashMap<SeriesName, DurationHistogram>,
}

/// A metric and its labels.
type SeriesName = (String, Vec<(String, String)>);

impl MetricsReporter {
    /// Reports nothing yet.
    #[must_use]
    pub fn new(cache: &Cache) -> Self {
        let (described, reported) = (HashSet::new(), HashMap::new());
        Self { cache: cache.clone(), labels: Vec::new(), described, reported }
    }

    /// One more label for all metrics, which tells several caches of a program apart.
    ///
    /// ```
    /// # use redis_cached::{Cache, MetricsReporter};
    /// # let users = Cache::memory();
    /// let mut reporter = MetricsReporter::new(&users).label("cache", "users");
    /// reporter.report();
    /// ```
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push(Label::new(name.into(), value.into()));
        self
    }

    /// Reports the counters as they are now: for programs that are asked for their metrics, right before they answer. No round trip.
    pub fn report(&mut self) {
        let stats = self.cache.stats();
        for family in families(&stats) {
            self.report_family(&family);
        }
    }

    /// Reports at once, and then in this interval, until the future is dropped. On any runtime.
    ///
    /// # Errors
    /// [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) if the operating system refuses the library's own thread, which has the timer. It ends with nothing else.
    pub async fn run(mut self, every: Duration) -> Result<(), Error> {
        loop {
            self.report();
            executor::sleep(every).await?;
        }
    }

    fn report_family(&mut self, Family { name, help, samples }: &Family<'_>) {
        if let (true, Some(first)) = (self.described.insert(name.clone()), samples.first()) {
            match first.value {
                MetricValue::Counter(_) => describe_counter!(name.clone(), help.clone()),
                MetricValue::Gauge(_) => describe_gauge!(name.clone(), help.clone()),
                MetricValue::Histogram(_) => describe_histogram!(name.clone(), Unit::Seconds, help.clone()),
            }
        }
        for sample in samples {
            let own = sample.labels.iter().map(|(label, value)| Label::new(*label, (*value).to_owned()));
            let labels: Vec<Label> = own.chain(self.labels.iter().cloned()).collect();
            match sample.value {
                MetricValue::Counter(value) => counter!(name.clone(), labels).absolute(value),
                #[allow(clippy::cast_precision_loss, reason = "gauges are that")]
                MetricValue::Gauge(value) => gauge!(name.clone(), labels).set(value as f64),
                MetricValue::Histogram(durations) => {
                    let owned =
                        sample.labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned()));
                    let reported = self.reported.entry((name.clone(), owned.collect())).or_default();
                    let recorder = histogram!(name.clone(), labels);
                    for (middle, count) in durations.since(reported) {
                        recorder.record_many(middle.as_secs_f64(), count);
                    }
                    *reported = durations.clone();
                }
            }
        }
    }
}

impl fmt::Debug for MetricsReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsReporter").field("labels", &self.labels).finish_non_exhaustive()
    }
}
