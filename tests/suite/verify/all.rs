//! `CacheBuilder::verify_all` and `assert_nothing_stale!`: every hit of functions that say nothing of it.

use std::sync::Mutex;

use redis_cached::{Cache, Staleness, assert_nothing_stale, redis_cached, redis_invalidates};

use super::{GRACE, Rows, accepted, expiring, quick, staleness, verdicts};
use crate::both_with;

/// With arguments that no task could take along.
#[redis_cached(ttl = 60, key = "plain:<id>", skip(rows, log))]
async fn plain(rows: &Mutex<Vec<u64>>, log: &mut Vec<u64>, id: usize) -> Result<Option<u64>, String> {
    log.push(id as u64);
    Ok(rows.lock().unwrap().get(id).copied())
}

#[redis_cached(ttl = 60, key = "blocking:<id>", skip(rows), local = "30s")]
fn blocking(rows: &Mutex<Vec<u64>>, id: usize) -> Result<u64, String> {
    rows.lock().unwrap().get(id).copied().ok_or_else(|| "no such row".to_owned())
}

#[redis_cached(ttl = 60, key = "local:<id>", skip(rows), local = "30s", group = "rows")]
async fn local(rows: &Mutex<Vec<u64>>, id: usize) -> u64 {
    rows.lock().unwrap()[id]
}

#[redis_cached(ttl = 60, key = "detached", skip(rows), finish_in_background = true)]
async fn detached(rows: &Rows) -> u64 {
    rows.get()
}

#[redis_invalidates(plain(id), blocking(id), group("rows"))]
async fn write(rows: &Mutex<Vec<u64>>, log: &mut Vec<u64>, id: usize, value: u64) {
    let _ = log;
    rows.lock().unwrap()[id] = value;
}

async fn read_all(rows: &Mutex<Vec<u64>>) {
    for id in 0..3 {
        let _ = plain(rows, &mut Vec::new(), id).await;
        let _ = blocking(rows, id);
        if id < 2 {
            local(rows, id).await;
        }
    }
}

#[tokio::test]
async fn every_hit_is_verified_whatever_the_arguments_are() {
    let (_server, caches) = both_with(quick().verify_all()).await;
    for cache in &caches {
        let test = async {
            let rows = Mutex::new(vec![1, 2]);
            let counter = Rows::default();
            for _ in 0..3 {
                read_all(&rows).await;
                detached(&counter).await;
            }
            write(&rows, &mut Vec::new(), 1, 7).await;
            for _ in 0..2 {
                read_all(&rows).await;
            }
            assert_nothing_stale!(**cache);
            let (equal, _, wrong, unjudged) = verdicts(cache).await;
            assert_eq!((wrong, unjudged), (0, 0), "{}", cache.stats());
            assert!(equal >= 20, "{equal} {}", cache.stats());
            // A writer that forgets to invalidate.
            rows.lock().unwrap()[0] = 9;
            read_all(&rows).await;
            assert_eq!(plain(&rows, &mut Vec::new(), 0).await, Ok(Some(1)), "it is verified, and served");
            assert_eq!(staleness(cache).await, [Staleness::MissingInvalidation; 4]);
            let keys: Vec<_> = cache.stale_samples().into_iter().filter_map(|sample| sample.key).collect();
            assert!(keys.iter().all(|key| key.ends_with(":0")), "{keys:?}");
        };
        cache.scope(test).await;
    }
}

#[tokio::test]
async fn the_assertion_names_what_was_old_and_leaves_out_what_is_meant_so() {
    let cache = quick().verify_all().url("memory://").connect().await.unwrap();
    let rows = Rows::default();
    cache
        .scope(async {
            accepted(&rows, 1).await;
            rows.change();
            accepted(&rows, 1).await;
            assert_nothing_stale!(cache);
            expiring(&rows, 7).await;
            rows.change();
            expiring(&rows, 7).await;
        })
        .await;
    let panic = tokio::spawn(async move { assert_nothing_stale!(cache) }).await.unwrap_err().into_panic();
    let message = panic.downcast::<String>().unwrap();
    assert!(message.contains("`suite::verify::expiring` at `expiring:7`"), "{message}");
    assert!(!message.contains("accepted"), "{message}");
}

#[test]
fn the_assertion_has_a_blocking_form() {
    let cache = quick().verify_all().url("memory://").connect_lazy().unwrap();
    let rows = Mutex::new(vec![1]);
    cache.sync_scope(|| (blocking(&rows, 0), blocking(&rows, 0))).1.unwrap();
    assert_nothing_stale!(blocking cache);
    rows.lock().unwrap()[0] = 2;
    cache.sync_scope(|| blocking(&rows, 0)).unwrap();
    let asserted =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| assert_nothing_stale!(blocking cache)));
    assert!(asserted.is_err(), "{}", cache.stats());
}

#[redis_cached(ttl = 60, key = "fib:<n>")]
fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[test]
fn what_a_verified_function_calls_is_not_verified_in_turn() {
    let cache = Cache::builder().verify_all().verify_grace(GRACE).url("memory://").connect_lazy().unwrap();
    cache.sync_scope(|| (fibonacci(40), fibonacci(40)));
    assert_nothing_stale!(blocking cache);
    let stats = cache.stats();
    // Once for each hit outside of a verification: 38 within the first call, and the second one.
    assert_eq!(stats.functions[0].verified_equal, 39, "{stats}");
}
