//! `Cache::disabled`: nothing is kept, and nothing fails.

use redis_cached::{Cache, redis_cached};

use crate::Runs;

static RUNS: Runs = Runs::new();

#[redis_cached(ttl = 60, key = "square:<n>", tags = ["squares"], stale_if_error = 60)]
async fn square(n: u64) -> Result<u64, &'static str> {
    RUNS.count();
    if n == 0 { Err("no") } else { Ok(n * n) }
}

#[redis_cached(ttl = 60, key = "local:<n>", local = "30s")]
fn local(n: u64) -> u64 {
    RUNS.count();
    n
}

#[tokio::test]
async fn every_call_computes_and_every_operation_succeeds() {
    let cache = Cache::disabled();
    cache
        .scope(async {
            for _ in 0..2 {
                assert_eq!((square(3).await, square(0).await, local(5)), (Ok(9), Err("no"), 5));
            }
            assert_eq!(RUNS.get(), 6);
            let entry = square_entry(3);
            entry.put(&10).await.unwrap();
            assert_eq!(entry.get().await.unwrap(), None);
            assert_eq!(entry.get_or_compute(async { 11 }).await, 11);
            entry.invalidate().await.unwrap();
            cache.invalidate_tag("squares").await.unwrap();
        })
        .await;
    cache.flush().await.unwrap();
    let stats = cache.stats();
    assert!(
        stats.functions.iter().all(|function| function.hits == 0 && function.store_errors == 0),
        "{stats}"
    );
}
