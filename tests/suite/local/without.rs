//! Where there is no telling of changes: nothing is kept, it is said once, and all else works.

use std::time::Duration;

use redis_cached::{Cache, ErrorKind};
use redis_cached_test_support::{RedisServer, servers};

use super::{Row, kept, kept_entry, local_hits};
use crate::log_recorder::{record, warnings};

fn said(what: &str) -> usize {
    warnings(what).iter().filter(|said| said.contains("values are not kept in this process")).count()
}

/// Hits in Redis, none here, and what is invalidated is gone.
async fn assert_works(cache: &Cache) {
    let row = Row::default();
    for version in 1..4 {
        row.set(version);
        cache.sync_scope(|| kept_entry("w")).invalidate().await.unwrap();
        for _ in 0..5 {
            assert_eq!(cache.scope(kept(&row, "w")).await, version);
            cache.flush().await.unwrap();
        }
    }
    let stats = cache.stats();
    assert_eq!((stats.functions[0].computes, stats.functions[0].store_errors), (3, 0), "{stats}");
    assert_eq!(local_hits(cache), 0);
    assert!(stats.local.is_none_or(|local| !local.serving && local.entries == 0), "{stats:?}");
}

async fn connect(url: String) -> Cache {
    Cache::builder().url(url).deadline(Duration::from_secs(10)).connect().await.unwrap()
}

#[tokio::test]
async fn resp2_is_enough_for_all_but_local() {
    record();
    let server = RedisServer::start();
    let cache = connect(format!("{}?protocol=resp2", server.url())).await;
    assert_works(&cache).await;
    assert_eq!(said("RESP3 is turned off"), 1);
}

#[tokio::test]
async fn a_user_who_may_not_watch_is_told_once() {
    record();
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        server.cli(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-client"]);
        let cache = connect(format!("redis://app:secret@127.0.0.1:{}", server.port())).await;
        assert_works(&cache).await;
        // By then it has been tried again.
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(cache.scope(kept(&Row::default(), "w")).await, 3);
        assert_eq!(said(&format!(":{} refuses CLIENT TRACKING", server.port())), 1);
    }
}

#[tokio::test]
async fn memory_needs_no_second_copy() {
    let cache = Cache::memory();
    assert_works(&cache).await;
    assert!(cache.stats().local.is_none());
    assert!(Cache::connect("memory://").await.unwrap().stats().local.is_none());
}

#[tokio::test]
async fn a_capacity_that_is_no_number_of_bytes_is_refused() {
    for url in ["redis://127.0.0.1:1", "memory://"] {
        let builder = Cache::builder().url(url).local_capacity("64 potatoes");
        let error = builder.clone().connect_lazy().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(error.to_string().contains("64 potatoes"), "{error}");
        assert_eq!(builder.connect().await.unwrap_err().kind(), ErrorKind::InvalidOption);
    }
}
