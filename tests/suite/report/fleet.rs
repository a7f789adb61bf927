//! `fleet`: the figures of several processes together. Here each cache is one.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

const PATIENT: Duration = Duration::from_secs(10);

#[redis_cached(ttl = "1h", key = "shared:<id>")]
async fn shared(id: u64) -> u64 {
    id
}

const INTERVAL: Duration = Duration::from_secs(1);

async fn calls(cache: &Cache, hits: u64) {
    cache
        .scope(async {
            for _ in 0..=hits {
                shared(1).await;
            }
        })
        .await;
}

#[tokio::test]
async fn the_figures_of_processes_with_one_prefix_are_added_up() {
    let server = RedisServer::start();
    let builder = || Cache::builder().url(server.url()).deadline(PATIENT).prefix("shop:");
    let publishing = || builder().publish_stats(INTERVAL);
    let caches = [publishing().connect().await.unwrap(), publishing().connect().await.unwrap()];
    let (silent, stranger) =
        (builder().connect().await.unwrap(), builder().prefix("other:").connect().await.unwrap());
    calls(&caches[0], 4).await;
    caches[0].flush().await.unwrap();
    calls(&caches[1], 5).await;
    let fleet = loop {
        let fleet = silent.fleet().await.unwrap();
        let hits = fleet.functions.iter().map(|function| function.hits).sum::<u64>();
        if (fleet.processes, hits) == (3, 10) {
            break fleet;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((fleet.functions.len(), fleet.functions[0].missed_for.cold), (1, 1), "{fleet}");
    // Who publishes counts once, with what it has counted up to now.
    assert_eq!(caches[0].fleet().await.unwrap().processes, 2);
    assert_eq!(stranger.fleet().await.unwrap().processes, 1);
    // They are forgotten after a minute, whatever becomes of their processes, and stand under keys that no function has.
    let keys: Vec<String> = server.query(&["KEYS", "shop:\u{1}figures:*"]);
    assert_eq!(keys.len(), 2, "{keys:?}");
    for key in &keys {
        let left: i64 = server.query(&["PTTL", key]);
        assert!((1..=60_000).contains(&left), "{left}");
    }
    // What is of another version, or nobody's, is left out.
    server.query::<()>(&["SET", &keys[0], "S\u{2}figures of another version"]);
    let processes = silent.fleet().await.unwrap().processes;
    assert!(processes == 2 || processes == 3, "{processes}: it may have been published anew");
    server.query::<()>(&["DEL", &keys[0], &keys[1]]);
    server.query::<()>(&["LPUSH", &keys[0], "a list"]);
    silent.fleet().await.unwrap();
}

#[test]
fn a_report_can_be_serialized() {
    let cache = Cache::builder().url("memory://").track_keys(1).connect_lazy().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(calls(&cache, 3));
    let json = serde_json::to_value(cache.report()).unwrap();
    assert_eq!(json["functions"][0]["hits"], 3);
    assert_eq!(json["functions"][0]["missed_for"]["cold"], 1);
    assert_eq!(json["functions"][0]["hottest"][0]["key"], "shared:1");
}
