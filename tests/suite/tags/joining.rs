//! Who may be given whose computation, where a tag is invalidated between a caller's look-up and what it does about it.
//!
//! The window is one turn of the runtime wide, so the callers are polled by hand: each goes as far as the test wants it to.

use std::time::Duration;

use redis_cached::Cache;
use redis_cached_test_support::{Monitor, RedisServer};

use super::held::Held;
use super::wire::sent;
use super::{Source, row};

fn look_ups(monitor: &Monitor) -> usize {
    sent(&monitor.commands()).iter().filter(|command| command.starts_with("MGET row:1 ")).count()
}

/// Three callers. The first has its lease and has not heard of it yet, when the second sees the lease and the tag's nonce, and
/// opens a flight of its own. The first computes. Then, perhaps, the tag is invalidated, and the third comes while the second's
/// flight is still open. What they were given, and how often the function ran.
async fn three_callers(is_invalidated: bool) -> ([u64; 3], usize) {
    let server = RedisServer::start();
    let patient = Cache::builder().deadline(Duration::from_secs(20)).lease_ttl(Duration::from_secs(60));
    let cache = patient.url(server.url()).connect().await.unwrap();
    let source = Source::closed();
    source.gate.add_permits(1);
    // The connection is there, and the tag has a nonce.
    cache.scope(row(&source, "a", 2)).await;
    cache.flush().await.unwrap();
    let begun = source.reads();
    let monitor = server.monitor();
    let call = || cache.scope(row(&source, "a", 1));
    let counted = || {
        let stats = cache.stats();
        (stats.functions[0].misses, stats.functions[0].coalesced)
    };
    let (misses, waits) = counted();

    let mut first = Held::after_look_up(call()).await;
    first.until(|| server.query::<usize>(&["EXISTS", "row:1"]) == 1).await;
    let mut second = Held::after_look_up(call()).await;
    assert_eq!(look_ups(&monitor), 2);
    second.until(|| counted() == (misses + 2, waits)).await;
    first.until(|| source.reads() > begun).await;
    source.write();
    if is_invalidated {
        cache.invalidate_tag("org:a").await.unwrap();
    }
    let mut third = Held::after_look_up(call()).await;
    third.until(|| counted() == (misses + 3, waits + 1)).await;

    // It closes its flight, and has somebody to wait for.
    second.until(|| counted().1 == waits + 2).await;

    source.open();
    let (first, second, third) = tokio::join!(first.call, second.call, third.call);
    ([first, second, third], source.reads() - begun)
}

#[tokio::test]
async fn who_joins_a_look_up_from_before_an_invalidation_is_given_nothing_older() {
    assert_eq!(three_callers(true).await, ([1, 2, 2], 2));
}

#[tokio::test]
async fn where_nothing_was_invalidated_they_share_one_computation() {
    assert_eq!(three_callers(false).await, ([1, 1, 1], 1));
}
