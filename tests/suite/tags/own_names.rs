//! The library's own keys: nothing that a program writes can be one of them.

use std::sync::Arc;

use redis_cached::{Cache, ErrorKind, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{Source, row};
use crate::both;

/// What an endpoint that lists tags would be called.
#[redis_cached(ttl = 60, key = "tags", skip(source))]
fn all_tags(source: &Source) -> u64 {
    source.quick_read()
}

#[redis_cached(ttl = 60, key = "tag:<name>", skip(source))]
fn one_tag(source: &Source, name: &str) -> u64 {
    let _ = name;
    source.quick_read()
}

#[redis_cached(ttl = 60, key = "<name>", skip(source))]
fn anything(source: &Source, name: &str) -> u64 {
    let _ = name;
    source.quick_read()
}

#[redis_cached(ttl = 60, key = "<name>", skip(source), local = "1m", tags = |_: &u64| vec!["x".into()], stale_while_revalidate = 60)]
async fn claimed(source: &Arc<Source>, name: String) -> u64 {
    let _ = name;
    source.quick_read()
}

#[tokio::test]
async fn an_invalidated_tag_touches_no_entry_of_that_name() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let names = ["\u{1}tags", "\u{1}tag:org:a", "tag:org:a", ""];
        let all = async || {
            let found = cache.sync_scope(|| {
                (all_tags(&source), one_tag(&source, "org:a"), names.map(|name| anything(&source, name)))
            });
            cache.scope(row(&source, "a", 1)).await;
            cache.flush().await.unwrap();
            found
        };
        let found = all().await;
        source.write();
        for _ in 0..5 {
            cache.invalidate_tags(["org:a", "org:b"]).await.unwrap();
            assert_eq!(all().await, found);
        }
    }
}

#[tokio::test]
async fn prefixes_stay_apart() {
    let server = RedisServer::start();
    let connect = |prefix: &'static str| Cache::builder().url(server.url()).prefix(prefix).connect();
    let (bare, shop) = (connect("").await.unwrap(), connect("shop:").await.unwrap());
    let source = Source::new();
    let call = async |cache: &Cache| {
        let found = cache.scope(row(&source, "a", 1)).await;
        cache.flush().await.unwrap();
        found
    };
    assert_eq!((call(&bare).await, call(&shop).await), (1, 1));
    let new = source.write();
    bare.invalidate_tags(["org:a", "shop:org:a", "shop:\u{1}tag:org:a"]).await.unwrap();
    assert_eq!((call(&bare).await, call(&shop).await), (new, 1));
    let newer = source.write();
    shop.invalidate_tag("org:a").await.unwrap();
    assert_eq!((call(&bare).await, call(&shop).await), (new, newer));
    let mut keys = server.query::<Vec<String>>(&["KEYS", "*"]);
    keys.sort();
    assert_eq!(keys, ["\u{1}tag:org:a", "row:1", "shop:\u{1}tag:org:a", "shop:row:1"]);
}

#[tokio::test]
async fn no_prefix_reaches_them() {
    let refused = |prefix: &str| Cache::builder().prefix(prefix).connect_lazy().unwrap_err().kind();
    assert_eq!([refused("\u{1}"), refused("shop:\u{1}tag:")], [ErrorKind::InvalidOption; 2]);
    let memory = Cache::builder().url("memory://").prefix("\u{1}").connect().await;
    assert_eq!(memory.unwrap_err().kind(), ErrorKind::InvalidOption);
    let (_server, caches) = both().await;
    for cache in caches {
        for prefix in ["\u{1}", "\u{1}tag:", "user\u{1}"] {
            assert_eq!(cache.invalidate_prefix(prefix).await.unwrap_err().kind(), ErrorKind::Name);
            assert_eq!(cache.blocking().invalidate_prefix(prefix).unwrap_err().kind(), ErrorKind::Name);
        }
    }
}

/// What is left behind an empty key: the claim to refresh, and what the local tier notes beside it.
#[tokio::test]
async fn an_entry_without_a_name_has_room_beside_them() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async || {
            let found = cache.scope(claimed(&source, String::new())).await;
            cache.flush().await.unwrap();
            found
        };
        assert_eq!((call().await, call().await), (1, 1));
        let new = source.write();
        cache.invalidate_tag("x").await.unwrap();
        assert_eq!((call().await, call().await), (new, new));
    }
}
