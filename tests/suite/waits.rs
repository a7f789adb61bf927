//! How long calls wait for what others compute, and when not at all.

use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, CacheBuilder, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::both;

mod circles;

/// The patience of most caches here: long for a call that need not wait, on a busy machine too.
const WAIT: Duration = Duration::from_secs(1);

fn patient() -> CacheBuilder {
    Cache::builder().deadline(Duration::from_secs(10)).max_wait(WAIT)
}

async fn both_patient() -> (RedisServer, [Cache; 2]) {
    let server = RedisServer::start();
    let redis = patient().url(server.url()).connect().await.unwrap();
    (server, [redis, patient().url("memory://").connect_lazy().unwrap()])
}

/// What a call gives, and how long it took.
async fn timed<T>(call: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    (call.await, began.elapsed())
}

fn is_one_wait(took: Duration) -> bool {
    (WAIT..WAIT * 2).contains(&took)
}

/// Depth 0 calls nothing; every other depth the one below.
#[redis_cached(ttl = 60, key = "chain:<depth>", skip(hangs))]
async fn chain(depth: u8, hangs: bool) -> u8 {
    if hangs {
        pending::<()>().await;
    }
    if depth == 0 { 0 } else { Box::pin(chain(depth - 1, false)).await + 1 }
}

#[redis_cached(ttl = 60, key = "chain blocking:<depth>", skip(hangs))]
fn chain_blocking(depth: u8, hangs: bool) -> u8 {
    if hangs {
        std::thread::sleep(Duration::from_secs(60));
    }
    if depth == 0 { 0 } else { chain_blocking(depth - 1, false) + 1 }
}

/// Waits until so many calls compute.
async fn computing(cache: &Cache, calls: u64) {
    let computes = || cache.stats().functions.iter().map(|function| function.computes).sum::<u64>();
    while computes() < calls {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Leaders of these depths that never come to an end.
async fn hang(cache: &Cache, depths: std::ops::Range<u8>) {
    for depth in depths.clone() {
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(chain(depth, true)).await });
    }
    computing(cache, depths.count() as u64).await;
}

#[tokio::test]
async fn a_leader_that_hangs_is_waited_for_once() {
    let (_server, caches) = both_patient().await;
    for cache in caches {
        hang(&cache, 0..1).await;
        let (value, took) = timed(cache.scope(chain(0, false))).await;
        assert!(value == 0 && is_one_wait(took), "{took:?}");
        let (_, took) = timed(async {
            for _ in 0..5 {
                cache.scope(chain(0, false)).await;
            }
        })
        .await;
        assert!(took < WAIT, "{took:?}");
    }
}

#[tokio::test]
async fn so_is_one_in_another_process() {
    let (server, [other, _]) = both_patient().await;
    let cache = patient().url(server.url()).connect().await.unwrap();
    hang(&other, 0..1).await;
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { timed(cache.scope(chain(0, false))).await.1 })
        })
        .collect();
    for call in calls {
        let took = call.await.unwrap();
        assert!(is_one_wait(took), "{took:?}");
    }
    let (_, took) = timed(cache.scope(chain(0, false))).await;
    assert!(took < WAIT, "{took:?}");
    cache.flush().await.unwrap();
    assert_eq!(server.query::<String>(&["GETRANGE", "chain:0", "0", "0"]), "L", "it is still held");
}

#[tokio::test]
async fn calls_within_calls_have_one_patience() {
    let (_server, caches) = both_patient().await;
    for cache in caches {
        hang(&cache, 0..4).await;
        let (value, took) = timed(cache.scope(chain(3, false))).await;
        assert!(value == 3 && is_one_wait(took), "{took:?}");
    }
}

#[tokio::test]
async fn so_have_blocking_ones() {
    let (_server, caches) = both_patient().await;
    for cache in caches {
        for depth in 0..3 {
            let cache = cache.clone();
            std::thread::spawn(move || cache.sync_scope(|| chain_blocking(depth, true)));
        }
        computing(&cache, 3).await;
        let began = Instant::now();
        let call = std::thread::spawn({
            let cache = cache.clone();
            move || cache.sync_scope(|| chain_blocking(2, false))
        });
        assert_eq!(call.join().unwrap(), 2);
        assert!(is_one_wait(began.elapsed()), "{:?}", began.elapsed());
    }
}

/// What a call has not waited for itself is there for the calls within it.
#[tokio::test]
async fn a_call_that_did_not_wait_has_all_of_it_left() {
    let (_server, caches) = both_patient().await;
    for cache in caches {
        hang(&cache, 0..1).await;
        let (value, took) = timed(cache.scope(chain(2, false))).await;
        assert!(value == 2 && is_one_wait(took), "{took:?}");
    }
}

static LONG_RUNS: AtomicUsize = AtomicUsize::new(0);

/// Two and a half leases.
#[redis_cached(ttl = 60, key = "long:<id>")]
async fn long(id: u64) -> u64 {
    LONG_RUNS.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    id
}

#[tokio::test]
async fn a_function_that_takes_a_few_leases_is_computed_once() {
    let server = RedisServer::start();
    let builder = || Cache::builder().deadline(Duration::from_secs(10)).lease_ttl(Duration::from_millis(600));
    let redis = || builder().url(server.url()).connect_lazy().unwrap();
    let memory = builder().url("memory://").connect_lazy().unwrap();
    // The two of Redis are as two processes.
    for (caches, runs) in [([redis(), redis()], 1), ([memory.clone(), memory], 2)] {
        let calls: Vec<_> = (0..10)
            .map(|caller| {
                let cache = caches[caller % 2].clone();
                tokio::spawn(async move { cache.scope(long(7)).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), 7);
        }
        assert_eq!(LONG_RUNS.load(Ordering::SeqCst), runs);
    }
}

#[redis_cached(ttl = 60, key = "short:<id>", max_wait = "200ms", skip(hangs))]
async fn short(id: u64, hangs: bool) -> u64 {
    if hangs { pending().await } else { id }
}

#[redis_cached(ttl = 60, key = "at once:<id>", max_wait = 0, skip(hangs))]
async fn at_once(id: u64, hangs: bool) -> u64 {
    if hangs { pending().await } else { id }
}

/// Calls another function, of which a leader hangs, in its own time.
#[redis_cached(ttl = 60, key = "outer:<id>", max_wait = Duration::from_millis(200))]
async fn outer(id: u64) -> u8 {
    let _ = id;
    chain(0, false).await
}

#[tokio::test]
async fn a_function_has_a_patience_of_its_own() {
    let (_server, caches) = both().await;
    for cache in caches {
        hang(&cache, 0..1).await;
        let [one, two] = [cache.clone(), cache.clone()];
        tokio::spawn(async move { one.scope(short(1, true)).await });
        tokio::spawn(async move { two.scope(at_once(1, true)).await });
        computing(&cache, 3).await;
        let (value, took) = timed(cache.scope(short(1, false))).await;
        assert!(value == 1 && (Duration::from_millis(200)..WAIT * 3).contains(&took), "{took:?}");
        let (value, took) = timed(cache.scope(at_once(1, false))).await;
        assert!(value == 1 && took < WAIT, "{took:?}");
        let (value, took) = timed(cache.scope(outer(1))).await;
        assert!(value == 0 && (Duration::from_millis(200)..WAIT * 3).contains(&took), "{took:?}");
    }
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids, skip(hangs))]
async fn many(ids: &[u8], hangs: bool) -> HashMap<u8, u8> {
    if hangs {
        pending::<()>().await;
    }
    let mut values = HashMap::new();
    for id in ids {
        values.insert(*id, chain(0, false).await);
    }
    values
}

#[tokio::test]
async fn batches_wait_once_and_have_one_patience_with_what_they_call() {
    let (server, [redis, memory]) = both_patient().await;
    let other = patient().url(server.url()).connect().await.unwrap();
    for leader in [&redis, &memory] {
        hang(leader, 0..1).await;
        let leading = leader.clone();
        tokio::spawn(async move { leading.scope(many(&[0, 1], true)).await });
        computing(leader, 2).await;
    }
    for cache in [redis, memory, other] {
        // A box: without it the test has room for each call on its stack.
        let call = || Box::pin(timed(cache.scope(many(&[0, 1], false))));
        let (values, took) = call().await;
        assert!(values == HashMap::from([(0, 0), (1, 0)]) && is_one_wait(took), "{took:?}");
        let (_, took) = call().await;
        assert!(took < WAIT * 2, "what it calls is waited for once: {took:?}");
        let (_, took) = call().await;
        assert!(took < WAIT, "{took:?}");
    }
}

static SHARED_RUNS: AtomicUsize = AtomicUsize::new(0);

#[redis_cached(ttl = 60, key = "thread:<id>")]
async fn of_a_task(id: u64) -> u64 {
    SHARED_RUNS.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    id
}

#[redis_cached(ttl = 60, key = "thread:<id>")]
fn of_a_thread(id: u64) -> u64 {
    SHARED_RUNS.fetch_add(1, Ordering::SeqCst);
    id
}

/// A blocking call for a key that a task of the same runtime computes. How long it took, and how often the two ran.
async fn beside_a_task(cache: &Cache, id: u64) -> (Duration, usize) {
    let before = SHARED_RUNS.load(Ordering::SeqCst);
    let leading = cache.clone();
    let leader = tokio::spawn(async move { leading.scope(of_a_task(id)).await });
    while SHARED_RUNS.load(Ordering::SeqCst) == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let blocked = cache.clone();
    let call = tokio::spawn(async move {
        let began = Instant::now();
        assert_eq!(blocked.sync_scope(|| of_a_thread(id)), id);
        began.elapsed()
    });
    let took = call.await.unwrap();
    assert_eq!(leader.await.unwrap(), id);
    (took, SHARED_RUNS.load(Ordering::SeqCst) - before)
}

#[test]
fn a_blocking_call_does_not_wait_for_a_task_that_it_holds_up() {
    let server = RedisServer::start();
    let redis = Cache::builder().deadline(Duration::from_secs(10)).url(server.url()).connect_lazy().unwrap();
    // With a second worker the task goes on, if it is not just the first one's.
    let runtimes = [
        (tokio::runtime::Builder::new_current_thread(), 1),
        (tokio::runtime::Builder::new_multi_thread(), 1),
        (tokio::runtime::Builder::new_multi_thread(), 2),
    ];
    let mut id = 0;
    for (mut runtime, workers) in runtimes {
        let runtime = runtime.worker_threads(workers).enable_all().build().unwrap();
        for cache in [redis.clone(), Cache::memory()] {
            id += 1;
            let (took, ran) = runtime.block_on(async {
                // On a worker, which the runtime's own `block_on` is not.
                tokio::spawn(async move { beside_a_task(&cache, id).await }).await.unwrap()
            });
            assert!(took < Duration::from_secs(4), "{took:?} with {workers}");
            assert!(ran == 2 || workers > 1 && ran == 1, "{ran} runs with {workers}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_thread_for_blocking_code_it_waits() {
    let (_server, caches) = both().await;
    for (id, cache) in (100..).zip(caches) {
        let leading = cache.clone();
        let leader = tokio::spawn(async move { leading.scope(of_a_task_elsewhere(id)).await });
        computing(&cache, 1).await;
        let call = tokio::task::spawn_blocking(move || {
            assert_eq!(cache.sync_scope(|| of_a_thread_elsewhere(id)), id);
            cache.stats()
        });
        let stats = call.await.unwrap();
        assert_eq!(leader.await.unwrap(), id);
        assert_eq!(stats.functions.iter().map(|function| function.computes).sum::<u64>(), 1);
    }
}

#[redis_cached(ttl = 60, key = "elsewhere:<id>")]
async fn of_a_task_elsewhere(id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(200)).await;
    id
}

#[redis_cached(ttl = 60, key = "elsewhere:<id>")]
fn of_a_thread_elsewhere(id: u64) -> u64 {
    id
}
