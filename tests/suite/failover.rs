//! Servers that take over and lack what was acknowledged: recent invalidations are repeated there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{Cache, Entry, redis_cached};
use redis_cached_test_support::{Given, Proxy, RedisCluster, RedisSentinels, RedisServer};

use crate::faults::wait_until_async;

/// What changes: a row of the database.
#[derive(Clone, Default)]
struct Row(Arc<AtomicU64>);

impl Row {
    fn set(&self, version: u64) {
        self.0.store(version, Ordering::SeqCst);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[redis_cached(ttl = 3600, key = "row:<name>", skip(row))]
async fn read(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.read()
}

#[redis_cached(ttl = 3600, key = "tagged:<name>", skip(row, tag), tags = ["<tag>"])]
async fn tagged(row: &Row, name: &str, tag: &str) -> u64 {
    let _ = (name, tag);
    row.read()
}

fn connected(url: String) -> Cache {
    Cache::builder().url(url).deadline(Duration::from_secs(2)).connect_lazy().unwrap()
}

fn row_entry(cache: &Cache, name: &str) -> Entry<u64> {
    cache.sync_scope(|| read_entry(name))
}

/// Whether the server has it, whatever its role.
fn has_key(server: &RedisServer, key: &str) -> bool {
    !server.query::<Vec<String>>(&["KEYS", key]).is_empty()
}

/// From now on the replica gets nothing of the primary.
fn cut_off(replica: &RedisServer, primary: &RedisServer) {
    replica.pause();
    primary.cli(&["CLIENT", "KILL", "TYPE", "replica"]);
}

async fn all_are_repeated(cache: &Cache, count: u64) {
    wait_until_async(async || {
        let stats = cache.stats();
        stats.repeated_invalidations >= count && stats.pending_invalidations == 0
    })
    .await;
    assert_eq!(cache.stats().repeated_invalidations, count);
}

#[tokio::test]
async fn a_node_that_takes_over_in_a_cluster() {
    let servers = RedisCluster::builder().replicas(1).start();
    // The key of any tag is on the node that is lost.
    let index =
        (0..3).find(|index| servers.owner("\u{1}tags").port() == servers.primary(*index).port()).unwrap();
    let (primary, replica) = (servers.primary(index), servers.replica(index));
    let elsewhere = servers.primary((index + 1) % 3);
    let lost = servers.key_of(primary, "row:")["row:".len()..].to_owned();
    let other = servers.key_of(elsewhere, "row:")["row:".len()..].to_owned();
    let tags =
        [primary, elsewhere].map(|node| servers.key_of(node, "\u{1}tag:")["\u{1}tag:".len()..].to_owned());
    let (row, [writer, reader]) = (Row::default(), [(); 2].map(|()| connected(servers.url())));
    for cache in [&writer, &reader] {
        for name in [&lost, &other] {
            assert_eq!(cache.scope(read(&row, name)).await, 0);
        }
        for tag in &tags {
            assert_eq!(cache.scope(tagged(&row, tag, tag)).await, 0);
        }
        cache.flush().await.unwrap();
    }
    primary.wait_for_replicas(1);

    cut_off(replica, primary);
    row.set(1);
    for name in [&lost, &other] {
        row_entry(&writer, name).invalidate().await.unwrap();
    }
    writer.invalidate_tags([tags[0].as_str(), tags[1].as_str()]).await.unwrap();
    primary.kill();
    replica.resume();
    assert!(has_key(replica, &format!("row:{lost}")), "it has lost the invalidation");
    replica.cli(&["CLUSTER", "FAILOVER", "TAKEOVER"]);
    servers.wait_for_primary(replica);

    // What lay on the lost node, and all tags, because the key of any tag did.
    all_are_repeated(&writer, 3).await;
    assert!(!has_key(replica, &format!("row:{lost}")));
    for cache in [&writer, &reader] {
        for name in [&lost, &other] {
            assert_eq!(cache.scope(read(&row, name)).await, 1);
        }
        for tag in &tags {
            assert_eq!(cache.scope(tagged(&row, tag, tag)).await, 1);
        }
    }
}

#[tokio::test]
async fn slots_that_are_migrated_have_lost_nothing() {
    let servers = RedisCluster::start();
    let (row, [cache, others]) = (Row::default(), [(); 2].map(|()| connected(servers.url())));
    let (from, to) = (servers.primary(0), servers.primary(1));
    let key = servers.key_of(from, "row:");
    let name = &key["row:".len()..];
    row_entry(&cache, name).invalidate().await.unwrap();
    row.set(1);
    assert_eq!(cache.scope(read(&row, name)).await, 1);
    cache.flush().await.unwrap();
    servers.migrate(servers.slot(&key), to).finish();
    row.set(2);
    assert_eq!(others.scope(read(&row, name)).await, 1, "it went with its slot");
    // Who has invalidated it lately does so once more where it is redirected, which does not say whether that was a failover.
    assert!([1, 2].contains(&cache.scope(read(&row, name)).await));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(cache.stats().repeated_invalidations <= 1, "{}", cache.stats());
    assert_eq!(others.stats().repeated_invalidations, 0);
}

#[tokio::test]
async fn a_primary_that_sentinels_choose() {
    let servers = RedisSentinels::start();
    let (row, [writer, reader]) = (Row::default(), [(); 2].map(|()| connected(servers.url())));
    assert_eq!(writer.scope(read(&row, "a")).await, 0);
    assert_eq!(writer.scope(tagged(&row, "b", "tag")).await, 0);
    writer.flush().await.unwrap();
    assert_eq!(reader.scope(read(&row, "a")).await, 0);
    servers.first().wait_for_replicas(1);
    cut_off(servers.second(), servers.first());
    row.set(1);
    row_entry(&writer, "a").invalidate().await.unwrap();
    writer.invalidate_tag("tag").await.unwrap();
    servers.first().kill();
    servers.second().resume();
    assert!(has_key(servers.second(), "row:a"), "it has lost the invalidation");
    servers.wait_for_primary(servers.second());
    all_are_repeated(&writer, 2).await;
    for cache in [&writer, &reader] {
        assert_eq!(cache.scope(read(&row, "a")).await, 1);
        assert_eq!(cache.scope(tagged(&row, "b", "tag")).await, 1);
    }
}

/// As behind the name of a managed service.
#[tokio::test]
async fn another_server_at_the_same_address() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let proxy = Proxy::start(&old);
    let (row, cache) = (Row::default(), connected(proxy.url().to_owned()));
    assert_eq!(cache.scope(read(&row, "a")).await, 0);
    cache.flush().await.unwrap();
    let dump: Vec<u8> = redis::cmd("DUMP").arg("row:a").query(&mut old.connection()).unwrap();
    row.set(1);
    row_entry(&cache, "a").invalidate().await.unwrap();
    // A connection that ends is no reason to remove anything.
    proxy.close_connections();
    wait_until_async(async || row_entry(&cache, "b").put(&7).await.is_ok()).await;
    assert_eq!(cache.stats().repeated_invalidations, 0);

    redis::cmd("RESTORE").arg("row:a").arg(0).arg(dump).exec(&mut new.connection()).unwrap();
    proxy.lead_to(&new);
    proxy.close_connections();
    // The put as well: what it has replaced may be there.
    all_are_repeated(&cache, 2).await;
    assert!(!has_key(&new, "row:a"));
    assert_eq!(cache.scope(read(&row, "a")).await, 1);
}

#[tokio::test]
async fn a_server_that_is_restarted_from_its_snapshot() {
    let server = RedisServer::start();
    let (row, cache) = (Row::default(), connected(server.url()));
    assert_eq!(cache.scope(read(&row, "a")).await, 0);
    cache.flush().await.unwrap();
    server.cli(&["SAVE"]);
    row.set(1);
    row_entry(&cache, "a").invalidate().await.unwrap();
    let held = row_entry(&cache, "held");
    held.invalidate_with_hold(Duration::from_secs(3600)).await.unwrap();
    server.kill();
    server.restart();
    assert!(has_key(&server, "row:a"), "the snapshot is older than the invalidation");
    all_are_repeated(&cache, 2).await;
    assert!(!has_key(&server, "row:a"));
    assert_eq!(cache.scope(read(&row, "a")).await, 1);
    let left: i64 = server.query(&["TTL", "row:held"]);
    assert!((3500..=3600).contains(&left), "a hold goes on from where it was: {left} s");
}

/// Who does not say which server it is may be another one each time, and is used all the same.
#[tokio::test]
async fn a_proxy_that_closes_connections_on_which_it_is_asked_who_it_is() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    proxy.close_at("INFO");
    let (row, cache) = (Row::default(), connected(proxy.url().to_owned()));
    let began = Given::now();
    wait_until_async(async || row_entry(&cache, "a").invalidate().await.is_ok()).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(cache.scope(read(&row, "a")).await, 0);
    cache.flush().await.unwrap();
    assert_eq!(cache.scope(read(&row, "a")).await, 0);
    let before = cache.stats().repeated_invalidations;
    proxy.close_connections();
    wait_until_async(async || cache.stats().repeated_invalidations > before).await;
    wait_until_async(async || cache.stats().pending_invalidations == 0).await;
    assert!(!has_key(&server, "row:a"));
}
