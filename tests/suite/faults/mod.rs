//! Redis absent, killed, frozen, full, forbidding, or behind a network that misbehaves: the function's own value or error,
//! within its own time and the deadline, never an older value, and hits again within two seconds of the fault's end.
//!
//! Times are bounds that only a hang or a wait for something else than the deadline breaks, not measurements.

mod access;
mod away;
mod cancelled;
mod cluster;
mod connections;
mod credentials;
mod frozen;
mod full;

mod lacking;
mod paused;
mod proxy;
mod replica;
mod restart;
mod shutdown;
mod silence;
mod stalled;
mod unreadable;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::Given;

use crate::{Failed, User, user};

const DEADLINE: Duration = Duration::from_millis(100);
/// What a noisy machine may add.
const SLACK: Duration = Duration::from_millis(900);
/// How soon after a fault everything works again.
const RECOVERY: Duration = Duration::from_secs(2);

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn get_user(id: u64) -> Result<User, Failed> {
    match id {
        0 => Err(Failed("own error")),
        id => Ok(user(id)),
    }
}

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user_blocking(id: u64) -> Result<User, Failed> {
    Ok(user(id))
}

/// Stands for a row of the database. It only grows, so tests may share it.
static VERSION: AtomicU64 = AtomicU64::new(0);

#[redis_cached(ttl = 60, key = "version")]
async fn version() -> u64 {
    VERSION.load(Ordering::SeqCst)
}

fn lazy(url: impl Into<String>) -> Cache {
    Cache::builder().url(url).deadline(DEADLINE).connect_lazy().unwrap()
}

/// Calls must give the function's own value or error, the current one, and soon.
async fn assert_own_value(cache: &Cache, id: u64) {
    let began = Given::now();
    assert_eq!(cache.scope(get_user(id)).await, Ok(user(id)));
    assert_eq!(cache.scope(get_user(0)).await, Err(Failed("own error")));
    let worker = cache.clone();
    let blocking = tokio::task::spawn_blocking(move || worker.sync_scope(|| get_user_blocking(id)));
    assert_eq!(blocking.await.unwrap(), Ok(user(id)));
    assert_not_older(cache).await;
    assert!(began.elapsed() < 5 * DEADLINE + SLACK, "{:?}", began.elapsed());
}

/// Whether Redis took the invalidation or not, the process that asked for it must not be given what was there before.
async fn assert_not_older(cache: &Cache) {
    let current = VERSION.fetch_add(1, Ordering::SeqCst) + 1;
    let _ = cache.sync_scope(version_entry).invalidate().await;
    assert!(cache.scope(version()).await >= current);
}

/// From now on, within the time for that, calls hit again, and the invalidations that failed are made up for.
async fn assert_recovers(cache: &Cache) {
    let entry = cache.sync_scope(|| get_user_entry(999));
    let began = Given::now();
    while entry.put(&user(999)).await.is_err()
        || cache.stats().pending_invalidations > 0
        || entry.get().await.ok() != Some(Some(user(999)))
        || !hits(cache).await
    {
        assert!(began.elapsed() < RECOVERY, "no recovery: {:?}, {}", entry.get().await, cache.stats());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A second call for a key does not run the function.
async fn assert_hits(cache: &Cache) {
    assert!(hits(cache).await, "{}", cache.stats());
}

/// Where an answer takes longer than the deadline, as it may on a busy machine, the second call does.
async fn hits(cache: &Cache) -> bool {
    let computes = || -> u64 { cache.stats().functions.iter().map(|function| function.computes).sum() };
    assert_not_older(cache).await;
    // While the fault lasts, not everything is stored.
    let _ = cache.flush().await;
    let before = computes();
    cache.scope(version()).await;
    computes() == before
}

/// Waits for what is to come about; long, for a busy machine.
pub(crate) async fn wait_until(done: impl Fn() -> bool) {
    wait_until_async(async || done()).await;
}

pub(crate) async fn wait_until_async(done: impl AsyncFn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !done().await {
        assert!(Instant::now() < until, "it does not come about");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
