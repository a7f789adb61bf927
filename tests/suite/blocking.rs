//! Plain functions: with no runtime, and on every kind of thread of every kind of runtime.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::{Failed, Runs, User, user};

static RUNS: Runs = Runs::new();

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> Result<User, Failed> {
    RUNS.count();
    if id == 0 { Err(Failed("no such user")) } else { Ok(user(id)) }
}

#[redis_cached(ttl = 60)]
fn plain(id: u64) -> u64 {
    id * 2
}

fn lazy(server: &RedisServer) -> Cache {
    Cache::builder().url(server.url()).connect_lazy().unwrap()
}

/// A miss, a hit, an error that is not stored, and the entry's operations.
fn everything(cache: &Cache, id: u64) {
    cache.sync_scope(|| {
        let before = RUNS.get();
        assert_eq!(get_user(id), Ok(user(id)));
        assert_eq!(get_user(id), Ok(user(id)));
        assert_eq!(RUNS.get() - before, 1);
        assert_eq!(get_user(0), Err(Failed("no such user")));
        assert_eq!(get_user(0), Err(Failed("no such user")));
        let entry = get_user_entry(id).blocking();
        assert_eq!(entry.get().unwrap(), Some(user(id)));
        assert!(entry.ttl().unwrap().is_some());
        entry.put(&user(id + 1)).unwrap();
        assert_eq!(get_user(id), Ok(user(id + 1)));
        entry.invalidate().unwrap();
        assert_eq!(entry.get().unwrap(), None);
        assert_eq!((plain(id), plain(id)), (id * 2, id * 2));
        assert_eq!(plain_entry(id).blocking().get_or_compute(|| 0), id * 2);
    });
}

// One test, so that the counter of runs has one user.
#[test]
fn everywhere() {
    let server = RedisServer::start();
    let cache = lazy(&server);

    everything(&cache, 10);

    let current = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    current.block_on(async { everything(&cache, 20) });
    let local = tokio::task::LocalSet::new();
    local.block_on(&current, async { everything(&cache, 30) });

    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    multi.block_on(async {
        everything(&cache, 40);
        let worker = cache.clone();
        tokio::spawn(async move { everything(&worker, 50) }).await.unwrap();
        let blocking = cache.clone();
        tokio::task::spawn_blocking(move || everything(&blocking, 60)).await.unwrap();
    });

    let bare = tokio::runtime::Builder::new_current_thread().build().unwrap();
    bare.block_on(async { everything(&cache, 70) });

    everything(&Cache::memory(), 80);
}

#[test]
fn many_threads_share_the_cache() {
    let server = RedisServer::start();
    // Patient, for the machine may be busy with other tests.
    let patient = Cache::builder().deadline(Duration::from_secs(10));
    let cache = patient.url(server.url()).connect_lazy().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..16_u64 {
            let cache = &cache;
            scope.spawn(move || {
                for id in 0..50 {
                    assert_eq!(cache.sync_scope(|| plain(thread * 1000 + id)), (thread * 1000 + id) * 2);
                    assert_eq!(cache.sync_scope(|| plain(id)), id * 2);
                }
            });
        }
    });
    assert_eq!(cache.stats().functions.iter().map(|function| function.store_errors).sum::<u64>(), 0);
}
