//! Slots that get another owner, with and without a word.

use redis_cached_test_support::{RedisCluster, RedisServer};

use super::{Row, STALENESS, cache, change, is_local, kept, name_on, names, settle_all};
use crate::local::{becomes, local_hits, settle};

/// Its values are kept again, and changes of them are heard of.
async fn assert_is_kept(servers: &RedisCluster, cache: &redis_cached::Cache, row: &Row, name: &str) {
    settle(cache, async || kept(row, name).await).await;
    change(servers, row, name).await;
    becomes(cache, row.get(), async || kept(row, name).await).await;
    settle(cache, async || kept(row, name).await).await;
}

#[tokio::test]
async fn a_slot_that_is_migrated_takes_its_values_along_and_no_others() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, STALENESS), Row::default());
    let names = names(&servers);
    for to in [1, 2, 0] {
        settle_all(&cache, &row, &names).await;
        servers.migrate(servers.slot(&format!("kept:{}", names[0])), servers.primary(to)).finish();
        change(&servers, &row, &names[0]).await;
        becomes(&cache, row.get(), async || kept(&row, &names[0]).await).await;
        assert_is_kept(&servers, &cache, &row, &names[0]).await;
    }
    assert_eq!(cache.stats().local.unwrap().dropped, 0, "no connection has ended");
}

#[tokio::test]
async fn what_the_next_owner_gives_by_ask_is_not_kept() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, STALENESS), Row::default());
    let (to, [name, ..]) = (servers.primary(1), names(&servers));
    settle(&cache, async || kept(&row, &name).await).await;
    let migration = servers.migrate(servers.slot(&format!("kept:{name}")), to);
    assert!(is_local(&cache, &row, &name).await, "it is at the owner still");
    assert!(migration.move_key(&format!("kept:{name}")));
    let before = local_hits(&cache);
    // The old owner told that it is gone, which may take a moment.
    tokio::time::sleep(STALENESS).await;
    for _ in 0..10 {
        assert_eq!(cache.scope(kept(&row, &name)).await, 0);
        cache.flush().await.unwrap();
    }
    assert_eq!(local_hits(&cache), before);
    migration.finish();
    assert_is_kept(&servers, &cache, &row, &name).await;
}

/// Another node takes a slot over without its keys. The owner deletes what it has there, before Redis 8 without telling anybody; and as the
/// owner of others it goes on answering.
#[tokio::test]
async fn a_slot_that_is_lost_in_silence_is_not_served() {
    for program in redis_cached_test_support::servers() {
        let servers = RedisCluster::builder().node(|node| node.program(program.clone())).start();
        let (cache, row) = (cache(&servers, STALENESS), Row::default());
        let lost = name_on(&servers, servers.primary(0), "kept:");
        let slot = servers.slot(&format!("kept:{lost}"));
        let stays = |name: &String| servers.slot(&format!("kept:{name}")) != slot;
        // The heartbeat asks for what was read first.
        let first = (0..).map(|number| format!("{number}"));
        let is_at =
            |name: &String| servers.owner(&format!("kept:{name}")).port() == servers.primary(0).port();
        let first = first.filter(stays).find(is_at).unwrap();
        settle_all(&cache, &row, &[first.clone(), lost.clone()]).await;
        take_over(&servers, slot, servers.primary(1), servers.primary(0));
        change(&servers, &row, &lost).await;
        becomes(&cache, row.get(), async || kept(&row, &lost).await).await;
        assert!(is_local(&cache, &row, &first).await, "its other slots are as they were");
        assert_is_kept(&servers, &cache, &row, &lost).await;
        // Also if it is the one that the heartbeat asks for.
        take_over(&servers, servers.slot(&format!("kept:{first}")), servers.primary(1), servers.primary(0));
        change(&servers, &row, &first).await;
        becomes(&cache, row.get(), async || kept(&row, &first).await).await;
        assert_is_kept(&servers, &cache, &row, &first).await;
    }
}

fn take_over(servers: &RedisCluster, slot: u16, by: &RedisServer, from: &RedisServer) {
    let slot = slot.to_string();
    let id = |node: &RedisServer| node.query::<String>(&["CLUSTER", "MYID"]);
    by.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(from)]);
    by.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &id(by)]);
    servers.wait_until_whole();
}

/// The owner gives a slot up and tells nobody: the others still call it the owner, until one of them takes it.
#[tokio::test]
async fn a_slot_that_nobody_owns_is_not_served_for_long() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, STALENESS), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    let slot = servers.slot(&format!("kept:{}", names[0])).to_string();
    servers.primary(0).cli(&["CLUSTER", "DELSLOTS", &slot]);
    tokio::time::sleep(3 * STALENESS).await;
    assert!(!is_local(&cache, &row, &names[0]).await);
    assert!(is_local(&cache, &row, &names[1]).await && is_local(&cache, &row, &names[2]).await);
}

/// The old primary is told by the new one what changes, keeps its clients, and answers `PING`.
#[tokio::test]
async fn a_primary_that_is_demoted_is_not_believed_any_more() {
    let servers = RedisCluster::builder().replicas(1).start();
    let (cache, row) = (cache(&servers, STALENESS), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    servers.failover(servers.replica(0));
    change(&servers, &row, &names[0]).await;
    becomes(&cache, row.get(), async || kept(&row, &names[0]).await).await;
    assert_is_kept(&servers, &cache, &row, &names[0]).await;
    settle_all(&cache, &row, &names).await;
}
