//! The text that Prometheus scrapes: its exposition format 0.0.4, which is described at
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt;
use std::fmt::Write as _;

use super::Stats;
use super::families::{Family, MetricValue, Sample, families};
use crate::util::histogram::DurationHistogram;

impl Stats {
    /// The content type of [`to_prometheus`](Self::to_prometheus), for the answer's header.
    pub const PROMETHEUS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// The counters as Prometheus scrapes them, to be served at `/metrics`. No round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// #[redis_cached(ttl = 60, key = "square:<n>")]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// let cache = Cache::memory();
    /// cache.sync_scope(|| (square(12), square(12)));
    /// let text = cache.stats().to_prometheus();
    /// let hits = text.lines().find(|line| line.contains(r#"tier="redis",result="hit""#)).unwrap();
    /// assert!(hits.starts_with("redis_cached_lookups_total{function=") && hits.ends_with(" 1"));
    /// ```
    ///
    /// The page on monitoring lists all metrics. A label is the name of a function, never a key, so their number depends on the program and not on its data: about 60 time
    /// series for each function that was called, of which 26 are its histogram and 14 the reasons of its misses. Names of requests to Redis are those of OpenTelemetry.
    ///
    /// A program with several caches serves one of them, or gives each a path of its own: metrics of one name may stand only once in a text.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        for family in families(self) {
            // Infallible: it is written to a string.
            let _ = write_family(&mut text, &family);
        }
        text
    }
}

fn write_family(to: &mut String, family: &Family<'_>) -> fmt::Result {
    let Family { name, help, samples } = family;
    let kind = match samples.first().map(|sample| sample.value) {
        Some(MetricValue::Counter(_)) => "counter",
        Some(MetricValue::Gauge(_)) => "gauge",
        Some(MetricValue::Histogram(_)) => "histogram",
        None => return Ok(()),
    };
    writeln!(to, "# HELP {name} {}", help.replace('\\', "\\\\").replace('\n', "\\n"))?;
    writeln!(to, "# TYPE {name} {kind}")?;
    for Sample { labels, value } in samples {
        match value {
            MetricValue::Counter(value) | MetricValue::Gauge(value) => {
                writeln!(to, "{name}{} {value}", Labels(labels, None))?;
            }
            MetricValue::Histogram(histogram) => write_histogram(to, name, labels, histogram)?,
        }
    }
    Ok(())
}

fn write_histogram(
    to: &mut String,
    name: &str,
    labels: &[(&str, &str)],
    histogram: &DurationHistogram,
) -> fmt::Result {
    let count = histogram.count();
    for (bound, below) in histogram.buckets() {
        let bound = bound.as_secs_f64().to_string();
        writeln!(to, "{name}_bucket{} {below}", Labels(labels, Some(&bound)))?;
    }
    writeln!(to, "{name}_bucket{} {count}", Labels(labels, Some("+Inf")))?;
    writeln!(to, "{name}_sum{} {}", Labels(labels, None), histogram.sum().as_secs_f64())?;
    writeln!(to, "{name}_count{} {count}", Labels(labels, None))
}

/// The labels of a sample in braces, with the bound of a bucket where it is one.
struct Labels<'a>(&'a [(&'a str, &'a str)], Option<&'a str>);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(labels, le) = self;
        let mut before = '{';
        for (name, value) in labels.iter().copied().chain(le.map(|le| ("le", le))) {
            write!(f, "{before}{name}=\"")?;
            for char in value.chars() {
                match char {
                    '\\' => f.write_str("\\\\")?,
                    '"' => f.write_str("\\\"")?,
                    '\n' => f.write_str("\\n")?,
                    char => f.write_char(char)?,
                }
            }
            f.write_char('"')?;
            before = ',';
        }
        if before == ',' { f.write_char('}') } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::counters::FunctionStats;

    /// What stands before the value of each sample.
    fn samples(text: &str) -> Vec<&str> {
        text.lines().filter(|line| !line.starts_with('#')).collect()
    }

    fn stats(row: FunctionStats) -> Stats {
        Stats { functions: vec![row], ..Stats::default() }
    }

    #[test]
    fn every_counter_of_a_function_is_exposed() {
        let none = stats(FunctionStats::default());
        for counter in FunctionStats::default().counters() {
            let mut row = FunctionStats::default();
            *row.counter_mut(counter.name).expect("its field") = 7;
            let (text, without) = (stats(row).to_prometheus(), none.to_prometheus());
            let differ = samples(&text).iter().zip(samples(&without)).filter(|(a, b)| **a != *b).count();
            assert_eq!(differ, 1, "{} is in one series", counter.name);
        }
    }

    #[test]
    fn local_hits_and_others_have_a_series_each() {
        let text =
            stats(FunctionStats { hits: 10, local_hits: 7, ..FunctionStats::default() }).to_prometheus();
        assert!(text.contains("{function=\"\",tier=\"local\",result=\"hit\"} 7\n"), "{text}");
        assert!(text.contains("{function=\"\",tier=\"redis\",result=\"hit\"} 3\n"), "{text}");
    }

    #[test]
    fn labels_are_escaped() {
        let labels = [("function", "a\\b\"c\nd"), ("tier", "é")];
        assert_eq!(Labels(&labels, None).to_string(), r#"{function="a\\b\"c\nd",tier="é"}"#);
        assert_eq!(Labels(&[], Some("0.5")).to_string(), r#"{le="0.5"}"#);
        assert_eq!(Labels(&[], None).to_string(), "");
    }
}
