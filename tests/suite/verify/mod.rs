//! `verify`: hits whose functions run as well, and what a difference is taken for.

mod all;
mod batches;
mod load;
mod processes;
mod unjudged;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{Cache, CacheBuilder, FunctionStats, Staleness, redis_cached, redis_invalidates};
use redis_cached_test_support::RedisServer;
use serde::{Deserialize, Serialize};

use crate::{TestCache, both_with};

/// Long enough for what a test does meanwhile, on a busy machine.
const GRACE: Duration = Duration::from_millis(200);

fn quick() -> CacheBuilder {
    Cache::builder().verify_grace(GRACE)
}

/// Rows that a test changes.
#[derive(Clone, Default)]
struct Rows(Arc<AtomicU64>);

impl Rows {
    fn get(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn change(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[redis_cached(ttl = 60, key = "expiring:<id>", skip(rows), verify = 1.0)]
async fn expiring(rows: &Rows, id: u64) -> u64 {
    rows.get() + id
}

#[redis_cached(ttl = 60, key = "accepted:<id>", skip(rows), verify = 1, invalidated = false)]
async fn accepted(rows: &Rows, id: u64) -> u64 {
    rows.get() + id
}

#[redis_cached(ttl = 60, key = "declared", skip(rows), verify = 1.0, invalidated = true)]
fn declared(rows: Rows) -> Result<u64, String> {
    Ok(rows.get())
}

#[redis_cached(ttl = 60, key = "tagged:<id>", skip(rows), tags = ["rows:<id>"], verify = 1.0)]
async fn tagged(rows: Rows, id: u64) -> Option<u64> {
    Some(rows.get() + id)
}

#[redis_cached(ttl = "never", key = "never", skip(rows), verify = 1.0)]
async fn never(rows: &Rows) -> u64 {
    rows.get()
}

#[redis_cached(ttl = 60, key = "written:<id>", skip(rows), verify = 1.0)]
async fn written(rows: &Rows, id: u64) -> u64 {
    rows.get() + id
}

#[redis_invalidates(written(id))]
async fn write(rows: &Rows, id: u64) {
    let _ = id;
    rows.change();
}

#[redis_cached(ttl = 60, key = "kept", skip(rows), local = "30s", verify = 1.0)]
async fn kept(rows: &Rows) -> u64 {
    rows.get()
}

/// The counters of all functions together.
fn counted(cache: &Cache) -> FunctionStats {
    let mut all = FunctionStats::default();
    for row in cache.stats().functions {
        all.verified_equal += row.verified_equal;
        all.verified_changed += row.verified_changed;
        all.verified_wrong += row.verified_wrong;
        all.verified_unjudged += row.verified_unjudged;
    }
    all
}

/// Equal, changed, wrong and unjudged.
async fn verdicts(cache: &Cache) -> (u64, u64, u64, u64) {
    cache.finish_verifications().await;
    let all = counted(cache);
    (all.verified_equal, all.verified_changed, all.verified_wrong, all.verified_unjudged)
}

async fn staleness(cache: &Cache) -> Vec<Staleness> {
    cache.finish_verifications().await;
    cache.stale_samples().iter().map(|sample| sample.staleness).collect()
}

async fn within_both_quick(test: impl AsyncFn(&TestCache)) {
    let (_server, caches) = both_with(quick()).await;
    for cache in &caches {
        cache.scope(test(cache)).await;
    }
}

#[tokio::test]
async fn what_is_still_so_is_equal_and_costs_no_second_run() {
    within_both_quick(async |cache| {
        let rows = Rows::default();
        for _ in 0..3 {
            assert_eq!(expiring(&rows, 1).await, 1);
            assert_eq!(tagged(rows.clone(), 1).await, Some(1));
            cache.finish_verifications().await;
        }
        assert_eq!(verdicts(cache).await, (4, 0, 0, 0), "{}", cache.stats());
        // The runs of verification are not the function's own.
        assert!(cache.stats().functions.iter().all(|row| row.computes == 1));
        assert_eq!(cache.stale_samples(), []);
    })
    .await;
}

#[tokio::test]
async fn without_an_invalidation_the_data_has_changed_within_the_ttl() {
    within_both_quick(async |cache| {
        let rows = Rows::default();
        expiring(&rows, 7).await;
        accepted(&rows, 7).await;
        rows.change();
        cache.pass(Duration::from_secs(1)).await;
        assert_eq!(expiring(&rows, 7).await, 7, "the call is served what is cached");
        assert_eq!(staleness(cache).await, [Staleness::WithinTtl]);
        accepted(&rows, 7).await;
        assert_eq!(staleness(cache).await, [Staleness::WithinTtl, Staleness::Accepted]);
        assert_eq!(verdicts(cache).await, (0, 2, 0, 0));
        let sample = &cache.stale_samples()[0];
        assert_eq!((sample.function.as_str(), &sample.key), ("suite::verify::expiring", &None));
        let age = sample.age.unwrap();
        assert!(age >= Duration::from_secs(1) && age < Duration::from_secs(30), "{age:?}");
        assert_ne!(sample.key_hash, cache.stale_samples()[1].key_hash);
    })
    .await;
}

#[tokio::test]
async fn where_the_program_invalidates_a_difference_is_a_missing_invalidation() {
    within_both_quick(async |cache| {
        let rows = Rows::default();
        // One of the writers invalidates, so the function's entries are.
        written(&rows, 1).await;
        write(&rows, 1).await;
        assert_eq!(written(&rows, 1).await, 2);
        assert_eq!(written(&rows, 1).await, 2);
        assert_eq!(verdicts(cache).await, (1, 0, 0, 0));
        tagged(rows.clone(), 1).await;
        never(&rows).await;
        declared(rows.clone()).unwrap();
        // The other forgets to.
        rows.change();
        written(&rows, 1).await;
        tagged(rows.clone(), 1).await;
        never(&rows).await;
        declared(rows.clone()).unwrap();
        assert_eq!(verdicts(cache).await, (1, 0, 4, 0), "{}", cache.stats());
        assert_eq!(staleness(cache).await, [Staleness::MissingInvalidation; 4]);
        let ages = cache.stale_samples().iter().filter(|sample| sample.age.is_none()).count();
        assert_eq!(ages, 1, "that of what never expires is not known");
    })
    .await;
}

#[tokio::test]
async fn values_that_this_process_keeps_are_verified() {
    let server = RedisServer::start();
    let cache = quick().url(server.url()).connect().await.unwrap();
    cache
        .scope(async {
            let rows = Rows::default();
            while counted(&cache).verified_equal < 20 {
                assert_eq!(kept(&rows).await, 0);
                cache.finish_verifications().await;
            }
            assert!(cache.stats().functions[0].local_hits > 0, "{}", cache.stats());
            rows.change();
            assert_eq!(kept(&rows).await, 0);
            assert_eq!(staleness(&cache).await, [Staleness::WithinTtl]);
        })
        .await;
}

#[tokio::test]
async fn keys_are_kept_if_they_are_asked_for() {
    let cache = quick().verify_keys().url("memory://").prefix("shop:").connect().await.unwrap();
    cache
        .scope(async {
            let rows = Rows::default();
            expiring(&rows, 7).await;
            rows.change();
            expiring(&rows, 7).await;
            cache.finish_verifications().await;
            let sample = cache.stale_samples().pop().unwrap();
            assert_eq!(sample.key.as_deref(), Some("shop:expiring:7"));
            assert!(
                sample.to_string().contains("`suite::verify::expiring` at `shop:expiring:7`"),
                "{sample}"
            );
        })
        .await;
}

#[derive(Serialize, Deserialize)]
struct Unordered(HashMap<u64, u64>);

#[redis_cached(ttl = 60, key = "comparable", verify = 1.0)]
async fn comparable() -> HashMap<u64, u64> {
    (0..50).map(|id| (id, id)).collect()
}

#[redis_cached(ttl = 60, key = "unordered", verify = 1.0)]
async fn unordered() -> Unordered {
    Unordered(comparable().await)
}

#[tokio::test]
async fn the_order_of_a_map_is_no_difference() {
    within_both_quick(async |cache| {
        for _ in 0..2 {
            comparable().await;
        }
        assert_eq!(verdicts(cache).await, (1, 0, 0, 0), "{}", cache.stats());
        for _ in 0..2 {
            unordered().await;
        }
        // What `unordered` calls to be compared is a hit, which is not verified in turn.
        assert_eq!(verdicts(cache).await, (2, 0, 0, 1), "{}", cache.stats());
    })
    .await;
}

const NO_SHARE: f64 = f64::NAN;

#[redis_cached(ttl = 60, key = "share", skip(share), verify = share)]
async fn shared_out(share: f64) -> u64 {
    let _ = share;
    1
}

#[tokio::test]
async fn a_share_of_the_hits_is_verified() {
    let cache = quick().url("memory://").connect().await.unwrap();
    cache
        .scope(async {
            for share in [0.0, -1.0, NO_SHARE] {
                for _ in 0..100 {
                    shared_out(share).await;
                }
            }
            assert_eq!(verdicts(&cache).await, (0, 0, 0, 0));
            for _ in 0..2000 {
                shared_out(0.1).await;
                cache.finish_verifications().await;
            }
            let (equal, ..) = verdicts(&cache).await;
            assert!((100..400).contains(&equal), "{equal}");
        })
        .await;
}
