//! What misses were for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis_cached::{Cache, MissReasons, redis_cached, redis_invalidates};

use crate::{Failed, TestCache, both, memory, within_both};

/// Of the function whose name ends so.
fn reasons(cache: &Cache, name: &str) -> MissReasons {
    let report = cache.report();
    let function = report.functions.iter().find(|function| function.function.ends_with(name));
    function.unwrap_or_else(|| panic!("{report}")).missed_for
}

#[redis_cached(ttl = "500ms", key = "brief:<id>")]
async fn brief(id: u64) -> u64 {
    id
}

#[redis_invalidates(brief(id))]
async fn change(id: u64) {
    let _ = id;
}

#[tokio::test]
async fn a_key_is_cold_expired_or_invalidated_by_this_process() {
    within_both(async |cache: &TestCache| {
        brief(1).await;
        cache.pass(Duration::from_millis(600)).await;
        brief(1).await;
        cache.flush().await.unwrap();
        change(1).await;
        brief(1).await;
        let MissReasons { cold, expired, invalidated, .. } = reasons(cache, "::brief");
        assert_eq!((cold, expired, invalidated), (1, 1, 1), "{}", cache.report());
    })
    .await;
}

#[redis_cached(ttl = "1h", key = "kept:<id>")]
async fn kept(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn what_another_program_removes_is_gone_before_its_time() {
    let (server, caches) = both().await;
    caches[0].scope(kept(1)).await;
    caches[0].flush().await.unwrap();
    server.query::<()>(&["DEL", "kept:1"]);
    caches[0].scope(kept(1)).await;
    let MissReasons { cold, evicted, .. } = reasons(&caches[0], "::kept");
    assert_eq!((cold, evicted), (1, 1));
    caches[0].invalidate_prefix("kept:").await.unwrap();
    caches[0].scope(kept(1)).await;
    assert_eq!(reasons(&caches[0], "::kept").invalidated, 1);
    caches[0].bypass(caches[0].scope(kept(1))).await;
    assert_eq!(reasons(&caches[0], "::kept").bypassed, 1);
}

#[redis_cached(ttl = "1h", key = "large:<id>", max_size = "200B")]
async fn large(id: u64) -> Vec<u64> {
    vec![u64::MAX; 100 + id as usize]
}

#[redis_cached(ttl = "1h", key = "some:<id>", cache_if = |value: &u64| *value > 5)]
async fn some(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = "1h", key = "fails:<id>")]
async fn fails(id: u64) -> Result<u64, Failed> {
    if id == 0 { Err(Failed("it")) } else { Ok(id) }
}

#[redis_cached(ttl = "1h", key = "overtaken:<id>", skip(first))]
async fn overtaken(id: u64, first: &AtomicBool) -> u64 {
    if first.swap(false, Ordering::SeqCst) {
        overtaken_entry(id).invalidate().await.unwrap();
    }
    id
}

#[redis_cached(ttl = "1h", key = "kept:<id>", version = 2)]
async fn kept_anew(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn what_was_not_stored_is_missed_for_that() {
    within_both(async |cache: &TestCache| {
        let first = AtomicBool::new(true);
        for _ in 0..3 {
            large(1).await;
            some(1).await;
            let _ = fails(0).await;
            overtaken(1, &first).await;
            cache.flush().await.unwrap();
        }
        assert_eq!((reasons(cache, "::large").cold, reasons(cache, "::large").too_large), (1, 2));
        assert_eq!((reasons(cache, "::some").cold, reasons(cache, "::some").declined), (1, 2));
        assert_eq!((reasons(cache, "::fails").cold, reasons(cache, "::fails").failed), (1, 2));
        assert_eq!((reasons(cache, "::overtaken").cold, reasons(cache, "::overtaken").overtaken), (1, 1));
        kept(3).await;
        cache.flush().await.unwrap();
        kept_anew(3).await;
        assert_eq!(reasons(cache, "::kept_anew").unfit, 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_is() {
    let cache = Cache::builder().url("redis://127.0.0.1:1").connect_lazy().unwrap();
    for id in 0..100 {
        cache.scope(kept(id)).await;
    }
    assert_eq!(reasons(&cache, "::kept").unanswered, 100);
    let report = cache.report();
    assert_eq!(super::kinds(&report), [redis_cached::AdviceKind::Unanswered], "{report}");
}

/// More keys than are remembered.
#[tokio::test]
async fn a_sample_stands_for_all() {
    let cache = memory(Cache::builder());
    for _ in 0..2 {
        for id in 0..10_000 {
            cache.scope(brief(id)).await;
        }
        cache.pass(Duration::from_secs(1)).await;
    }
    let MissReasons { cold, expired, .. } = reasons(&cache, "::brief");
    assert!((8_000..12_000).contains(&cold) && (8_000..12_000).contains(&expired), "{}", cache.report());
}
