//! Nodes that go: their own keys are computed in time, all others are served as before.

use std::time::Instant;

use redis_cached::Cache;
use redis_cached_test_support::{Given, RedisCluster};

use super::{DEADLINE, id_of, members, row};
use crate::Calls;

/// What a busy machine may add.
const SLACK: std::time::Duration = std::time::Duration::from_millis(500);

async fn impatient(servers: &RedisCluster) -> Cache {
    Cache::builder().url(servers.url()).deadline(DEADLINE).connect().await.unwrap()
}

/// Calls for an ID of each primary until all are stored, and gives the IDs.
async fn one_of_each(servers: &RedisCluster, cache: &Cache) -> Vec<u64> {
    let ids: Vec<u64> = (0..3).map(|index| id_of(servers, servers.primary(index))).collect();
    for id in &ids {
        cache.scope(row(*id)).await;
    }
    cache.flush().await.unwrap();
    ids
}

#[tokio::test]
async fn a_frozen_node_delays_its_own_keys_only() {
    let servers = RedisCluster::start();
    let cache = impatient(&servers).await;
    let ids = one_of_each(&servers, &cache).await;
    let mut before = Vec::new();
    for id in &ids {
        before.push(cache.scope(row(*id)).await);
    }
    servers.primary(0).pause();
    for _ in 0..3 {
        let began = Given::now();
        assert!(cache.scope(row(ids[0])).await > before[0]);
        assert!(began.elapsed() < 3 * DEADLINE + SLACK, "{:?}", began.elapsed());
        for other in 1..3 {
            let began = Given::now();
            assert_eq!(cache.scope(row(ids[other])).await, before[other]);
            assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
        }
    }
    servers.primary(0).resume();
}

#[tokio::test]
async fn a_batch_computes_what_a_dead_node_had() {
    let servers = RedisCluster::start();
    let cache = impatient(&servers).await;
    let (calls, ids): (_, Vec<u64>) = (Calls::default(), (0..60).collect());
    cache.scope(members(&calls, &ids)).await;
    cache.flush().await.unwrap();
    let lost: Vec<u64> = (0..60)
        .filter(|id| servers.owner(&format!("member:{id}")).port() == servers.primary(0).port())
        .collect();
    servers.primary(0).kill();
    calls.take();
    assert_eq!(cache.scope(members(&calls, &ids)).await.len(), 60);
    assert_eq!(calls.take(), [lost]);
}

#[tokio::test]
async fn a_replica_takes_over_and_entries_are_there_again() {
    let servers = RedisCluster::builder().replicas(1).start();
    let cache = impatient(&servers).await;
    let ids = one_of_each(&servers, &cache).await;
    let before = cache.scope(row(ids[0])).await;
    servers.primary(0).wait_for_replicas(1);
    servers.failover(servers.replica(0));
    assert_eq!(cache.scope(row(ids[0])).await, before, "the old primary says where it is");
    servers.replica(0).wait_for_replicas(1);
    servers.replica(0).kill();
    servers.wait_for_primary(servers.primary(0));
    let patience = Instant::now() + 20 * DEADLINE;
    while cache.scope(row(ids[0])).await != before {
        assert!(Instant::now() < patience, "its slots are computed still");
        tokio::time::sleep(DEADLINE / 5).await;
        // Computed meanwhile, and perhaps stored.
        if cache
            .scope(async { super::row_entry(ids[0]).get().await })
            .await
            .is_ok_and(|found| found.is_some())
        {
            break;
        }
    }
}

#[tokio::test]
async fn a_cluster_that_comes_back_is_found_again() {
    let servers = RedisCluster::start();
    let cache = impatient(&servers).await;
    let ids = one_of_each(&servers, &cache).await;
    servers.nodes().iter().for_each(redis_cached_test_support::RedisServer::kill);
    assert!(cache.scope(row(ids[1])).await > 0);
    servers.nodes().iter().for_each(redis_cached_test_support::RedisServer::restart);
    servers.wait_until_whole();
    let patience = Instant::now() + 40 * DEADLINE;
    loop {
        let first = cache.scope(row(ids[1])).await;
        let _ = cache.flush().await;
        if cache.scope(row(ids[1])).await == first {
            break;
        }
        assert!(Instant::now() < patience, "nothing is stored");
        tokio::time::sleep(DEADLINE / 5).await;
    }
}
