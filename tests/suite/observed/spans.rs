//! The cargo feature `tracing`: which spans there are, within which, and what they say.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use tokio::task::JoinSet;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Dispatch, Event, Instrument as _, Level, Metadata, Subscriber, debug_span};
use tracing_core::span::Current;

#[derive(Debug, Clone, Default)]
struct Recorded {
    name: &'static str,
    /// The name of the span around it.
    parent: Option<&'static str>,
    /// The names of the spans that it follows from.
    follows: Vec<&'static str>,
    fields: BTreeMap<&'static str, String>,
    metadata: Option<&'static Metadata<'static>>,
}

impl Recorded {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

/// Records the spans of the test's own thread, up to a level.
#[derive(Clone)]
struct Spans(Arc<Mutex<Vec<Recorded>>>, Level);

impl Default for Spans {
    fn default() -> Self {
        Self(Arc::default(), Level::TRACE)
    }
}

thread_local! {
    static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Spans {
    fn record(&self) -> DefaultGuard {
        // While there is just one subscriber, `tracing` asks that of the thread alone that meets a span first, which may be a test without one.
        static NEVER_ALONE: OnceLock<Dispatch> = OnceLock::new();
        NEVER_ALONE.get_or_init(|| Dispatch::new(Self::default()));
        tracing::subscriber::set_default(self.clone())
    }

    fn of(&self, name: &str) -> Vec<Recorded> {
        self.0.lock().unwrap().iter().filter(|span| span.name == name).cloned().collect()
    }

    fn name(&self, id: &Id) -> &'static str {
        self.0.lock().unwrap()[id.into_u64() as usize - 1].name
    }
}

impl Subscriber for Spans {
    /// Not once for all: tests that want different levels run beside each other.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && *metadata.level() <= self.1
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let around = ENTERED.with_borrow(|entered| entered.last().cloned()).filter(|_| span.is_contextual());
        let parent = span.parent().cloned().or(around).map(|id| self.name(&id));
        let mut recorded = Recorded {
            name: span.metadata().name(),
            parent,
            metadata: Some(span.metadata()),
            ..Recorded::default()
        };
        span.record(&mut Fields(&mut recorded.fields));
        let mut spans = self.0.lock().unwrap();
        spans.push(recorded);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()[span.into_u64() as usize - 1].fields));
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        let follows = self.name(follows);
        self.0.lock().unwrap()[span.into_u64() as usize - 1].follows.push(follows);
    }

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.clone()));
    }

    fn exit(&self, _: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.pop());
    }

    fn current_span(&self) -> Current {
        let current = ENTERED.with_borrow(|entered| entered.last().cloned());
        current.map_or_else(Current::none, |id| {
            let metadata = self.0.lock().unwrap()[id.into_u64() as usize - 1].metadata;
            Current::new(id, metadata.expect("it has some"))
        })
    }
}

#[redis_cached(ttl = 60, key = "spans:<id>")]
async fn spanned(id: u64) -> u64 {
    debug_span!("query").in_scope(|| id)
}

#[redis_cached(ttl = "20ms", stale_while_revalidate = "1h", key = "spans:stale:<id>")]
async fn refreshed(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "spans:slow:<id>")]
async fn slow(id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(50)).await;
    id
}

#[tokio::test]
async fn a_miss_and_a_hit_have_a_span_for_each_thing_that_takes_time() {
    let server = RedisServer::start();
    let cache = Cache::connect(&server.url()).await.unwrap();
    let spans = Spans::default();
    let _recording = spans.record();
    let in_request = |request| cache.scope(spanned(7)).instrument(request);
    in_request(debug_span!("request")).await;
    let [get] = &spans.of("cache.get")[..] else { panic!("{:?}", spans.of("cache.get")) };
    assert_eq!((get.parent, get.field("cache.hit")), (Some("request"), "false"));
    assert_eq!(get.field("code.function.name"), "suite::observed::spans::spanned");
    let [compute] = &spans.of("cache.compute")[..] else { panic!("{:?}", spans.of("cache.compute")) };
    assert_eq!(compute.parent, Some("request"));
    assert_eq!(spans.of("query")[0].parent, Some("cache.compute"), "what the body does is within");
    cache.flush().await.unwrap();

    let before = spans.of("redis.request").len();
    in_request(debug_span!("request")).await;
    assert_eq!(spans.of("cache.get")[1].field("cache.hit"), "true");
    assert_eq!(spans.of("cache.compute").len(), 1);
    let requests = &spans.of("redis.request")[before..];
    let [get] = requests else { panic!("{requests:?}") };
    assert_eq!(get.parent, Some("cache.get"));
    let expected = [
        ("otel.name", "GET"),
        ("otel.kind", "client"),
        ("db.system.name", "redis"),
        ("db.operation.name", "GET"),
    ];
    for (field, value) in expected {
        assert_eq!(get.field(field), value);
    }
    assert!(!get.fields.contains_key("error.type") && !get.fields.contains_key("db.operation.batch.size"));
    for span in spans.0.lock().unwrap().iter() {
        assert!(span.fields.values().all(|value| !value.contains("spans:7")), "no field has a key: {span:?}");
    }
}

/// At DEBUG there is a span for each request, which hits share, and none for each of the hits.
#[tokio::test]
async fn hits_that_share_a_request_share_its_span() {
    let server = RedisServer::start();
    let cache = Cache::connect(&server.url()).await.unwrap();
    let calls = || {
        let call = |id| {
            let cache = cache.clone();
            async move { cache.scope(spanned(id)).await }
        };
        (0..50).map(call).collect::<JoinSet<_>>().join_all()
    };
    calls().await;
    cache.flush().await.unwrap();
    let spans = Spans(Arc::default(), Level::DEBUG);
    let _recording = spans.record();
    calls().await;
    assert_eq!(spans.of("cache.get").len(), 0);
    let requests = spans.of("redis.request");
    assert!((1..50).contains(&requests.len()), "{requests:?}");
}

#[tokio::test]
async fn a_refresh_follows_from_the_span_of_its_caller() {
    let cache = Cache::memory();
    let spans = Spans::default();
    let _recording = spans.record();
    cache.scope(refreshed(1)).await;
    tokio::time::sleep(Duration::from_millis(40)).await;
    cache.scope(refreshed(1)).instrument(debug_span!("request")).await;
    let until = Instant::now() + Duration::from_secs(30);
    while spans.of("cache.compute").len() < 2 {
        assert!(Instant::now() < until, "it is not refreshed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let [refresh] = &spans.of("cache.refresh")[..] else { panic!("{:?}", spans.of("cache.refresh")) };
    assert_eq!((refresh.parent, &refresh.follows[..]), (None, &["request"][..]));
    assert_eq!(spans.of("cache.compute")[1].parent, Some("cache.refresh"));
}

#[tokio::test]
async fn a_wait_has_a_span() {
    let cache = Cache::memory();
    let spans = Spans::default();
    let _recording = spans.record();
    tokio::join!(cache.scope(slow(1)), cache.scope(slow(1)).instrument(debug_span!("second")));
    let [wait] = &spans.of("cache.wait")[..] else { panic!("{:?}", spans.of("cache.wait")) };
    assert_eq!(wait.parent, Some("cache.get"));
}

#[tokio::test]
async fn a_request_without_an_answer_is_marked() {
    let server = RedisServer::start();
    let cache = Cache::connect(&server.url()).await.unwrap();
    cache.scope(spanned(1)).await;
    cache.flush().await.unwrap();
    let spans = Spans::default();
    let _recording = spans.record();
    server.pause();
    assert_eq!(cache.scope(spanned(1)).await, 1);
    server.resume();
    let marked = spans.of("redis.request");
    assert!(
        marked.iter().any(|span| span.fields.get("error.type").is_some_and(|of| of == "timeout")),
        "{marked:?}"
    );
    assert!(marked.iter().any(|span| span.fields.get("otel.status_code").is_some_and(|of| of == "error")));
}
