//! `MetricsReporter`: what a recorder of the crate `metrics` is told.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::thread::Thread;
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use redis_cached::{Cache, MetricsReporter, redis_cached};

#[redis_cached(ttl = 60, key = "reporter:<id>")]
async fn slow(id: u64) -> Result<u64, ()> {
    tokio::time::sleep(Duration::from_millis(3)).await;
    if id == 0 { Err(()) } else { Ok(id) }
}

/// Keeps what it is told, by name and labels.
#[derive(Default)]
struct Told {
    described: Mutex<BTreeSet<String>>,
    counters: Mutex<BTreeMap<String, Arc<Number>>>,
    values: Mutex<BTreeMap<String, Arc<Values>>>,
}

#[derive(Default)]
struct Number(AtomicU64);

impl CounterFn for Number {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

fn text(key: &Key) -> String {
    let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
    format!("{} {}", key.name(), labels.collect::<Vec<_>>().join(" "))
}

impl Told {
    fn described(&self, name: &KeyName) {
        assert!(self.described.lock().unwrap().insert(name.as_str().to_owned()), "twice: {name:?}");
    }

    fn counter(&self, metric: &str) -> u64 {
        let counters = self.counters.lock().unwrap();
        counters.get(metric).unwrap_or_else(|| panic!("{:?}", counters.keys())).0.load(Ordering::Relaxed)
    }

    fn values(&self, metric: &str) -> Vec<f64> {
        self.values
            .lock()
            .unwrap()
            .get(metric)
            .map(|values| values.0.lock().unwrap().clone())
            .unwrap_or_default()
    }
}

impl Recorder for Told {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.described(&key);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.described(&key);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        assert_eq!(unit, Some(Unit::Seconds));
        self.described(&key);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(self.counters.lock().unwrap().entry(text(key)).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::clone(self.values.lock().unwrap().entry(text(key)).or_default()))
    }
}

#[tokio::test]
async fn a_recorder_is_told_each_counter_and_each_computation_once() {
    let (cache, told) = (Cache::memory(), Told::default());
    let mut reporter = MetricsReporter::new(&cache).label("cache", "users");
    let mut report = || metrics::with_local_recorder(&told, || reporter.report());
    report();
    for _ in 0..2 {
        for id in [0, 1, 1, 1, 2] {
            let _ = cache.scope(slow(id)).await;
        }
        report();
    }
    report();
    let function = "function=suite::observed::reporter::slow";
    let of = |name: &str| told.counter(&format!("redis_cached_{name}"));
    assert_eq!(of(&format!("lookups_total {function} tier=redis result=hit cache=users")), 6);
    assert_eq!(of(&format!("lookups_total {function} tier=redis result=miss cache=users")), 4);
    assert_eq!(of(&format!("compute_errors_total {function} cache=users")), 2);
    assert_eq!(of("invalidations_total outcome=lost cache=users"), 0);
    let seconds = told.values(&format!("redis_cached_compute_duration_seconds {function} cache=users"));
    assert_eq!(seconds.len(), 4, "one for each computation: {seconds:?}");
    assert!(seconds.iter().all(|seconds| (0.002..60.0).contains(seconds)), "{seconds:?}");
}

#[redis_cached(ttl = 60, key = "reported")]
fn reported() -> u8 {
    1
}

/// Wakes the test's own thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn it_runs_without_a_runtime() {
    let cache = Cache::memory();
    cache.sync_scope(reported);
    let told = Told::default();
    let mut run = pin!(MetricsReporter::new(&cache).run(Duration::from_millis(5)));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let hits =
        "redis_cached_lookups_total function=suite::observed::reporter::reported tier=redis result=hit";
    metrics::with_local_recorder(&told, || {
        let mut poll = || assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        poll();
        assert_eq!(told.counter(hits), 0);
        cache.sync_scope(reported);
        while told.counter(hits) == 0 {
            thread::park();
            poll();
        }
    });
    assert_eq!(told.counter(hits), 1);
}
