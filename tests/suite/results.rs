//! An `Err` is never stored, whatever the type that holds it is called.
//!
//! Each error here is one that serde can write: what keeps it out is that it is an `Err`.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use redis_cached::{Cache, redis_cached, redis_invalidates, redis_updates};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Runs, both, memory};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ApiError(String);

fn failed<T>() -> Result<T, ApiError> {
    Err(ApiError("down".into()))
}

type Outcome = Result<u32, ApiError>;
type Fetched<T> = Result<T, ApiError>;
type PageResult<T> = Result<Vec<T>, ApiError>;
type MaybeResult = Result<Option<u32>, ApiError>;

macro_rules! outcome {
    ($value:ty) => {
        Result<$value, ApiError>
    };
}

/// Named like a `Result`, and none.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct SearchResult {
    hits: u32,
}

/// The same, generic.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct QueryResult<T> {
    rows: Vec<T>,
}

static RUNS: Runs = Runs::new();

fn on(succeed: bool) -> Outcome {
    RUNS.count();
    if succeed { Ok(1) } else { failed() }
}

#[redis_cached(ttl = 60, entry = false)]
fn alias(succeed: bool) -> Outcome {
    on(succeed)
}

#[redis_cached(ttl = 60, entry = false)]
async fn alias_async(succeed: bool) -> Outcome {
    let value = on(succeed)?;
    Ok(value)
}

#[redis_cached(ttl = 60, entry = false)]
async fn alias_of_one(succeed: bool) -> Fetched<u32> {
    on(succeed)
}

#[redis_cached(ttl = 60, entry = false)]
async fn by_macro(succeed: bool) -> outcome!(u32) {
    on(succeed)
}

#[redis_cached(ttl = 60, entry = false)]
fn boxed(succeed: bool) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
    Box::pin(async move { on(succeed) })
}

#[redis_cached(ttl = 60, entry = false, stale_while_revalidate = "1h", cache_if = |value| *value > 0, local = "1h")]
async fn with_options(succeed: bool) -> Outcome {
    on(succeed)
}

#[redis_cached(ttl = 60, entry = false, stale_while_revalidate = "1h")]
fn refreshed_blocking(succeed: bool) -> Outcome {
    on(succeed)
}

#[redis_cached(ttl = 60)]
async fn page(succeed: bool) -> PageResult<u32> {
    on(succeed).map(|one| vec![one])
}

#[redis_cached(ttl = 60)]
async fn in_a_box(succeed: bool) -> Box<Result<u32, ApiError>> {
    Box::new(on(succeed))
}

#[redis_cached(ttl = 60, negative_ttl = 60)]
async fn in_an_option(succeed: bool) -> Option<Result<u32, ApiError>> {
    Some(on(succeed))
}

#[redis_cached(ttl = 60)]
async fn nested(succeed: bool) -> Result<Result<u32, ApiError>, String> {
    Ok(on(succeed))
}

#[redis_cached(ttl = 60)]
async fn nested_alias(succeed: bool) -> Result<Arc<Outcome>, String> {
    Ok(Arc::new(on(succeed)))
}

#[redis_cached(ttl = 60, skip(make))]
async fn generic<T: Serialize + DeserializeOwned>(succeed: bool, make: impl Fn(bool) -> T) -> T {
    make(succeed)
}

/// Calls twice what fails and twice what does not: the first runs each time, the second once.
macro_rules! never_stored {
    ($cache:ident: $($call:ident $($wait:ident)?),* $(,)?) => {$(
        let before = RUNS.get();
        let call = stringify!($call);
        for _ in 0..2 {
            assert!(format!("{:?}", $call(false)$(.$wait)?).contains("down"), "{call}");
        }
        assert_eq!(RUNS.get() - before, 2, "an `Err` of {call} was stored");
        for _ in 0..2 {
            assert!(format!("{:?}", $call(true)$(.$wait)?).contains('1'), "{call}");
            $cache.flush().await.unwrap();
        }
        assert_eq!(RUNS.get() - before, 3, "a value of {call} was not stored");
    )*};
}

#[tokio::test]
async fn an_err_is_never_stored() {
    let generic = |succeed| generic(succeed, on);
    let (_server, caches) = both().await;
    for cache in caches {
        let test = async {
            never_stored!(cache:
                alias,
                alias_async await,
                alias_of_one await,
                by_macro await,
                boxed await,
                with_options await,
                refreshed_blocking,
                page await,
                in_a_box await,
                in_an_option await,
                nested await,
                nested_alias await,
                generic await,
            );
            assert_eq!(page_entry(true).get().await.unwrap(), Some(vec![1]));
            // By hand it does not get in either: what was there goes.
            let entry = in_a_box_entry(true);
            entry.put(&Box::new(failed())).await.unwrap();
            assert_eq!(entry.get().await.unwrap(), None);
        };
        cache.scope(test).await;
        let not_stored: u64 = cache.stats().functions.iter().map(|function| function.not_stored).sum();
        assert!(not_stored >= 10, "{}", cache.stats());
    }
}

#[redis_cached(ttl = 60, negative_ttl = 60)]
async fn maybe(found: bool) -> MaybeResult {
    MAYBE.count();
    Ok(found.then_some(1))
}

static MAYBE: Runs = Runs::new();

#[redis_cached(ttl = 60)]
fn search(hits: u32) -> SearchResult {
    SearchResult { hits }
}

#[redis_cached(ttl = 60)]
async fn query(row: u32) -> QueryResult<u32> {
    QueryResult { rows: vec![row] }
}

#[redis_cached(ttl = 60, entry = false)]
async fn query_of<T: Serialize + DeserializeOwned + Default>() -> QueryResult<T> {
    QueryResult { rows: vec![T::default()] }
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids)]
async fn many(ids: &[u32]) -> HashMap<u32, Result<u32, ApiError>> {
    MANY.count();
    ids.iter().map(|id| (*id, if *id > 1 { Ok(*id) } else { failed() })).collect()
}

static MANY: Runs = Runs::new();

#[tokio::test]
async fn the_type_tells_and_not_its_name() {
    let (_server, caches) = both().await;
    for cache in caches {
        let test = async {
            let before = (MAYBE.get(), MANY.get());
            for _ in 0..2 {
                assert_eq!((maybe(true).await, maybe(false).await), (Ok(Some(1)), Ok(None)));
                assert_eq!(search(3), SearchResult { hits: 3 });
                assert_eq!(query(3).await, QueryResult { rows: vec![3] });
                assert_eq!(query_of::<u32>().await, QueryResult { rows: vec![0] });
                let many = many(&[1, 2]).await;
                assert_eq!((&many[&1], &many[&2]), (&failed(), &Ok(2)));
                cache.flush().await.unwrap();
            }
            assert_eq!((MAYBE.get() - before.0, MANY.get() - before.1), (2, 2));
            assert_eq!(maybe_entry(false).get().await.unwrap(), Some(None));
            assert_eq!(search_entry(3).get().await.unwrap(), Some(SearchResult { hits: 3 }));
            assert_eq!(query_entry(3).get().await.unwrap(), Some(QueryResult { rows: vec![3] }));
            assert_eq!(many_entry(1).get().await.unwrap(), None);
            assert_eq!(many_entry(2).get().await.unwrap(), Some(Ok(2)));
        };
        cache.scope(test).await;
    }
}

#[redis_cached(ttl = "1ms", entry = false, stale_if_error = "1h", skip(succeed))]
async fn falls_back(succeed: bool) -> Outcome {
    if succeed { Ok(1) } else { failed() }
}

#[tokio::test]
async fn an_alias_falls_back_on_an_error() {
    let cache = memory(Cache::builder());
    let test = async {
        assert_eq!(falls_back(true).await, Ok(1));
        cache.pass(std::time::Duration::from_secs(60)).await;
        assert_eq!(falls_back(false).await, Ok(1));
    };
    cache.scope(test).await;
}

#[redis_cached(ttl = 60, key = "row:<id>")]
fn row(id: u32) -> u32 {
    id
}

#[redis_invalidates(row(id))]
fn change(id: u32, succeed: bool) -> Outcome {
    if succeed { Ok(id) } else { failed() }
}

#[redis_invalidates(row(id), on_error)]
async fn change_anyhow(id: u32) -> Outcome {
    let _ = id;
    failed()
}

#[redis_updates(row(*ret))]
async fn write(id: u32, succeed: bool) -> outcome!(u32) {
    if succeed { Ok(id + 1) } else { failed() }
}

#[redis_updates(row(ret.hits), value = ret.hits + 10)]
fn write_plain(hits: u32) -> SearchResult {
    SearchResult { hits }
}

#[tokio::test]
async fn what_follows_ok_follows_the_ok_of_an_alias() {
    let (_server, caches) = both().await;
    for cache in caches {
        let test = async {
            let (one, two, three) = (row_entry(1), row_entry(2), row_entry(3));
            one.put(&1).await.unwrap();
            assert_eq!(change(1, false), failed());
            assert_eq!(one.get().await.unwrap(), Some(1), "nothing follows an `Err`");
            assert_eq!(change(1, true), Ok(1));
            assert_eq!(one.get().await.unwrap(), None);
            one.put(&1).await.unwrap();
            assert_eq!(change_anyhow(1).await, failed());
            assert_eq!(one.get().await.unwrap(), None);

            assert_eq!((write(1, false).await, two.get().await.unwrap()), (failed(), None));
            assert_eq!((write(1, true).await, two.get().await.unwrap()), (Ok(2), Some(2)));
            assert_eq!((write_plain(3).hits, three.get().await.unwrap()), (3, Some(13)));
        };
        cache.scope(test).await;
    }
}
