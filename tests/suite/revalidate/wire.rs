//! Round trips, as the server sees them.

use std::time::Duration;

use redis_cached::Cache;
use redis_cached_test_support::{Monitor, RedisServer, servers};

use super::{keep, shared, shared_entry, stale};
use crate::local::Row;

fn sent(monitor: &Monitor) -> Vec<String> {
    let commands = monitor.commands();
    monitor.clear();
    commands.iter().filter(|command| !command.in_script()).map(ToString::to_string).collect()
}

async fn connect(url: String) -> Cache {
    Cache::builder().url(url).deadline(Duration::from_secs(10)).connect().await.unwrap()
}

#[tokio::test]
async fn a_hit_is_one_short_question() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let (cache, row) = (connect(server.url()).await, Row::default());
        keep(&cache, async || cache.scope(shared(&row, "a")).await).await;
        let monitor = server.monitor();
        for _ in 0..3 {
            cache.scope(shared(&row, "a")).await;
        }
        assert_eq!(sent(&monitor), vec!["GETRANGE reval:a 0 16"; 3]);
        // What is gone is a miss without another question: the lease is next.
        server.cli(&["DEL", "reval:a"]);
        sent(&monitor);
        cache.scope(shared(&row, "a")).await;
        cache.flush().await.unwrap();
        let missed = sent(&monitor);
        assert_eq!(missed[0], "GETRANGE reval:a 0 16");
        // By a script in old servers.
        assert!(missed[1].starts_with("SET reval:a ") || missed[1].starts_with("EVAL"), "{missed:?}");
        // And what has changed is read by a second one.
        keep(&cache, async || cache.scope(shared(&row, "a")).await).await;
        let other = connect(server.url()).await;
        other.scope(async { shared_entry("a").put(&9.into()).await.unwrap() }).await;
        sent(&monitor);
        assert_eq!(*cache.scope(shared(&row, "a")).await, 9);
        assert_eq!(sent(&monitor), ["GETRANGE reval:a 0 16", "PTTL reval:a", "GET reval:a"]);
        assert_eq!(*cache.scope(shared(&row, "a")).await, 9);
        assert_eq!(sent(&monitor), ["GETRANGE reval:a 0 16"]);
    }
}

#[tokio::test]
async fn the_time_is_asked_with_the_mark() {
    let server = RedisServer::start();
    let (cache, row) = (connect(server.url()).await, Row::default());
    // A busy machine may be past the time already: then it is served stale, by the same questions.
    keep(&cache, async || cache.scope(stale(row.clone(), "b")).await).await;
    let monitor = server.monitor();
    cache.scope(stale(row.clone(), "b")).await;
    assert_eq!(sent(&monitor)[..2], ["PTTL reval:stale:b", "GETRANGE reval:stale:b 0 16"]);
}
