//! Single-flight within a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Proxy, RedisServer};

use crate::{Failed, both};

#[redis_cached(ttl = 60, key = "slow:<id>", skip(runs))]
async fn slow(id: u64, runs: &AtomicUsize) -> u64 {
    runs.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(50)).await;
    id
}

#[redis_cached(ttl = 60, key = "slow:<id>", skip(runs))]
fn slow_blocking(id: u64, runs: &AtomicUsize) -> u64 {
    runs.fetch_add(1, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(50));
    id
}

async fn thousand(cache: &Cache) -> usize {
    let runs = Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = (0..1000)
        .map(|_| {
            let (cache, runs) = (cache.clone(), Arc::clone(&runs));
            tokio::spawn(async move { cache.scope(slow(1, &runs)).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 1);
    }
    runs.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_thousand_callers_of_a_cold_key_compute_once() {
    let (_server, caches) = both().await;
    for cache in caches {
        assert_eq!(thousand(&cache).await, 1);
        let function = &cache.stats().functions[0];
        assert_eq!((function.computes, function.misses), (1, 1000));
        // The first caller asks alone, the others together after it. Of these one asks again for all, and may find the value.
        assert!((998..=999).contains(&function.coalesced), "{} waited", function.coalesced);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_they_do_on_several_threads() {
    let (_server, caches) = both().await;
    for cache in caches {
        assert_eq!(thousand(&cache).await, 1);
    }
}

#[test]
fn so_do_blocking_callers_on_64_threads() {
    let server = RedisServer::start();
    for url in [server.url(), "memory://".into()] {
        let cache = Cache::builder().url(url).connect_lazy().unwrap();
        let runs = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| assert_eq!(cache.sync_scope(|| slow_blocking(1, &runs)), 1));
            }
        });
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn async_and_blocking_callers_share_too() {
    let cache = Cache::memory();
    let runs = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| cache.sync_scope(|| slow_blocking(1, &runs)));
        std::thread::sleep(Duration::from_millis(10));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(cache.scope(slow(1, &runs)));
    });
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_leader_that_is_dropped_hands_over() {
    let (_server, caches) = both().await;
    for cache in caches {
        let runs = Arc::new(AtomicUsize::new(0));
        let call = || {
            let (cache, runs) = (cache.clone(), Arc::clone(&runs));
            tokio::spawn(async move { cache.scope(slow(2, &runs)).await })
        };
        let leader = call();
        while runs.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let followers: Vec<_> = (0..20).map(|_| call()).collect();
        tokio::time::sleep(Duration::from_millis(10)).await;
        leader.abort();
        for follower in followers {
            assert_eq!(follower.await.unwrap(), 2);
        }
        assert_eq!(runs.load(Ordering::SeqCst), 2, "the leader's and one more");
    }
}

#[redis_cached(ttl = 60, key = "panics:<id>", skip(runs))]
async fn panics_once(id: u64, runs: &AtomicUsize) -> u64 {
    let first = runs.fetch_add(1, Ordering::SeqCst) == 0;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!first, "the first run panics");
    id
}

#[tokio::test]
async fn a_panic_reaches_the_leaders_caller_alone() {
    let (_server, caches) = both().await;
    for cache in caches {
        let runs = Arc::new(AtomicUsize::new(0));
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let (cache, runs) = (cache.clone(), Arc::clone(&runs));
                tokio::spawn(async move { cache.scope(panics_once(3, &runs)).await })
            })
            .collect();
        let mut panics = 0;
        for call in calls {
            match call.await {
                Ok(value) => assert_eq!(value, 3),
                Err(error) => panics += usize::from(error.is_panic()),
            }
        }
        assert_eq!((panics, runs.load(Ordering::SeqCst)), (1, 2));
    }
}

#[redis_cached(ttl = 60, key = "fails:<id>", skip(runs))]
async fn fails(id: u64, runs: &AtomicUsize) -> Result<u64, Failed> {
    let _ = id;
    runs.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    Err(Failed("not Clone"))
}

#[tokio::test]
async fn an_error_that_is_not_clone_is_everyones_own() {
    let (_server, caches) = both().await;
    for cache in caches {
        let runs = AtomicUsize::new(0);
        let call = || cache.scope(fails(4, &runs));
        let (one, two, three) = tokio::join!(call(), call(), call());
        for result in [one, two, three] {
            assert_eq!(result, Err(Failed("not Clone")));
        }
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }
}

#[redis_cached(ttl = 60, key = "itself:<id>")]
async fn itself(id: u64) -> u64 {
    match id {
        0 => 0,
        // For the same key within its own computation, once.
        1 => itself_again(1).await + 1,
        id => Box::pin(itself(id - 1)).await + 1,
    }
}

#[redis_cached(ttl = 60, key = "itself:<id>")]
async fn itself_again(id: u64) -> u64 {
    id * 10
}

#[redis_cached(ttl = 60, key = "itself blocking:<id>")]
fn itself_blocking(id: u64) -> u64 {
    if id == 0 { 0 } else { itself_blocking(id - 1) + 1 }
}

#[tokio::test]
async fn recursion_does_not_wait_for_itself() {
    let (_server, caches) = both().await;
    for cache in caches {
        let recursion = cache.scope(itself(4));
        let value =
            tokio::time::timeout(Duration::from_secs(3), recursion).await.expect("it waits for itself");
        assert_eq!(value, 14);
        assert_eq!(cache.sync_scope(|| itself_blocking(4)), 4);
    }
}

#[tokio::test]
async fn values_that_are_not_stored_are_shared_all_the_same() {
    #[redis_cached(ttl = 60, key = "unwanted", cache_if = |_| false, skip(runs))]
    async fn unwanted(runs: &AtomicUsize) -> u64 {
        runs.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        5
    }

    let (_server, caches) = both().await;
    for cache in caches {
        let runs = AtomicUsize::new(0);
        let call = || cache.scope(unwanted(&runs));
        assert_eq!(tokio::join!(call(), call(), call()), (5, 5, 5));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        call().await;
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }
}

/// A cache that hears of everything late, so that a call's moments can be told apart.
async fn far_away(server: &RedisServer, delay: Duration) -> (Proxy, Cache) {
    let proxy = Proxy::start(server);
    let patient = Cache::builder().deadline(Duration::from_secs(10)).lease_ttl(Duration::from_secs(60));
    let cache = patient.url(proxy.url()).connect().await.unwrap();
    proxy.delay_replies(delay);
    (proxy, cache)
}

async fn assert_no_lease(server: &RedisServer, cache: &Cache) {
    // The releases are in line by now; a lease that nobody gives back would stand for a minute.
    cache.flush().await.unwrap();
    assert_eq!(server.query::<Vec<String>>(&["KEYS", "*"]), [""; 0]);
}

#[tokio::test]
async fn a_caller_that_goes_away_at_any_moment_leaves_no_lease() {
    let server = RedisServer::start();
    let (_proxy, cache) = far_away(&server, Duration::from_millis(5)).await;
    let runs = Arc::new(AtomicUsize::new(0));
    // Two answers of five milliseconds each, and then a computation of fifty.
    for id in 100..150 {
        let call = {
            let (cache, runs) = (cache.clone(), Arc::clone(&runs));
            tokio::spawn(async move { cache.scope(slow(id, &runs)).await })
        };
        tokio::time::sleep(Duration::from_millis(id % 25)).await;
        call.abort();
        let _ = call.await;
    }
    assert_no_lease(&server, &cache).await;
    let runs = runs.load(Ordering::SeqCst);
    assert!(
        (1..50).contains(&runs),
        "{runs} of 50: some are to go away before their function runs, and some after"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_before_it_hears_of_its_lease_gives_it_back() {
    let server = RedisServer::start();
    let (_proxy, cache) = far_away(&server, Duration::from_secs(1)).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let call = {
        let (cache, runs) = (cache.clone(), Arc::clone(&runs));
        tokio::spawn(async move { cache.scope(slow(200, &runs)).await })
    };
    while server.query::<usize>(&["EXISTS", "slow:200"]) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_no_lease(&server, &cache).await;
    assert_eq!(runs.load(Ordering::SeqCst), 0, "the answer was a second away");
}
