//! Servers that refuse or lack something, or are away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Proxy, RedisServer, servers};

use super::{hits, keep, shared};
use crate::local::Row;

async fn connect(url: String) -> Cache {
    Cache::builder().url(url).deadline(Duration::from_secs(10)).connect().await.unwrap()
}

async fn assert_revalidates(cache: &Cache) {
    let row = Row::default();
    let first = keep(cache, async || cache.scope(shared(&row, "a")).await).await;
    row.set(1);
    assert!(Arc::ptr_eq(&first, &cache.scope(shared(&row, "a")).await), "{}", cache.stats());
    cache.scope(async { super::shared_entry("a").invalidate().await.unwrap() }).await;
    assert_eq!(*cache.scope(shared(&row, "a")).await, 1);
    assert_eq!(hits(cache), (2, 1), "{}", cache.stats());
}

#[tokio::test]
async fn no_tracking_is_needed() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        assert_revalidates(&connect(format!("{}?protocol=resp2", server.url())).await).await;
        server.flush_all();
        server.cli(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-client"]);
        assert_revalidates(&connect(format!("redis://app:secret@127.0.0.1:{}", server.port())).await).await;
    }
}

#[tokio::test]
async fn a_user_who_may_not_read_marks_is_given_values() {
    let server = RedisServer::start();
    server.cli(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-getrange", "+eval"]);
    let cache = connect(format!("redis://app:secret@127.0.0.1:{}", server.port())).await;
    let owner = connect(server.url()).await;
    let row = Row::default();
    keep(&owner, async || owner.scope(shared(&row, "b")).await).await;
    row.set(1);
    for _ in 0..4 {
        assert_eq!(*cache.scope(shared(&row, "b")).await, 0, "{}", cache.stats());
    }
    assert_eq!(hits(&cache), (4, 0), "{}", cache.stats());
}

#[redis_cached(ttl = 3600, local = revalidate, key = "reval:away:<name>", skip(row))]
async fn away(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.get()
}

#[tokio::test]
async fn nothing_is_served_that_redis_has_not_confirmed() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let builder = Cache::builder().deadline(Duration::from_secs(2));
    let cache = builder.url(proxy.url()).connect().await.unwrap();
    let row = Row::default();
    keep(&cache, async || cache.scope(away(&row, "c")).await).await;
    assert_eq!(cache.scope(away(&row, "c")).await, 0);
    proxy.black_hole(true);
    for turn in 1..3 {
        row.set(turn);
        assert_eq!(cache.scope(away(&row, "c")).await, turn, "{}", cache.stats());
    }
    proxy.black_hole(false);
    // The entry was not changed, and its copy is served again as soon as there is a connection.
    let (before, until) = (hits(&cache).1, Instant::now() + Duration::from_secs(30));
    while hits(&cache).1 == before {
        assert!(Instant::now() < until, "{}", cache.stats());
        cache.scope(away(&row, "c")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(cache.scope(away(&row, "c")).await, 0, "{}", cache.stats());
    server.kill();
    row.set(3);
    assert_eq!(cache.scope(away(&row, "c")).await, 3, "{}", cache.stats());
}
