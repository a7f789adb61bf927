//! `stats`: what happened, per function.

use redis_cached::{Cache, redis_cached};

#[redis_cached(ttl = 60, key = "counted:<id>")]
async fn counted(id: u64) -> Result<u64, ()> {
    if id == 0 { Err(()) } else { Ok(id) }
}

#[redis_cached(ttl = 60, key = "other")]
fn other() -> u64 {
    1
}

#[tokio::test]
async fn counts_by_function_and_by_cache() {
    let cache = Cache::memory();
    assert!(cache.stats().functions.is_empty());
    for id in [0, 1, 1, 1, 2] {
        let _ = cache.scope(counted(id)).await;
    }
    cache.sync_scope(other);
    // The companion is the same function: one row.
    cache.sync_scope(|| counted_entry(1)).get().await.unwrap();

    let stats = cache.stats();
    let names: Vec<_> = stats.functions.iter().map(|function| function.function.as_str()).collect();
    assert_eq!(names, ["suite::stats::counted", "suite::stats::other"]);
    let counted = &stats.functions[0];
    assert_eq!((counted.hits, counted.misses, counted.computes), (2, 3, 3));
    assert_eq!(
        (counted.compute_errors, counted.stored, counted.store_errors, counted.unusable),
        (1, 2, 0, 0)
    );
    assert!((counted.hit_rate() - 0.4).abs() < 1e-9);
    let table = stats.to_string();
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.contains("suite::stats::counted") && table.contains("40.0 %"), "{table}");
    assert!(Cache::memory().stats().functions.is_empty());
}
