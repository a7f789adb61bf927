//! Work that batches and single calls share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{Calls, users};
use crate::{User, both, lease, redis, set_lease, user};

const SLOW: Duration = Duration::from_millis(100);

#[redis_cached(ttl = 60, key = "slow:<ids>", batch = ids, skip(calls))]
async fn slow(calls: &Calls, ids: &[u64]) -> HashMap<u64, User> {
    calls.add(ids);
    tokio::time::sleep(SLOW).await;
    users(ids.iter().copied().filter(|id| *id < 1000))
}

#[redis_cached(ttl = 60, key = "slow:<id>", skip(calls))]
async fn slow_one(calls: &Calls, id: u64) -> User {
    calls.add(&[id]);
    tokio::time::sleep(SLOW).await;
    user(id)
}

fn start(cache: &Cache, calls: &Arc<Calls>, ids: Vec<u64>) -> tokio::task::JoinHandle<HashMap<u64, User>> {
    let (cache, calls) = (cache.clone(), Arc::clone(calls));
    tokio::spawn(async move { cache.scope(slow(&calls, &ids)).await })
}

/// What stands for another process, and is as patient as the first.
async fn another(server: &RedisServer) -> Cache {
    Cache::builder().deadline(Duration::from_secs(10)).url(server.url()).connect().await.unwrap()
}

/// Waits until there have been this many calls of the body.
async fn until(calls: &Calls, count: usize) {
    while calls.0.lock().unwrap().len() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn sorted(calls: &Calls) -> Vec<u64> {
    let mut all = calls.take().concat();
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn overlapping_batches_compute_each_key_once() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Arc::new(Calls::default());
        // In both directions, so that each has what another needs.
        let ids = |batch: u64| {
            let ids = batch * 10..batch * 10 + 30;
            if batch.is_multiple_of(2) { ids.collect() } else { ids.rev().collect::<Vec<_>>() }
        };
        let batches: Vec<_> = (0..20).map(|batch| start(&cache, &calls, ids(batch))).collect();
        for (batch, found) in (0..).zip(batches) {
            assert_eq!(found.await.unwrap(), users(ids(batch)));
        }
        assert_eq!(sorted(&calls), (0..220).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_batch_waits_for_a_call_under_way_and_computes_the_rest_meanwhile() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Arc::new(Calls::default());
        let single = {
            let (cache, calls) = (cache.clone(), Arc::clone(&calls));
            tokio::spawn(async move { cache.scope(slow_one(&calls, 1)).await })
        };
        until(&calls, 1).await;
        let batch = start(&cache, &calls, vec![0, 1, 2]);
        until(&calls, 2).await;
        // And the other way round.
        assert_eq!(cache.scope(slow_one(&calls, 2)).await, user(2));
        assert_eq!((single.await.unwrap(), batch.await.unwrap()), (user(1), users([0, 1, 2])));
        assert_eq!(calls.take(), [vec![1], vec![0, 2]]);
    }
}

/// That there is no value is shared as well, though it is not stored.
#[tokio::test]
async fn a_key_without_a_value_is_looked_for_once() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Arc::new(Calls::default());
        let first = start(&cache, &calls, vec![1, 5000]);
        until(&calls, 1).await;
        let second = start(&cache, &calls, vec![5000, 1]);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (users([1]), users([1])));
        assert_eq!(calls.take(), [[1, 5000]]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_compute_each_key_once() {
    let (server, first) = redis().await;
    let second = another(&server).await;
    let calls = Arc::new(Calls::default());
    let one = start(&first, &calls, (0..60).collect());
    let other = start(&second, &calls, (30..90).rev().collect());
    assert_eq!((one.await.unwrap(), other.await.unwrap()), (users(0..60), users(30..90)));
    assert_eq!(sorted(&calls), (0..90).collect::<Vec<_>>());
}

/// Whoever polls for another process asks for all keys at once, and those of its own process wait with it.
#[tokio::test]
async fn waiting_for_another_process_is_one_command_a_poll() {
    let (server, first) = redis().await;
    let second = another(&server).await;
    let calls = Arc::new(Calls::default());
    let holder = start(&first, &calls, (0..50).collect());
    until(&calls, 1).await;
    let monitor = server.monitor();
    let waiters: Vec<_> = (0..5).map(|_| start(&second, &calls, (0..50).collect())).collect();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), users(0..50));
    }
    holder.await.unwrap();
    assert_eq!(calls.take().len(), 1);
    let commands = monitor.commands();
    let asked = commands.iter().filter(|command| matches!(command.name(), "GET" | "MGET"));
    assert!(asked.clone().all(|command| command.name() == "MGET" && command.args().len() == 50));
    // Five look-ups, and polls of one of them, each pause longer than the one before.
    assert!(asked.count() < 30);
}

#[tokio::test]
async fn a_holder_that_is_killed_is_replaced_key_by_key() {
    let (server, cache) = redis().await;
    let calls = Calls::default();
    // Its lease, which nobody renews.
    set_lease(&server, "slow:2", &lease(&server).await, Some(300));
    assert_eq!(cache.scope(slow(&calls, &[1, 2, 3])).await, users([1, 2, 3]));
    cache.flush().await.unwrap();
    assert_eq!(calls.take(), [vec![1, 3], vec![2]]);
    let stored: usize = server.query(&["EXISTS", "slow:1", "slow:2", "slow:3"]);
    assert_eq!(stored, 3);
    assert_eq!(cache.scope(slow(&calls, &[2])).await, users([2]));
    assert!(calls.take().is_empty());
}

/// A lease that stays: patience ends, and the key is computed and not stored.
#[tokio::test]
async fn patience_has_an_end() {
    let (server, _) = redis().await;
    let cache =
        Cache::builder().url(server.url()).max_wait(Duration::from_millis(150)).connect().await.unwrap();
    let calls = Calls::default();
    let stays = lease(&server).await;
    set_lease(&server, "slow:2", &stays, Some(60_000));
    assert_eq!(cache.scope(slow(&calls, &[1, 2])).await, users([1, 2]));
    cache.flush().await.unwrap();
    assert_eq!(calls.take(), [[1], [2]]);
    assert_eq!(server.query::<Vec<u8>>(&["GET", "slow:2"]), stays);
}

#[tokio::test]
async fn a_batch_that_is_dropped_hands_over() {
    let (server, caches) = both().await;
    for cache in caches {
        let calls = Arc::new(Calls::default());
        let leader = start(&cache, &calls, vec![1, 2, 3]);
        until(&calls, 1).await;
        let follower = start(&cache, &calls, vec![2, 3, 4]);
        until(&calls, 2).await;
        leader.abort();
        assert_eq!(follower.await.unwrap(), users([2, 3, 4]));
        cache.flush().await.unwrap();
        let mut after: Vec<u64> = calls.take()[1..].concat();
        after.sort_unstable();
        assert_eq!(after, [2, 3, 4]);
        assert_eq!(cache.scope(slow(&calls, &[2, 3, 4])).await, users([2, 3, 4]));
        assert!(calls.take().is_empty(), "they were stored");
    }
    let left: usize = server.query(&["EXISTS", "slow:1"]);
    assert_eq!(left, 0, "its lease was given back");
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

#[redis_cached(ttl = 60, key = "panics:<ids>", batch = ids)]
async fn panics_once(ids: &[u64]) -> HashMap<u64, User> {
    let first = PANICS.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
    tokio::time::sleep(SLOW).await;
    assert!(!first, "the first run panics");
    users(ids.to_vec())
}

#[tokio::test]
async fn a_panic_reaches_its_own_caller_alone() {
    let (_server, caches) = both().await;
    for cache in caches {
        let call = || {
            let cache = cache.clone();
            tokio::spawn(async move { cache.scope(panics_once(&[1, 2])).await })
        };
        let before = PANICS.load(Ordering::SeqCst);
        let leader = call();
        while PANICS.load(Ordering::SeqCst) == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let follower = call();
        assert!(leader.await.is_err());
        assert_eq!(follower.await.unwrap(), users([1, 2]));
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Shared(u64);

#[derive(Debug, PartialEq)]
struct Unshared(u64);

#[redis_cached(ttl = 60, key = "error:<ids>", batch = ids, skip(calls))]
async fn cloned_error(calls: &Calls, ids: &[u64]) -> Result<HashMap<u64, User>, Shared> {
    calls.add(ids);
    tokio::time::sleep(SLOW).await;
    Err(Shared(ids[0]))
}

#[redis_cached(ttl = 60, key = "own error:<ids>", batch = ids, skip(calls))]
async fn own_error(calls: &Calls, ids: &[u64]) -> Result<HashMap<u64, User>, Unshared> {
    calls.add(ids);
    tokio::time::sleep(SLOW).await;
    Err(Unshared(ids[0]))
}

#[tokio::test]
async fn an_error_is_shared_if_it_can_be_cloned() {
    let (_server, caches) = both().await;
    for cache in caches {
        let calls = Calls::default();
        let both = async { tokio::join!(cloned_error(&calls, &[1, 2]), cloned_error(&calls, &[2, 1])) };
        let (one, other) = cache.scope(both).await;
        assert!(one.is_err() && one == other);
        assert_eq!(calls.take().len(), 1);
        let both = async { tokio::join!(own_error(&calls, &[1, 2]), own_error(&calls, &[2, 1])) };
        assert_eq!(cache.scope(both).await, (Err(Unshared(1)), Err(Unshared(2))));
        assert_eq!(calls.take().len(), 2);
    }
}

#[redis_cached(ttl = 60, key = "nested:<ids>", batch = ids)]
fn nested(ids: &[u64]) -> HashMap<u64, u64> {
    let inner = if ids.len() > 1 { nested(&ids[..1]) } else { HashMap::new() };
    ids.iter().map(|id| (*id, inner.get(id).copied().unwrap_or_default() + 1)).collect()
}

/// A function that calls itself does not wait for itself.
#[test]
fn a_batch_within_itself_computes() {
    let cache = Cache::memory();
    assert_eq!(cache.sync_scope(|| nested(&[1, 2])), HashMap::from([(1, 2), (2, 1)]));
}

#[redis_cached(ttl = 60, key = "threads:<ids>", batch = ids, skip(runs))]
fn on_threads(runs: &AtomicUsize, ids: &[u64]) -> HashMap<u64, User> {
    runs.fetch_add(ids.len(), Ordering::SeqCst);
    std::thread::sleep(SLOW);
    users(ids.to_vec())
}

#[test]
fn blocking_callers_share_too() {
    let server = RedisServer::start();
    for url in [server.url(), "memory://".into()] {
        let cache = Cache::builder().url(url).deadline(Duration::from_secs(10)).connect_lazy().unwrap();
        let runs = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for first in 0..16 {
                let (cache, runs) = (&cache, &runs);
                scope.spawn(move || {
                    let ids: Vec<u64> = (first..first + 5).collect();
                    assert_eq!(cache.sync_scope(|| on_threads(runs, &ids)), users(ids));
                });
            }
        });
        assert_eq!(runs.load(Ordering::SeqCst), 20);
    }
}

#[redis_cached(ttl = 60, key = "slower:<ids>", batch = ids)]
async fn slower(ids: &[u64]) -> HashMap<u64, User> {
    tokio::time::sleep(12 * SLOW).await;
    users(ids.iter().copied())
}

/// The body takes several times as long as a lease.
#[tokio::test]
async fn leases_are_renewed_while_the_body_runs() {
    let server = RedisServer::start();
    let patient = Cache::builder().deadline(Duration::from_secs(10)).lease_ttl(4 * SLOW);
    let cache = patient.url(server.url()).connect().await.unwrap();
    assert_eq!(cache.scope(slower(&[1, 2, 3])).await, users([1, 2, 3]));
    cache.flush().await.unwrap();
    assert_eq!(cache.stats().functions[0].stored, 3, "{}", cache.stats());
}
