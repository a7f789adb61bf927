//! `invalidations_wait`: an invalidation is over when replicas have it, and says so if they do not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, CacheBuilder, Error, ErrorKind, redis_cached, redis_invalidates};
use redis_cached_test_support::{Given, RedisCluster, RedisSentinels, RedisServer};

use crate::faults::wait_until_async;

const DEADLINE: Duration = Duration::from_secs(5);
/// How long replicas have. Longer than any that is there takes.
const TIME: Duration = Duration::from_millis(500);

/// Stands for a database: each computation is told from all others.
static VERSION: AtomicU64 = AtomicU64::new(0);

#[redis_cached(ttl = 3600, key = "row:<id>")]
async fn row(id: u64) -> u64 {
    let _ = id;
    VERSION.fetch_add(1, Ordering::SeqCst) + 1
}

#[redis_cached(ttl = 3600, key = "tagged:<id>", tags = ["tag:<id>"])]
async fn tagged(id: u64) -> u64 {
    let _ = id;
    VERSION.fetch_add(1, Ordering::SeqCst) + 1
}

#[redis_invalidates(row(id))]
async fn write(id: u64) {
    let _ = id;
}

#[redis_invalidates(row(id), strict)]
async fn write_strictly(id: u64) -> Result<(), Error> {
    let _ = id;
    Ok(())
}

fn waiting(url: impl Into<String>, replicas: u32) -> CacheBuilder {
    Cache::builder().url(url).deadline(DEADLINE).invalidations_wait(replicas, TIME)
}

/// A primary with a replica that has its data.
fn replicated() -> (RedisServer, RedisServer) {
    let primary = RedisServer::builder().arg("--repl-diskless-sync-delay").arg("0").start();
    let replica = RedisServer::start();
    replica.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    let until = Instant::now() + Duration::from_secs(10);
    while replica.info("master_link_status").is_none_or(|is| is != "up") {
        assert!(Instant::now() < until, "it does not get the data");
        std::thread::sleep(Duration::from_millis(10));
    }
    // The primary sends it nothing before its first acknowledgement, which may take it a second. An acknowledgement of nothing does not count.
    primary.flush_all();
    primary.wait_for_replicas(1);
    (primary, replica)
}

fn assert_not_replicated(done: Result<(), Error>) {
    let error = done.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReplicated, "{error}");
    assert!(error.to_string().contains("replicas have acknowledged the change within 500ms"), "{error}");
    assert!(error.to_string().contains("it is done at the primary"), "{error}");
}

#[tokio::test]
async fn a_replica_has_what_is_over() {
    let (primary, replica) = replicated();
    let cache = waiting(primary.url(), 1).connect().await.unwrap();
    let has = |key: &str| replica.query::<u64>(&["EXISTS", key]) == 1;
    for id in 0..20 {
        let entry = cache.sync_scope(|| row_entry(id));
        entry.put(&7).await.unwrap();
        assert!(has(&format!("row:{id}")));
        entry.invalidate().await.unwrap();
        assert!(!has(&format!("row:{id}")));
        cache.scope(tagged(id)).await;
        cache.flush().await.unwrap();
        cache.invalidate_tag(format!("tag:{id}")).await.unwrap();
        assert!(!has(&format!("\u{1}tag:tag:{id}")));
    }
    cache.sync_scope(|| row_entry(1)).invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
    assert!(has("row:1"), "the tombstone");
    assert_eq!(cache.stats().pending_invalidations, 0);
}

#[tokio::test]
async fn too_few_replicas_are_an_error_of_its_own() {
    let (primary, replica) = replicated();
    for (replicas, frozen) in [(2, false), (1, true)] {
        if frozen {
            replica.pause();
        }
        let cache = waiting(primary.url(), replicas).connect().await.unwrap();
        let first = cache.scope(row(1)).await;
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(row(1)).await, first);
        let began = Instant::now();
        assert_not_replicated(cache.sync_scope(|| row_entry(1)).invalidate().await);
        assert!(began.elapsed() >= TIME && began.elapsed() < DEADLINE, "{:?}", began.elapsed());
        // It is done, and nothing is retried.
        assert_eq!(cache.stats().pending_invalidations, 0);
        let second = cache.scope(row(1)).await;
        assert!(second > first);
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(row(1)).await, second);
        assert_not_replicated(cache.invalidate_tag("any").await);

        // By attribute: counted, or an error.
        let errors = || cache.stats().functions.iter().map(|function| function.store_errors).sum::<u64>();
        let before = errors();
        cache.scope(write(1)).await;
        assert_eq!(errors(), before + 1);
        assert_not_replicated(cache.scope(write_strictly(1)).await);
        assert_eq!(cache.stats().pending_invalidations, 0);
        assert!(cache.scope(row(1)).await > second);
    }
}

/// `WAIT` blocks its connection. Those behind it do not wait for it one after the other, and hits are not behind it at all.
#[tokio::test]
async fn many_wait_no_longer_than_two() {
    let (primary, replica) = replicated();
    let cache = waiting(primary.url(), 1).connect().await.unwrap();
    let value = cache.scope(row(0)).await;
    cache.flush().await.unwrap();
    replica.pause();
    let began = Given::now();
    let mut invalidations = tokio::task::JoinSet::new();
    for id in 1..100 {
        let entry = cache.sync_scope(|| row_entry(id));
        invalidations.spawn(async move { entry.invalidate().await });
    }
    tokio::task::yield_now().await;
    for _ in 0..20 {
        assert_eq!(cache.scope(row(0)).await, value);
    }
    assert!(began.elapsed() < TIME, "hits wait for replicas: {:?}", began.elapsed());
    while let Some(done) = invalidations.join_next().await {
        assert_not_replicated(done.unwrap());
    }
    assert!(began.elapsed() < 4 * TIME, "{:?}", began.elapsed());
    assert_eq!(cache.stats().pending_invalidations, 0);
}

#[tokio::test]
async fn one_round_trip_on_a_connection_of_its_own() {
    let (primary, _replica) = replicated();
    let cache = waiting(primary.url(), 1).connect().await.unwrap();
    cache.scope(row(1)).await;
    cache.flush().await.unwrap();
    // The connection is made at the first removal.
    cache.sync_scope(|| row_entry(2)).invalidate().await.unwrap();
    let monitor = primary.monitor();
    cache.sync_scope(|| row_entry(1)).invalidate().await.unwrap();
    cache.sync_scope(|| row_entry(1)).get().await.unwrap();
    let commands = monitor.commands();
    assert_eq!(commands, ["UNLINK row:1", "WAIT 1 500", "GET row:1"]);
    assert_eq!(commands[0].client(), commands[1].client());
    assert_ne!(commands[1].client(), commands[2].client());
}

#[tokio::test]
async fn in_a_cluster_the_replicas_of_each_primary_concerned() {
    let servers = RedisCluster::builder().replicas(1).start();
    let cache = waiting(servers.url(), 1).connect().await.unwrap();
    let id_of = |index: usize| -> u64 {
        servers.key_of(servers.primary(index), "row:")["row:".len()..].parse().unwrap()
    };
    let ids = [id_of(0), id_of(1), id_of(2)];
    let entries = || cache.sync_scope(|| ids.map(row_entry)).to_vec();
    redis_cached::Entry::invalidate_many(entries()).await.unwrap();
    cache.invalidate_tag("any").await.unwrap();
    // A slot that has moved is followed.
    let slot = servers.slot(&format!("row:{}", ids[0]));
    servers.migrate(slot, servers.primary(1)).finish();
    cache.scope(row(ids[0])).await;
    cache.flush().await.unwrap();
    entries()[0].invalidate().await.unwrap();
    assert_eq!(servers.primary(1).query::<u64>(&["EXISTS", &format!("row:{}", ids[0])]), 0);

    for entry in entries() {
        entry.put(&7).await.unwrap();
    }
    servers.replica(2).pause();
    entries()[1].invalidate().await.unwrap();
    assert_not_replicated(entries()[2].invalidate().await);
    assert_not_replicated(redis_cached::Entry::invalidate_many(entries()).await);
    assert_eq!(cache.stats().pending_invalidations, 0);
    // What could not be done anywhere counts for more.
    servers.primary(1).pause();
    let quick = waiting(servers.url(), 1).deadline(Duration::from_millis(100)).connect().await.unwrap();
    let entries = quick.sync_scope(|| ids.map(row_entry)).to_vec();
    let error = redis_cached::Entry::invalidate_many(entries).await.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::NotReplicated, "{error}");
    assert!(quick.stats().pending_invalidations > 0);
    servers.primary(1).resume();
    servers.replica(2).resume();
    wait_until_async(async || quick.stats().pending_invalidations == 0).await;
}

#[tokio::test]
async fn behind_sentinels() {
    let servers = RedisSentinels::start();
    let cache = waiting(servers.url(), 1).connect().await.unwrap();
    cache.sync_scope(|| row_entry(1)).invalidate().await.unwrap();
    servers.second().pause();
    assert_not_replicated(cache.sync_scope(|| row_entry(1)).invalidate().await);
    servers.second().resume();
    wait_until_async(async || cache.sync_scope(|| row_entry(1)).invalidate().await.is_ok()).await;
}

#[tokio::test]
async fn what_nobody_can_wait_for_is_refused() {
    for (replicas, time) in [(0, TIME), (1, Duration::ZERO), (1, Duration::MAX)] {
        let builder = Cache::builder().url("redis://127.0.0.1:1").invalidations_wait(replicas, time);
        let error = builder.connect_lazy().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(error.to_string().contains("`invalidations_wait` waits for one replica or more"), "{error}");
    }
    // There are no replicas, and nothing can be lost to a failover.
    let cache = Cache::builder().url("memory://").invalidations_wait(1, TIME).connect().await.unwrap();
    cache.sync_scope(|| row_entry(1)).invalidate().await.unwrap();
}
