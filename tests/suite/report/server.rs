//! What servers say of themselves.

use redis_cached::{AdviceKind, Cache, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::{both, redis};

#[redis_cached(ttl = "1h", key = "blob:<id>")]
async fn blob(id: u64) -> Vec<u64> {
    vec![u64::MAX - id; 1000]
}

#[tokio::test]
async fn every_node_is_asked() {
    let (_server, caches) = both().await;
    for (cache, nodes) in caches.iter().zip([1, 1, 3, 1]) {
        cache
            .scope(async {
                for id in 0..10 {
                    blob(id).await;
                }
            })
            .await;
        cache.flush().await.unwrap();
        let stats = cache.server_stats().await.unwrap();
        assert_eq!(stats.nodes.len(), nodes, "{stats}");
        assert!(stats.keys >= 10 && stats.used_memory > 0, "{stats}");
        assert!(stats.nodes.iter().all(|node| !node.policy.is_empty()), "{stats}");
    }
    assert!(caches[0].server_stats().await.unwrap().misses >= 10);
}

#[tokio::test]
async fn a_full_server_is_named() {
    let server = RedisServer::builder()
        .arg("--maxmemory")
        .arg("4mb")
        .arg("--maxmemory-policy")
        .arg("allkeys-lru")
        .start();
    let cache = Cache::builder()
        .url(server.url())
        .deadline(std::time::Duration::from_secs(10))
        .connect()
        .await
        .unwrap();
    for _ in 0..3 {
        cache
            .scope(async {
                for id in 0..1000 {
                    blob(id).await;
                    blob(id).await;
                }
            })
            .await;
        cache.flush().await.unwrap();
    }
    let report = cache.report().with_server(cache.server_stats().await.unwrap());
    let [advice] = &report.advice[..] else { panic!("{report}") };
    assert_eq!(advice.kind, AdviceKind::Evicted, "{report}");
    assert!(advice.text.contains("by `allkeys-lru`: raise its `maxmemory`"), "{report}");
    assert!(report.server.unwrap().nodes[0].max_memory == 4 << 20);
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error() {
    let (server, cache) = redis().await;
    server.kill();
    assert!(cache.server_stats().await.is_err());
}
