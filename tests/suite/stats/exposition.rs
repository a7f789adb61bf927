//! `to_prometheus`: read by a strict parser of the exposition format, and by `promtool` where it is installed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use redis_cached::{Cache, Stats, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{counted, slow};

/// A sample: its name, its labels in the order of their names, and its value.
type Series = (String, BTreeMap<String, String>, f64);

/// What the text says, by the name of the metric. Fails on whatever Prometheus would not take, or its linter objects to.
fn parse(text: &str) -> BTreeMap<String, Vec<Series>> {
    assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
    let mut families: BTreeMap<String, Vec<Series>> = BTreeMap::new();
    let (mut helped, mut current) = (String::new(), (String::new(), String::new()));
    let mut known = HashSet::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("a description");
            assert!(is_name(name) && !words.trim().is_empty(), "{line}");
            assert!(!words.contains(['`', '[']), "no Markdown: {line}");
            helped = name.to_owned();
        } else if let Some(of_type) = line.strip_prefix("# TYPE ") {
            let (name, kind) = of_type.split_once(' ').expect("a type");
            assert_eq!(name, helped, "its description comes first");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(families.insert(name.to_owned(), Vec::new()).is_none(), "twice: {name}");
            current = (name.to_owned(), kind.to_owned());
        } else {
            let series = parse_sample(line);
            let suffixes: &[&str] =
                if current.1 == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.iter().any(|suffix| series.0 == format!("{}{suffix}", current.0)), "{line}");
            assert!(known.insert((series.0.clone(), series.1.clone())), "twice: {line}");
            families.get_mut(&current.0).expect("its type comes first").push(series);
        }
    }
    for (name, series) in &families {
        assert!(!series.is_empty(), "{name} has no sample");
        check_histogram(name, series);
    }
    families
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
}

fn parse_sample(line: &str) -> Series {
    let end = line.find(['{', ' ']).expect("a value");
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(within) = rest.strip_prefix('{') {
        rest = within;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label");
            assert!(is_name(label), "{line}");
            let (value, after) = unescape(after);
            assert!(labels.insert(label.to_owned(), value).is_none(), "twice: {line}");
            match after.split_at(1) {
                (",", after) => rest = after,
                ("}", after) => break rest = after,
                _ => panic!("{line}"),
            }
        }
    }
    let value: f64 = rest.strip_prefix(' ').expect("one space").parse().expect("a number");
    assert!(value.is_finite() && value >= 0.0, "{line}");
    (name.to_owned(), labels, value)
}

/// A label's value, up to its closing quote, and what follows that.
fn unescape(text: &str) -> (String, &str) {
    let (mut value, mut chars) = (String::new(), text.char_indices());
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, char @ ('\\' | '"'))) => char,
                other => panic!("no escape: {other:?}"),
            }),
            char => value.push(char),
        }
    }
    panic!("no closing quote in {text}");
}

/// Bounds ascend, counts do not fall, and the last bucket has all.
fn check_histogram(name: &str, series: &[Series]) {
    let mut of_labels: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
    for (_, labels, count) in series.iter().filter(|(part, ..)| *part == format!("{name}_bucket")) {
        let mut labels = labels.clone();
        let bound = labels.remove("le").expect("a bound");
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a bound") };
        of_labels.entry(labels).or_default().push((bound, *count));
    }
    for (labels, buckets) in of_labels {
        assert!(
            buckets.is_sorted_by(|(a, below_a), (b, below_b)| a < b && below_a <= below_b),
            "{buckets:?}"
        );
        let count = series.iter().find(|(part, of, _)| *part == format!("{name}_count") && *of == labels);
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, count.expect("a count").2)));
        assert!(series.iter().any(|(part, of, _)| *part == format!("{name}_sum") && *of == labels));
    }
}

/// Has `promtool` lint the text. The parser above has read it, whether or not `promtool` is installed.
fn lint(text: &str) {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let Ok(mut promtool) = promtool.spawn() else { return };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}

#[redis_cached(ttl = 60, key = "stats:local:<id>", local = "1m")]
async fn local(id: u64) -> u64 {
    id
}

/// All series, by name and labels as they are written.
fn value(stats: &Stats, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let families = parse(&stats.to_prometheus());
    let fits = |of: &BTreeMap<String, String>| {
        labels.iter().all(|(label, value)| of.get(*label).is_some_and(|of| of.ends_with(value)))
    };
    families.values().flatten().find(|(of, labels, _)| of == name && fits(labels)).map(|(.., value)| *value)
}

#[tokio::test]
async fn what_prometheus_scrapes_is_what_happened() {
    let server = RedisServer::start();
    let cache = Cache::connect(&server.url()).await.unwrap();
    lint(&cache.stats().to_prometheus());
    cache
        .scope(async {
            for id in [0, 1, 1, 1, 2] {
                let _ = slow(id).await;
                let _ = counted(id).await;
                local(id).await;
            }
        })
        .await;
    cache.flush().await.unwrap();
    let stats = cache.stats();
    let function = ("function", "stats::slow");
    let lookups = |tier, result| {
        value(&stats, "redis_cached_lookups_total", &[function, ("tier", tier), ("result", result)])
    };
    assert_eq!(lookups("redis", "hit"), Some(2.0));
    assert_eq!(lookups("redis", "miss"), Some(3.0));
    assert_eq!(lookups("local", "hit"), Some(0.0));
    let reason =
        |reason| value(&stats, "redis_cached_misses_by_reason_total", &[function, ("reason", reason)]);
    assert_eq!((reason("cold"), reason("expired")), (Some(3.0), Some(0.0)));
    assert_eq!(value(&stats, "redis_cached_computes_total", &[function]), Some(3.0));
    assert_eq!(value(&stats, "redis_cached_compute_errors_total", &[function]), Some(1.0));
    assert_eq!(value(&stats, "redis_cached_stores_total", &[function, ("outcome", "stored")]), Some(2.0));
    let seconds = value(&stats, "redis_cached_compute_duration_seconds_sum", &[function]).unwrap();
    assert!((0.009..60.0).contains(&seconds), "{seconds} s");
    let below =
        |bound| value(&stats, "redis_cached_compute_duration_seconds_bucket", &[function, ("le", bound)]);
    assert_eq!((below("0.002048"), below("+Inf")), (Some(0.0), Some(3.0)), "a computation takes 3 ms");
    let requests =
        value(&stats, "db_client_operation_duration_seconds_count", &[("db_system_name", "redis")]);
    assert!(requests.is_some_and(|requests| requests > 0.0));
    assert!(value(&stats, "redis_cached_local_capacity_bytes", &[]).is_some_and(|bytes| bytes > 0.0));
    lint(&stats.to_prometheus());
}

#[tokio::test]
async fn no_label_is_a_key() {
    let cache = Cache::memory();
    for id in 1..=100 {
        cache.scope(counted(id)).await.unwrap();
    }
    let families = parse(&cache.stats().to_prometheus());
    let labels: BTreeSet<_> =
        families.values().flatten().flat_map(|(_, labels, _)| labels.keys().cloned()).collect();
    let known = ["function", "le", "outcome", "reason", "result", "tier"].map(String::from);
    assert_eq!(labels, BTreeSet::from(known));
}

mod twins {
    use redis_cached::redis_cached;

    macro_rules! two {
        ($One:ident $Other:ident) => {
            pub(super) struct $One;
            pub(super) struct $Other;
            impl $One {
                #[redis_cached(ttl = 60, key = "twins:one")]
                pub(super) fn get() -> u8 {
                    1
                }
            }
            impl $Other {
                #[redis_cached(ttl = 60, key = "twins:other")]
                pub(super) fn get() -> u8 {
                    2
                }
            }
        };
    }

    two!(One Other);
}

#[test]
fn functions_of_one_name_have_series_of_their_own() {
    let cache = Cache::memory();
    cache.sync_scope(|| (twins::One::get(), twins::Other::get()));
    parse(&cache.stats().to_prometheus());
}

#[tokio::test]
async fn the_counters_are_serialized() {
    let cache = Cache::memory();
    for id in [0, 1, 1] {
        let _ = cache.scope(slow(id)).await;
    }
    let json = serde_json::to_value(cache.stats()).unwrap();
    let function = &json["functions"][0];
    assert_eq!(function["function"], "suite::stats::slow");
    assert_eq!((&function["hits"], &function["misses"]), (&1.into(), &2.into()));
    assert_eq!(function["missed_for"]["cold"], 2);
    assert_eq!(function["compute_times"]["count"], 2);
    assert_eq!(function["compute_times"]["buckets"].as_array().unwrap().len(), 24);
    assert_eq!((&json["lost_invalidations"], &json["requests"]), (&0.into(), &serde_json::json!([])));
}
