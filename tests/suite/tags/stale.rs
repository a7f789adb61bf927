//! Values past their TTL, and how long a tag has to live.

use std::sync::Arc;
use std::time::Duration;

use redis_cached::redis_cached;

use super::Source;
use crate::{Failed, both, redis};

const DAY: u64 = 24 * 60 * 60;

#[redis_cached(ttl = Duration::from_secs(DAY), key = "day:<id>", tags = ["life"])]
async fn for_a_day(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = |seconds: &u64| Duration::from_secs(*seconds), key = "so long:<seconds>", tags = ["life <seconds>"])]
async fn for_so_long(seconds: u64) -> u64 {
    seconds
}

#[redis_cached(ttl = "never", key = "for ever", tags = ["life"])]
async fn for_ever() -> u64 {
    0
}

#[tokio::test]
async fn tags_outlive_their_entries() {
    let (server, cache) = redis().await;
    let left = |key: &str| server.query::<i64>(&["PTTL", key]);
    cache.scope(for_a_day(1)).await;
    for seconds in [1, 10, 100 * DAY] {
        cache.scope(for_so_long(seconds)).await;
        cache.flush().await.unwrap();
        let (tag, entry) = (left(&format!("\u{1}tag:life {seconds}")), left(&format!("so long:{seconds}")));
        assert!(tag > entry && entry > 0, "{seconds}: {tag} and {entry}");
    }
    assert!(left("\u{1}tag:life") > left("day:1"));
    cache.scope(for_ever()).await;
    cache.flush().await.unwrap();
    assert_eq!((left("for ever"), left("\u{1}tag:life")), (-1, -1));
}

const TTL: Duration = Duration::from_millis(100);
const PAST: Duration = Duration::from_millis(200);

#[redis_cached(ttl = TTL, key = "sie:<id>", skip(source), tags = ["late"], stale_if_error = "10s")]
async fn if_error(source: &Source, id: u64) -> Result<u64, Failed> {
    let _ = id;
    match source.quick_read() {
        1 => Ok(1),
        _ => Err(Failed("the source")),
    }
}

#[redis_cached(ttl = TTL, key = "swr:<id>", skip(source), tags = ["late"], stale_while_revalidate = "10s")]
async fn revalidated(source: &Arc<Source>, id: u64) -> u64 {
    let _ = id;
    source.quick_read()
}

#[tokio::test]
async fn an_old_value_whose_tag_was_invalidated_serves_for_nothing() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        assert_eq!(cache.scope(if_error(&source, 1)).await, Ok(1));
        assert_eq!(cache.scope(revalidated(&source, 1)).await, 1);
        cache.pass(PAST).await;
        let new = source.write();
        assert_eq!(cache.scope(if_error(&source, 1)).await, Ok(1), "in place of the error");
        // In the background, and stored with its tags.
        while cache.scope(revalidated(&source, 1)).await != new {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let newer = source.write();
        assert_eq!(cache.scope(revalidated(&source, 1)).await, new);
        cache.invalidate_tag("late").await.unwrap();
        assert_eq!(cache.scope(if_error(&source, 1)).await, Err(Failed("the source")));
        assert_eq!(cache.scope(revalidated(&source, 1)).await, newer);
    }
}
