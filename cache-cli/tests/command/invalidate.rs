//! Removals, by the library's own protocol.

use std::sync::Arc;
use std::time::Duration;

use redis_cached::Cache;
use redis_cached_test::{RedisCluster, RedisServer};
use tokio::sync::Notify;

use crate::run;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn keys_are_invalidated_with_what_is_being_computed() {
    let server = RedisServer::start();
    let cache = Cache::connect(server.url()).await.unwrap();
    cache.entry::<u8>("a").ttl(HOUR).put(&1).await.unwrap();
    let go_on = Arc::new(Notify::new());
    let computing = tokio::spawn({
        let (cache, go_on) = (cache.clone(), Arc::clone(&go_on));
        async move {
            cache
                .entry::<u8>("slow")
                .ttl(HOUR)
                .get_or_compute(async {
                    go_on.notified().await;
                    1
                })
                .await
        }
    });
    while server.query::<u64>(&["EXISTS", "slow"]) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let url = server.url();
    let arguments = ["invalidate", &url, "--key", "a", "--key", "slow", "--key", "b"];
    run([&arguments[..], &["--dry-run"]].concat())
        .expect(0, &["would invalidate a: an entry of", "would invalidate slow: a lease"]);
    assert_eq!(server.query::<u64>(&["EXISTS", "a", "slow"]), 2);
    run(arguments).expect(
        0,
        &["invalidated a: an entry of", "invalidated slow: a lease", "invalidated b: nothing was there"],
    );
    go_on.notify_one();
    assert_eq!(computing.await.unwrap(), 1);
    cache.flush().await.ok();
    assert_eq!(server.query::<u64>(&["EXISTS", "a", "slow"]), 0, "a value from before is stored");
}

#[tokio::test]
async fn a_key_stands_for_all_versions_of_a_program() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).separate_versions().connect().await.unwrap();
    let number = cache.entry::<u8>("a").ttl(HOUR);
    let text = cache.entry::<String>("a").ttl(HOUR);
    number.get_or_compute(async { 1 }).await;
    text.get_or_compute(async { "1".to_owned() }).await;
    cache.flush().await.unwrap();
    assert_eq!((number.get().await.unwrap(), text.get().await.unwrap()), (Some(1), Some("1".to_owned())));
    let url = server.url();
    run(["inspect", &url, "a"]).expect(0, &[]);
    run(["invalidate", &url, "--key", "a"]).expect(0, &["invalidated a: an entry of"]);
    assert_eq!((number.get().await.unwrap(), text.get().await.unwrap()), (None, None));
    run(["inspect", &url, "a"]).expect(1, &[]);
}

#[tokio::test]
async fn a_hold_stays_in_force() {
    let server = RedisServer::start();
    let cache = Cache::connect(server.url()).await.unwrap();
    cache.entry::<u8>("held").ttl(HOUR).invalidate_with_hold(HOUR).await.unwrap();
    run(["invalidate", &server.url(), "--key", "held"]).expect(0, &["left held: a tombstone"]);
    assert_eq!(server.query::<u64>(&["EXISTS", "held"]), 1);
}

#[tokio::test]
async fn tags_are_invalidated_under_the_cache_prefix() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).prefix("shop:").connect().await.unwrap();
    let entry = cache.entry::<u8>("a").tags(["city:rome"]).ttl(HOUR);
    entry.put(&1).await.unwrap();
    let url = server.url();
    run(["invalidate", &url, "--tag", "city:rome"]).expect(0, &["which no entry has under the prefix \"\""]);
    assert_eq!(entry.get().await.unwrap(), Some(1));
    run(["invalidate", &url, "--tag", "city:rome", "--cache-prefix", "shop:"])
        .expect(0, &["invalidated the tag city:rome"]);
    assert_eq!(entry.get().await.unwrap(), None);
}

#[tokio::test]
async fn a_prefix_is_removed_only_if_somebody_agrees() {
    for (url, prefix) in [(RedisCluster::shared().url(), "prefix:"), (RedisServer::shared().url(), "prefix:")]
    {
        let cache = Cache::builder().url(&url).prefix(prefix).connect().await.unwrap();
        for key in ["a", "b", "c"] {
            cache.entry::<u8>(key).ttl(HOUR).put(&1).await.unwrap();
        }
        let arguments = ["invalidate", &url, "--prefix", prefix];
        run(arguments).expect(2, &["all 3 keys that begin with prefix:", "write --yes"]);
        run([&arguments[..], &["--dry-run"]].concat())
            .expect(0, &["would remove 3 keys that begin with prefix:"]);
        assert_eq!(cache.entry::<u8>("b").ttl(HOUR).get().await.unwrap(), Some(1));
        run([&arguments[..], &["--yes"]].concat()).expect(0, &["removed 3 keys that begin with prefix:"]);
        assert_eq!(cache.entry::<u8>("b").ttl(HOUR).get().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_whole_cache_is_invalidated_if_it_supports_that() {
    let server = RedisServer::start();
    let url = server.url();
    let all = ["invalidate", &url, "--all", "--yes", "--cache-prefix", "shop:"];
    run(all).expect(2, &["support_invalidate_all"]);
    let cache = Cache::builder().url(&url).prefix("shop:").support_invalidate_all().connect().await.unwrap();
    let entry = cache.entry::<u8>("a").ttl(HOUR);
    entry.put(&1).await.unwrap();
    run(all).expect(0, &["invalidated all entries of the cache with the prefix \"shop:\""]);
    assert_eq!(entry.get().await.unwrap(), None);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let server = RedisServer::shared();
    let url = server.url();
    run(["invalidate", &url]).expect(2, &["nothing to invalidate was named"]);
    run(["invalidate", &url, "--prefix", "", "--yes"]).expect(2, &["every key of the database"]);
    run(["invalidate", &url, "--tag", ""]).expect(2, &["the name of a tag is empty"]);
    run(["invalidate", &url, "--key", "a\u{1}tag:b"]).expect(2, &["a key of the library's own"]);
    run(["invalidate", &url, "--key", &"x".repeat(400)]).expect(2, &["longer than the keys of entries"]);
}
