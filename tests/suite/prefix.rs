//! `invalidate_prefix`: all entries under a name, and no others.

use std::time::Duration;

use redis_cached::{Cache, ErrorKind, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::{both, user};

#[redis_cached(ttl = 60, key = "<group>:<id>", local = "1m")]
async fn member(group: &str, id: u64) -> crate::User {
    let _ = group;
    user(id)
}

async fn fill(cache: &Cache, group: &str, members: u64) {
    for id in 0..members {
        cache.scope(member(group, id)).await;
    }
    cache.flush().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn blocking_code_removes_it_too() {
    let (_server, caches) = both().await;
    for cache in caches {
        fill(&cache, "user", 3).await;
        let removed = tokio::task::spawn_blocking(move || {
            let cache = cache.blocking();
            let mut told = Vec::new();
            let removed = cache.invalidate_prefix_with("user:", |removed| told.push(removed)).unwrap();
            assert_eq!(told.last(), Some(&removed));
            (removed, cache.invalidate_prefix("user:").unwrap())
        });
        assert_eq!(removed.await.unwrap(), (3, 0));
    }
}

#[tokio::test]
async fn what_begins_with_it_is_removed_and_nothing_else() {
    let (_server, caches) = both().await;
    for cache in &caches {
        fill(cache, "user", 30).await;
        fill(cache, "users", 5).await;
        fill(cache, "u", 2).await;
        assert_eq!(cache.invalidate_prefix("user:").await.unwrap(), 30);
        for (group, there) in [("user", false), ("users", true), ("u", true)] {
            let entry = cache.sync_scope(|| member_entry(group, 1));
            assert_eq!(entry.get().await.unwrap().is_some(), there, "{group}");
        }
        assert_eq!(cache.invalidate_prefix("user:").await.unwrap(), 0);
        assert_eq!(cache.invalidate_prefix("u").await.unwrap(), 7);
    }
}

#[tokio::test]
async fn the_caches_prefix_stands_before_it_and_patterns_mean_nothing() {
    let server = RedisServer::start();
    let cache = |prefix: &'static str| {
        let server = &server;
        async move {
            let patient = Cache::builder().deadline(Duration::from_secs(10));
            patient.url(server.url()).prefix(prefix).connect().await.unwrap()
        }
    };
    let (one, other, odd) = (cache("one:").await, cache("other:").await, cache("[a-z]*?\\").await);
    for cache in [&one, &other, &odd] {
        fill(cache, "user", 3).await;
    }
    assert_eq!(odd.invalidate_prefix("").await.unwrap(), 3);
    assert_eq!(one.invalidate_prefix("*").await.unwrap(), 0);
    assert_eq!(one.invalidate_prefix("user").await.unwrap(), 3);
    assert_eq!(other.invalidate_prefix("user").await.unwrap(), 3);
}

#[tokio::test]
async fn many_entries_go_in_steps_and_the_process_keeps_none_of_them() {
    let (server, [cache, ..]) = both().await;
    fill(&cache, "many", 3000).await;
    // Kept in the process by now, as far as they were asked for twice.
    fill(&cache, "many", 3000).await;
    let mut steps = vec![];
    let monitor = server.monitor();
    let removed = cache.invalidate_prefix_with("many:", |so_far| steps.push(so_far)).await.unwrap();
    assert_eq!(removed, 3000);
    assert!(steps.len() > 1 && steps.is_sorted() && steps.last() == Some(&3000), "{steps:?}");
    assert!(monitor.commands().iter().all(|command| !command.name().eq_ignore_ascii_case("KEYS")));
    let before = cache.stats().functions[0].computes;
    fill(&cache, "many", 10).await;
    assert_eq!(cache.stats().functions[0].computes, before + 10);
}

#[tokio::test]
async fn all_that_is_under_it_is_removed_whoever_put_it_there() {
    let (server, [cache, ..]) = both().await;
    fill(&cache, "user", 3).await;
    let mut connection = server.connection();
    let binary: [&[u8]; 5] = [b"user:\xff\xfe", b"user:\0", b"\xff\xfeuser:", b"\x00", b"USER:1"];
    for key in binary {
        let _: () = redis::cmd("SET").arg(key).arg("x").query(&mut connection).unwrap();
    }
    server.cli(&["LPUSH", "user:list", "x"]);
    assert_eq!(cache.invalidate_prefix("user:").await.unwrap(), 6);
    assert_eq!(cache.invalidate_prefix("user:").await.unwrap(), 0);
    assert_eq!(server.query::<u64>(&["DBSIZE"]), 3);
}

#[tokio::test]
async fn characters_of_patterns_are_literal() {
    let (server, [cache, ..]) = both().await;
    for prefix in ["a*", "a?", "a[bc]", "a\\", "a^", "[^a]", "é*🦀", "{a}"] {
        let key = format!("{prefix}:1");
        for other in ["ab:1", "axx:1", "bb:1", "é🦀:1"] {
            server.cli(&["SET", other, "x"]);
        }
        server.cli(&["SET", &key, "x"]);
        assert_eq!(cache.invalidate_prefix(prefix).await.unwrap(), 1, "{prefix}");
        assert_eq!(server.query::<u64>(&["DBSIZE"]), 4, "{prefix}");
    }
}

#[tokio::test]
async fn a_prefix_that_is_empty_in_all_is_refused() {
    let (server, [redis, memory, ..]) = both().await;
    for cache in [&redis, &memory] {
        fill(cache, "user", 3).await;
        let error = cache.invalidate_prefix("").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::EmptyPrefix);
        let mut told = 0;
        let error = cache.blocking().invalidate_prefix_with("", |_| told += 1).unwrap_err();
        assert_eq!((error.kind(), told), (ErrorKind::EmptyPrefix, 0));
        assert!(cache.sync_scope(|| member_entry("user", 1)).get().await.unwrap().is_some());
    }
    let patient = Cache::builder().deadline(Duration::from_secs(10));
    let shop = patient.url(server.url()).prefix("shop:").connect().await.unwrap();
    fill(&shop, "user", 2).await;
    assert_eq!(shop.invalidate_prefix("").await.unwrap(), 2);
    assert_eq!(server.query::<u64>(&["DBSIZE"]), 3);
}

#[tokio::test]
async fn a_sweep_that_fails_says_what_it_has_done() {
    let (server, [cache, ..]) = both().await;
    fill(&cache, "user", 3000).await;
    let mut steps = 0;
    let progress = |removed| {
        steps += 1;
        if removed > 0 {
            server.cli(&["ACL", "SETUSER", "default", "-unlink", "-del"]);
        }
    };
    let error = cache.invalidate_prefix_with("user:", progress).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    let left: u64 = server.query(&["DBSIZE"]);
    assert!(steps > 0 && left < 3000, "{steps} steps, {left} are left");
    let done = format!("{} keys were removed", 3000 - left);
    assert!(error.to_string().contains(&done), "{error}");
    // Nothing is retried behind the caller's back.
    assert_eq!(cache.stats().pending_invalidations, 0);
    server.cli(&["ACL", "SETUSER", "default", "+unlink", "+del"]);
    assert_eq!(cache.invalidate_prefix("user:").await.unwrap(), left);
}
