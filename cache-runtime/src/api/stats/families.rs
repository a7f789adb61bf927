//! The metrics that the counters are: their names, labels and descriptions, for whatever takes metrics.
//!
//! A metric is never the difference of two counters that grow at different moments: it could shrink, which every monitoring system takes for
//! a restart. The name of a function is a label, a key never is.

use super::{ChangeStats, LocalStats, RequestStats, Stats, TagStats};
use crate::engine::counters::CounterValue;
use crate::util::histogram::DurationHistogram;

/// Metrics of one name.
pub(crate) struct Family<'a> {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) samples: Vec<Sample<'a>>,
}

/// One time series.
pub(crate) struct Sample<'a> {
    pub(crate) labels: Vec<(&'static str, &'a str)>,
    pub(crate) value: MetricValue<'a>,
}

#[derive(Clone, Copy)]
pub(crate) enum MetricValue<'a> {
    Counter(u64),
    Gauge(u64),
    /// In seconds.
    Histogram(&'a DurationHistogram),
}

/// A counter, the metric that it is a part of, and the labels of that part.
type SharedMetric = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The counters of functions that have a metric in common, with the labels by which they differ. Each other counter is a metric of its own.
const SHARED: &[SharedMetric] = &[
    ("local_hits", LOOKUPS, &[("tier", "local"), ("result", "hit")]),
    ("hits", LOOKUPS, &[("tier", "redis"), ("result", "hit")]),
    ("misses", LOOKUPS, &[("tier", "redis"), ("result", "miss")]),
    ("replica_hits", REPLICA_READS, &[("result", "hit")]),
    ("replica_misses", REPLICA_READS, &[("result", "miss")]),
    ("stored", STORES, &[("outcome", "stored")]),
    ("confirmed", STORES, &[("outcome", "confirmed")]),
    ("superseded", STORES, &[("outcome", "superseded")]),
    ("not_stored", STORES, &[("outcome", "declined")]),
    ("unstorable", STORES, &[("outcome", "unstorable")]),
    ("too_large", STORES, &[("outcome", "too_large")]),
    ("verified_equal", VERIFICATIONS, &[("outcome", "equal")]),
    ("verified_changed", VERIFICATIONS, &[("outcome", "changed")]),
    ("verified_wrong", VERIFICATIONS, &[("outcome", "wrong")]),
    ("verified_unjudged", VERIFICATIONS, &[("outcome", "unjudged")]),
    ("stale", "redis_cached_served_stale_total", &[]),
    ("coalesced", "redis_cached_waits_total", &[]),
];

const LOOKUPS: &str = "redis_cached_lookups_total";
const REPLICA_READS: &str = "redis_cached_replica_reads_total";
const STORES: &str = "redis_cached_stores_total";
const VERIFICATIONS: &str = "redis_cached_verifications_total";

/// What the metrics say that several counters share.
const SHARED_HELP: &[(&str, &str)] = &[
    (LOOKUPS, "Look-ups, by where the value was looked for last, and whether a valid one was found."),
    (REPLICA_READS, "Look-ups that a replica may answer, by whether one did."),
    (STORES, "Computed values, by what became of them."),
    (VERIFICATIONS, "Hits whose functions ran as well, by what the comparison came to."),
];

/// All metrics of a cache.
pub(crate) fn families(stats: &Stats) -> Vec<Family<'_>> {
    let mut families = Families::default();
    of_functions(stats, &mut families);
    of_tags(&stats.tags, &mut families);
    of_requests(&stats.requests, &mut families);
    let Stats {
        pending_invalidations,
        retried_invalidations,
        repeated_invalidations,
        lost_invalidations,
        ..
    } = stats;
    families.add(
        "redis_cached_invalidations_pending",
        "Invalidations that failed and are being retried.",
        vec![],
        MetricValue::Gauge(*pending_invalidations),
    );
    for (outcome, count) in [
        ("retried", retried_invalidations),
        ("repeated", repeated_invalidations),
        ("lost", lost_invalidations),
    ] {
        families.add(
            "redis_cached_invalidations_total",
            "Invalidations that succeeded when they were retried, were repeated after a failover, or were given up.",
            vec![("outcome", outcome)],
            MetricValue::Counter(*count),
        );
    }
    if let Some(changes) = stats.changes {
        of_changes(changes, &mut families);
    }
    if let Some(local) = &stats.local {
        of_local(local, &mut families);
    }
    families.0
}

fn of_tags<'a>(tags: &'a [TagStats], families: &mut Families<'a>) {
    for TagStats { tag, hits, misses, .. } in tags {
        for (result, count) in [("hit", hits), ("miss", misses)] {
            families.add(
                "redis_cached_tag_reads_total",
                "Reads in Redis of entries with such a tag, by whether a valid one was found.",
                vec![("tag", tag), ("result", result)],
                MetricValue::Counter(*count),
            );
        }
    }
    for TagStats { tag, invalidations, .. } in tags {
        families.add(
            "redis_cached_tag_invalidations_total",
            "Such tags that this process has invalidated.",
            vec![("tag", tag)],
            MetricValue::Counter(*invalidations),
        );
    }
}

fn of_functions<'a>(stats: &'a Stats, families: &mut Families<'a>) {
    // By counter and then by function: the samples of a metric stand together.
    let rows: Vec<_> = stats.functions.iter().map(|row| (row, row.counters())).collect();
    let counters = rows.first().map_or(0, |(_, counters)| counters.len());
    for at in 0..counters {
        for (row, counters) in &rows {
            let CounterValue { name, doc, mut value } = counters[at];
            if name == "hits" {
                // Local hits have a series of their own. This is how both are counted.
                value = value.saturating_sub(row.local_hits);
            }
            let shared = SHARED.iter().find(|(counter, ..)| *counter == name);
            let mut labels = vec![("function", row.function.as_str())];
            let family = match shared {
                Some((_, family, more)) => {
                    labels.extend_from_slice(more);
                    (*family).to_owned()
                }
                None => format!("redis_cached_{name}_total"),
            };
            let help = SHARED_HELP.iter().find(|(of, _)| *of == family).map(|(_, help)| *help);
            families.add(&family, help.unwrap_or(doc), labels, MetricValue::Counter(value));
        }
    }
    for row in &stats.functions {
        for (reason, count) in row.missed_for.each() {
            families.add(
                "redis_cached_misses_by_reason_total",
                "What misses were for. Seen on a sample where a function has many keys.",
                vec![("function", &row.function), ("reason", reason)],
                MetricValue::Counter(count),
            );
        }
    }
    for row in &stats.functions {
        families.add(
            "redis_cached_compute_duration_seconds",
            "How long the function's body ran, until it returned a value or an error.",
            vec![("function", &row.function)],
            MetricValue::Histogram(&row.compute_times),
        );
    }
}

fn of_requests<'a>(requests: &'a [RequestStats], families: &mut Families<'a>) {
    for RequestStats { operation, times, .. } in requests {
        families.add(
            "db_client_operation_duration_seconds",
            "How long requests to Redis took. Concurrent look-ups share one.",
            vec![("db_system_name", "redis"), ("db_operation_name", operation)],
            MetricValue::Histogram(times),
        );
    }
    for RequestStats { operation, timeouts, failures, .. } in requests {
        for (error_type, count) in [("timeout", timeouts), ("connection", failures)] {
            families.add(
                "redis_cached_request_errors_total",
                "Requests to Redis that were not answered in time, or for which there was no connection.",
                vec![("db_operation_name", operation), ("error_type", error_type)],
                MetricValue::Counter(*count),
            );
        }
    }
}

fn of_local(local: &LocalStats, families: &mut Families<'_>) {
    let LocalStats { serving, entries, bytes, capacity, too_large, changes, dropped } = *local;
    let metrics = [
        ("serving", "1 if values in this process are served.", MetricValue::Gauge(u64::from(serving))),
        ("entries", "Values in this process.", MetricValue::Gauge(entries)),
        ("bytes", "Bytes of the values in this process.", MetricValue::Gauge(bytes)),
        (
            "capacity_bytes",
            "The most bytes that values in this process may take.",
            MetricValue::Gauge(capacity),
        ),
        ("too_large_total", "Values too large to be kept in this process.", MetricValue::Counter(too_large)),
        (
            "changes_total",
            "Changes that Redis reported of values in this process.",
            MetricValue::Counter(changes),
        ),
        ("dropped_total", "How often all values of a server were dropped.", MetricValue::Counter(dropped)),
    ];
    for (name, help, value) in metrics {
        families.add(&format!("redis_cached_local_{name}"), help, vec![], value);
    }
}

fn of_changes(changes: ChangeStats, families: &mut Families<'_>) {
    let ChangeStats { followers, changes, unknown, failures, behind } = changes;
    let metrics = [
        ("followers", "Followers of data sources that run.", MetricValue::Gauge(followers)),
        (
            "changes_behind_seconds",
            "For how long the follower that is furthest behind has had changes to invalidate, or not heard its source.",
            MetricValue::Gauge(behind.as_secs()),
        ),
        ("changes_total", "Changes of data sources that were invalidated.", MetricValue::Counter(changes)),
        (
            "unknown_changes_total",
            "Those of them of which the source could not say what they are.",
            MetricValue::Counter(unknown),
        ),
        (
            "change_failures_total",
            "Failures to hear a data source, to invalidate what has changed, or to acknowledge it.",
            MetricValue::Counter(failures),
        ),
    ];
    for (name, help, value) in metrics {
        families.add(&format!("redis_cached_{name}"), help, vec![], value);
    }
}

#[derive(Default)]
struct Families<'a>(Vec<Family<'a>>);

impl<'a> Families<'a> {
    fn add(&mut self, name: &str, help: &str, labels: Vec<(&'static str, &'a str)>, value: MetricValue<'a>) {
        let sample = Sample { labels, value };
        match self.0.iter_mut().find(|family| family.name == name) {
            Some(family) => family.samples.push(sample),
            None => self.0.push(Family { name: name.to_owned(), help: plain(help), samples: vec![sample] }),
        }
    }
}

/// The first sentences of a doc comment as text, without code marks, links and line breaks.
fn plain(doc: &str) -> String {
    let mut text = String::new();
    let mut rest = doc.trim();
    while let Some(end) = rest.find("](") {
        text.push_str(&rest[..end]);
        rest = rest[end..].split_once(')').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let text = text.replace(['`', '['], "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_plain_text() {
        let doc = " Values that take more than [`max_size`](crate::CacheBuilder),  or `b`.";
        assert_eq!(plain(doc), "Values that take more than max_size, or b.");
        assert_eq!(plain("no link"), "no link");
    }
}
