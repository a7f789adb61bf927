//! Tags of values that are cached in the process.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{Member, Source};
use crate::redis;

#[redis_cached(ttl = 60, key = "kept:<id>", skip(source, org), tags = ["org:<org>"], local = "30s")]
async fn kept(source: &Source, org: &str, id: u64) -> u64 {
    let _ = (org, id);
    source.quick_read()
}

#[redis_cached(
    ttl = 60, key = "kept member:<id>", skip(source, teams), group = "members", local = "30s",
    tags = |member: &Member| member.teams.iter().map(|team| format!("team:{team}")).collect()
)]
async fn kept_member(source: &Source, id: u64, teams: &[&str]) -> Member {
    let _ = id;
    Member { teams: teams.iter().map(|team| (*team).to_owned()).collect(), row: source.quick_read() }
}

/// Calls until the value comes from this process, which it does as soon as a read has brought it here.
async fn until_kept(cache: &Cache, call: impl AsyncFn() -> u64) -> u64 {
    let local_hits = || cache.stats().functions.iter().map(|function| function.local_hits).sum::<u64>();
    for _ in 0..500 {
        let before = local_hits();
        let found = call().await;
        if local_hits() > before {
            return found;
        }
        cache.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("never kept: {}", cache.stats());
}

#[tokio::test]
async fn the_local_tier_serves_an_entry_while_its_tags_are_as_they_were() {
    let (server, here) = redis().await;
    let there = Cache::connect(server.url()).await.unwrap();
    let source = Source::new();
    let tagged = async || here.scope(kept(&source, "a", 1)).await;
    let other = async || here.scope(kept(&source, "b", 2)).await;
    let named = async || here.scope(kept_member(&source, 1, &["x", "y"])).await.row;
    assert_eq!((until_kept(&here, tagged).await, until_kept(&here, other).await), (1, 1));
    assert_eq!(until_kept(&here, named).await, 1);
    let (sister, brother) = (
        async || here.scope(kept(&source, "a", 3)).await,
        async || here.scope(kept_member(&source, 3, &["y"])).await.row,
    );
    assert_eq!((until_kept(&here, sister).await, until_kept(&here, brother).await), (1, 1));

    // Its own at once.
    let new = source.write();
    here.invalidate_tags(["org:a", "team:y"]).await.unwrap();
    assert_eq!((tagged().await, named().await, other().await), (new, new, 1));
    assert_eq!((until_kept(&here, tagged).await, until_kept(&here, named).await), (new, new));
    // Their tags are kept again, with other nonces.
    assert_eq!((sister().await, brother().await), (new, new));
    assert_eq!((until_kept(&here, tagged).await, until_kept(&here, named).await), (new, new));

    // Another's as soon as Redis has told of it, and without it this would serve for half a minute.
    let newer = source.write();
    there.invalidate_tags(["org:a", "team:x"]).await.unwrap();
    for _ in 0..500 {
        if (tagged().await, named().await) == (newer, newer) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!((tagged().await, named().await, other().await), (newer, newer, 1));

    // A hit in this process asks nobody.
    assert_eq!((until_kept(&here, tagged).await, until_kept(&here, named).await), (newer, newer));
    let monitor = server.monitor();
    assert_eq!((tagged().await, named().await, other().await), (newer, newer, 1));
    assert!(monitor.commands().iter().all(|command| command.name() == "PING"));
}

#[tokio::test]
async fn the_local_tier_keeps_nothing_of_a_tag_whose_invalidation_failed() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let source = Source::new();
    let call = async || cache.scope(kept(&source, "a", 1)).await;
    until_kept(&cache, call).await;
    server.pause();
    let new = source.write();
    assert!(cache.invalidate_tag("org:a").await.is_err());
    assert_eq!(call().await, new);
    server.resume();
    assert_eq!((call().await, until_kept(&cache, call).await), (new, new));
}
