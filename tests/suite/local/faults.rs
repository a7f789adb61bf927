//! Redis killed, frozen, or cut off: nothing is served for longer than the bound, and afterwards all is as before.

use std::time::Duration;

use redis_cached::Cache;
use redis_cached_test_support::{Proxy, RedisServer, servers};

use super::{Row, becomes, kept, kept_entry, local_hits, process, settle, wait_until};

const STALENESS: Duration = Duration::from_millis(300);
/// After which nothing must be served, on any machine. It may be late, so there is no upper bound.
const PAST: Duration = Duration::from_secs(1);

fn impatient(url: &str, staleness: Duration) -> Cache {
    let short = Cache::builder().deadline(Duration::from_millis(200)).local_staleness(staleness);
    short.url(url).connect_lazy().unwrap()
}

/// The row changes where nobody can tell; past the bound, the call is given what is there now.
async fn assert_not_served_past_the_bound(cache: &Cache, row: &Row) {
    row.set(row.get() + 1);
    tokio::time::sleep(PAST).await;
    let before = local_hits(cache);
    assert_eq!(cache.scope(kept(row, "a")).await, row.get());
    assert_eq!(local_hits(cache), before, "{}", cache.stats());
    assert!(!cache.stats().local.unwrap().serving);
}

/// Values are kept again, and changes of them are heard of.
async fn assert_recovers(server: &RedisServer, cache: &Cache, row: &Row) {
    settle(cache, async || kept(row, "a").await).await;
    row.set(row.get() + 1);
    process(server).sync_scope(|| kept_entry("a")).invalidate().await.unwrap();
    becomes(cache, row.get(), async || kept(row, "a").await).await;
    settle(cache, async || kept(row, "a").await).await;
}

#[tokio::test]
async fn a_frozen_server() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let (cache, row) = (impatient(&server.url(), STALENESS), Row::default());
        for _ in 0..2 {
            settle(&cache, async || kept(&row, "a").await).await;
            server.pause();
            assert_not_served_past_the_bound(&cache, &row).await;
            server.resume();
            assert_recovers(&server, &cache, &row).await;
        }
    }
}

#[tokio::test]
async fn a_killed_server() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let (cache, row) = (impatient(&server.url(), STALENESS), Row::default());
        settle(&cache, async || kept(&row, "a").await).await;
        server.kill();
        assert_not_served_past_the_bound(&cache, &row).await;
        server.restart();
        assert_recovers(&server, &cache, &row).await;
    }
}

/// A network that swallows everything: this process hears nothing while another changes the value.
#[tokio::test]
async fn a_change_that_cannot_be_told() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let (cache, row) = (impatient(proxy.url(), STALENESS), Row::default());
    let other = process(&server);
    settle(&cache, async || kept(&row, "a").await).await;
    proxy.black_hole(true);
    other.sync_scope(|| kept_entry("a")).invalidate().await.unwrap();
    assert_not_served_past_the_bound(&cache, &row).await;
    proxy.heal();
    assert_recovers(&server, &cache, &row).await;
}

/// The id of the connection on which the server tells of changes.
fn watched(server: &RedisServer) -> Option<String> {
    let clients: String = server.query(&["CLIENT", "LIST"]);
    let field = |client: &str, name: &str| {
        client
            .split(' ')
            .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or("")
            .to_owned()
    };
    clients.lines().find(|client| field(client, "flags").contains('t')).map(|client| field(client, "id"))
}

#[tokio::test]
async fn a_watched_connection_that_is_cut_off() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        // The bound is far: what is seen here is the end of the connection itself.
        let (cache, row) = (impatient(&server.url(), Duration::from_secs(600)), Row::default());
        for round in 1..5 {
            settle(&cache, async || kept(&row, "a").await).await;
            server.cli(&["CLIENT", "KILL", "ID", &watched(&server).unwrap()]);
            // Nobody is left to be told.
            row.set(row.get() + 1);
            process(&server).sync_scope(|| kept_entry("a")).invalidate().await.unwrap();
            becomes(&cache, row.get(), async || kept(&row, "a").await).await;
            assert_eq!(cache.stats().local.unwrap().dropped, round);
            assert_recovers(&server, &cache, &row).await;
        }
    }
}

#[tokio::test]
async fn an_invalidation_that_failed_is_seen_here_all_the_same() {
    let server = RedisServer::start();
    let (cache, row) = (impatient(&server.url(), Duration::from_secs(600)), Row::default());
    settle(&cache, async || kept(&row, "a").await).await;
    server.pause();
    assert_eq!(cache.scope(kept(&row, "a")).await, 0, "the bound is far");
    row.set(1);
    cache.sync_scope(|| kept_entry("a")).invalidate().await.unwrap_err();
    for _ in 0..3 {
        assert_eq!(cache.scope(kept(&row, "a")).await, 1);
    }
    server.resume();
    wait_until(&cache, || cache.stats().pending_invalidations == 0).await;
    for _ in 0..20 {
        assert_eq!(cache.scope(kept(&row, "a")).await, 1);
    }
    settle(&cache, async || kept(&row, "a").await).await;
}
