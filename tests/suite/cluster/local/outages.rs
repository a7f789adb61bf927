//! Nodes that are killed, frozen or cut off: nothing that has changed is served past the bound, and others' values as before.

use std::time::{Duration, Instant};

use redis_cached::Cache;
use redis_cached_test_support::{RedisCluster, RedisServer};

use super::{
    PAST, Row, STALENESS, cache, change, impatient, is_local, kept, name_on, names, settle_all, tagged,
};
use crate::local::{becomes, local_hits, settle, wait_until};

/// The others' values stay where they are, while one node is away.
async fn assert_others_are_local(cache: &Cache, row: &Row, names: &[String]) {
    let until = Instant::now() + PAST;
    let (mut local, mut all) = (0, 0);
    while Instant::now() < until {
        for name in names {
            all += 1;
            local += u32::from(is_local(cache, row, name).await);
        }
        tokio::time::sleep(STALENESS / 20).await;
    }
    // On a busy machine a heartbeat may be late.
    assert!(local * 10 > all * 7, "{local} of {all}: {}", cache.stats());
}

#[tokio::test]
async fn a_node_that_is_restarted_drops_its_own_values_only() {
    let servers = RedisCluster::start();
    let (cache, row) = (impatient(&servers), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    servers.primary(0).kill();
    row.set(1);
    wait_until(&cache, || cache.stats().local.unwrap().dropped == 1).await;
    assert_eq!(cache.scope(kept(&row, &names[0])).await, 1, "computed");
    assert_others_are_local(&cache, &row, &names[1..]).await;
    servers.primary(0).restart();
    servers.wait_until_whole();
    settle_all(&cache, &row, &names).await;
    change(&servers, &row, &names[0]).await;
    becomes(&cache, row.get(), async || kept(&row, &names[0]).await).await;
}

#[tokio::test]
async fn a_frozen_node_is_not_believed_past_the_bound_nor_when_it_wakes() {
    let servers = RedisCluster::builder().replicas(1).start();
    // So patient that the frozen node's connection outlives its freeze, and what it answers then was asked before.
    let (cache, row) = (cache(&servers, STALENESS), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    servers.primary(0).pause();
    tokio::time::sleep(PAST).await;
    let before = local_hits(&cache);
    assert!(cache.stats().local.unwrap().serving, "the other nodes' values");
    assert_others_are_local(&cache, &row, &names[1..]).await;
    servers.wait_for_primary(servers.replica(0));
    change(&servers, &row, &names[0]).await;
    let version = row.get();
    assert_eq!(cache.scope(kept(&row, &names[0])).await, version);
    servers.primary(0).resume();
    for _ in 0..200 {
        assert_eq!(cache.scope(kept(&row, &names[0])).await, version);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(local_hits(&cache) > before);
    settle_all(&cache, &row, &names).await;
}

/// Cut off from the others, which have forgotten it, a primary goes on answering for its slots as if they were its own.
#[tokio::test]
async fn a_node_that_only_believes_to_be_the_owner_is_not_believed() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, STALENESS), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    let id = |node: &RedisServer| node.query::<String>(&["CLUSTER", "MYID"]);
    let ids: Vec<String> = servers.nodes().iter().map(id).collect();
    for (at, node) in servers.nodes().iter().enumerate() {
        for (other, id) in ids.iter().enumerate() {
            if at != other && (at == 0 || other == 0) {
                node.cli(&["CLUSTER", "FORGET", id]);
            }
        }
    }
    let slot = servers.slot(&format!("kept:{}", names[0])).to_string();
    for node in [servers.primary(1), servers.primary(2)] {
        node.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]);
    }
    // The new owner has it, and another process has written there.
    row.set(1);
    tokio::time::sleep(PAST).await;
    let key = format!("kept:{}", names[0]);
    assert!(servers.primary(0).query::<Option<Vec<u8>>>(&["GET", &key]).is_some(), "it still answers");
    assert!(!is_local(&cache, &row, &names[0]).await, "{}", cache.stats());
}

/// A single node answers, and says that all is well: nobody else says so.
#[tokio::test]
async fn the_word_of_one_node_alone_confirms_nothing() {
    let servers = RedisCluster::start();
    let (cache, row) = (impatient(&servers), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    servers.primary(1).pause();
    servers.primary(2).pause();
    tokio::time::sleep(PAST).await;
    assert!(!is_local(&cache, &row, &names[0]).await, "{}", cache.stats());
    assert!(!cache.stats().local.unwrap().serving);
    servers.primary(1).resume();
    servers.primary(2).resume();
    servers.wait_until_whole();
    settle_all(&cache, &row, &names).await;
}

/// The entry's node answers, its tag's does not.
#[tokio::test]
async fn an_entry_is_served_only_while_its_tags_are_vouched_for() {
    let servers = RedisCluster::start();
    let (cache, row) = (impatient(&servers), Row::default());
    let tag = name_on(&servers, servers.primary(2), "\u{1}tag:");
    let entry = name_on(&servers, servers.primary(0), "tagged:");
    settle(&cache, async || tagged(&row, &entry, &tag).await).await;
    servers.primary(2).pause();
    tokio::time::sleep(PAST).await;
    let before = local_hits(&cache);
    row.set(1);
    assert_eq!(cache.scope(tagged(&row, &entry, &tag)).await, 1, "computed");
    assert_eq!(local_hits(&cache), before);
    servers.primary(2).resume();
    settle(&cache, async || tagged(&row, &entry, &tag).await).await;
}
