//! Slots that move: each answer is followed by itself, and nothing is executed twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redis_cached::{Stats, redis_cached};
use redis_cached_test_support::{Act, Event, Given, Peer, RedisCluster};
use tokio::sync::Semaphore;

use super::{DEADLINE, cluster, row, version};
use crate::Calls;
use crate::faults::wait_until_async;

/// A hash tag keeps all of a user's keys in one slot.
#[redis_cached(ttl = 60, key = "{<user>}:<id>", tags = ["{<user>}"])]
async fn order(user: &str, id: u64) -> u64 {
    let _ = (user, id);
    version()
}

#[redis_cached(ttl = 60, key = "{<user>}:<ids>", batch = ids, skip(calls))]
async fn orders(calls: &Calls, user: &str, ids: &[u64]) -> HashMap<u64, u64> {
    let _ = user;
    calls.add(ids);
    ids.iter().map(|id| (*id, version())).collect()
}

#[tokio::test]
async fn entries_are_found_where_their_slot_has_gone() {
    let (servers, cache) = cluster().await;
    let user = servers.key_of(servers.primary(0), "user");
    let first = cache.scope(order(&user, 1)).await;
    cache.flush().await.unwrap();
    servers.migrate(servers.slot(&user), servers.primary(1)).finish();
    assert_eq!(cache.scope(order(&user, 1)).await, first);
    let new = cache.scope(order(&user, 2)).await;
    cache.flush().await.unwrap();
    assert_eq!(cache.scope(order(&user, 2)).await, new);
    cache.invalidate_tag(&format!("{{{user}}}")).await.unwrap();
    assert!(cache.scope(order(&user, 1)).await > first);
}

#[tokio::test]
async fn a_slot_on_its_way_is_at_both_nodes() {
    let (servers, cache) = cluster().await;
    let user = servers.key_of(servers.primary(0), "user");
    let [moved, left] = [cache.scope(order(&user, 1)).await, cache.scope(order(&user, 2)).await];
    cache.flush().await.unwrap();
    let migration = servers.migrate(servers.slot(&user), servers.primary(1));
    assert!(migration.move_key(&format!("{{{user}}}:1")));
    // Its tag has not gone with it, so whoever reads the two together asks two nodes.
    assert_eq!(cache.scope(order(&user, 1)).await, moved);
    assert_eq!(cache.scope(order(&user, 2)).await, left);
    // What is absent at the owner belongs to the other one: lease, value and removal.
    let new = cache.scope(order(&user, 3)).await;
    cache.flush().await.unwrap();
    assert_eq!(cache.scope(order(&user, 3)).await, new);
    let calls = Calls::default();
    cache.scope(orders(&calls, &user, &[10, 11, 12])).await;
    cache.flush().await.unwrap();
    cache.scope(orders(&calls, &user, &[10, 11, 12])).await;
    assert_eq!(calls.take(), [vec![10, 11, 12]]);
    cache.scope(async { order_entry(&user, 1).invalidate().await.unwrap() }).await;
    let again = cache.scope(order(&user, 1)).await;
    assert!(again > moved);
    cache.flush().await.unwrap();
    migration.finish();
    // It was invalidated lately, and is so once more: a redirection does not say whether the new owner has all that the former one had.
    assert!(cache.scope(order(&user, 1)).await >= again);
    assert_eq!(cache.scope(order(&user, 3)).await, new);
    cache.invalidate_tag(&format!("{{{user}}}")).await.unwrap();
    assert!(cache.scope(order(&user, 3)).await > again);
}

/// Invalidations that have returned hold, whatever moves meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_old_value_is_served_while_slots_move() {
    let (servers, cache) = cluster().await;
    let servers = Arc::new(servers);
    let is_over = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    for id in 0..8 {
        let (cache, is_over) = (cache.clone(), Arc::clone(&is_over));
        tasks.spawn(async move {
            let mut rounds = 0_u64;
            while !is_over.load(Ordering::SeqCst) {
                let floor = version();
                cache.scope(async { super::row_entry(id).invalidate().await.unwrap() }).await;
                for _ in 0..3 {
                    let found = cache.scope(row(id)).await;
                    assert!(found > floor, "row {id}: {found} is older than {floor}");
                }
                rounds += 1;
            }
            rounds
        });
    }
    let moving = Arc::clone(&servers);
    tokio::task::spawn_blocking(move || {
        for id in 0..8 {
            let slot = moving.slot(&format!("row:{id}"));
            for to in [1, 2, 0] {
                let to = moving.primary(to);
                if moving.owner_of_slot(slot).port() != to.port() {
                    let migration = moving.migrate(slot, to);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    migration.finish();
                }
            }
        }
    })
    .await
    .unwrap();
    is_over.store(true, Ordering::SeqCst);
    while let Some(rounds) = tasks.join_next().await {
        assert!(rounds.unwrap() > 10);
    }
}

/// Two nodes that send each other whatever they are asked.
#[tokio::test]
async fn a_circle_of_redirections_ends_and_the_call_computes() {
    let other = Arc::new(std::sync::OnceLock::new());
    let start = |to: Arc<std::sync::OnceLock<u16>>| {
        Peer::start(move |event| {
            let Event::Asked(words) = event else { return Act::Nothing };
            let to = to.get().copied().unwrap_or(1);
            Act::Say(match (&words[0][..], words.get(1).map(|word| &word[..])) {
                (b"HELLO", _) => b"-ERR unknown command 'HELLO'\r\n".to_vec(),
                (b"PING", _) => b"+PONG\r\n".to_vec(),
                (b"CLUSTER", Some(b"SLOTS")) => {
                    format!("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:{to}\r\n").into_bytes()
                }
                (b"CLUSTER", _) => b"$22\r\ncluster_state:ok\r\n.....\r\n"[..].to_vec(),
                _ => format!("-MOVED 1 127.0.0.1:{to}\r\n").into_bytes(),
            })
        })
    };
    let first = start(Arc::clone(&other));
    let to_first = Arc::new(std::sync::OnceLock::new());
    to_first.set(first.port()).unwrap();
    let second = start(to_first);
    other.set(second.port()).unwrap();
    let url = first.url().replace("redis://", "redis+cluster://");
    let cache = redis_cached::Cache::builder().url(url).deadline(DEADLINE).connect_lazy().unwrap();
    let began = Given::now();
    assert!(cache.scope(row(1)).await > 0);
    assert!(began.elapsed() < 4 * DEADLINE, "{:?}", began.elapsed());
}

/// All of one slot.
#[redis_cached(ttl = 60, key = "{gated}:<id>", skip(gate))]
async fn gated(gate: &Semaphore, id: u64) -> u64 {
    let _ = id;
    gate.acquire().await.unwrap().forget();
    version()
}

/// Their leases go with the slot, and the values follow: those of a slot that is at another node, and of one that is on its way.
#[tokio::test]
async fn values_that_are_computed_while_their_slot_moves_are_stored() {
    const COUNT: u64 = 60;
    let (servers, cache) = cluster().await;
    for is_open in [false, true] {
        cache.invalidate_prefix("{gated}").await.unwrap();
        let gate = Arc::new(Semaphore::new(0));
        let mut calls = tokio::task::JoinSet::new();
        for id in 0..COUNT {
            let (cache, gate) = (cache.clone(), Arc::clone(&gate));
            calls.spawn(async move { (id, cache.scope(gated(&gate, id)).await) });
        }
        let slot = servers.slot("{gated}");
        let from = servers.owner_of_slot(slot);
        let leases = async || from.query::<u64>(&["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()]) == COUNT;
        wait_until_async(leases).await;
        let to = servers.nodes().iter().find(|node| node.port() != from.port()).unwrap();
        let migration = servers.migrate(slot, to);
        let open = match is_open {
            true => {
                (0..COUNT / 2).for_each(|id| assert!(migration.move_key(&format!("{{gated}}:{id}"))));
                Some(migration)
            }
            false => {
                migration.finish();
                None
            }
        };
        let before = cache.stats();
        gate.add_permits(COUNT as usize);
        let mut values = HashMap::new();
        while let Some(call) = calls.join_next().await {
            let (id, value) = call.unwrap();
            values.insert(id, value);
        }
        cache.flush().await.unwrap();
        let stored = |stats: &Stats| -> u64 { stats.functions.iter().map(|function| function.stored).sum() };
        assert_eq!(stored(&cache.stats()) - stored(&before), COUNT, "{}", cache.stats());
        for (id, value) in values {
            assert_eq!(cache.scope(gated(&gate, id)).await, value);
        }
        if let Some(migration) = open {
            migration.finish();
        }
    }
}

/// Nobody owns another slot at the end than at the beginning, so nothing but the open slot tells.
#[tokio::test]
async fn a_sweep_finds_keys_that_move_behind_it() {
    let servers = RedisCluster::start();
    let (first, last) = (servers.primary(0), servers.primary(2));
    for (from, to) in [(last, first), (first, last)] {
        let key = servers.key_of(from, "row:");
        let id = super::id_of(&servers, from);
        // One that knows who owns what now.
        let cache = super::patient(&servers).await;
        cache.scope(row(id)).await;
        cache.flush().await.unwrap();
        let migration = servers.migrate(servers.slot(&key), to);
        let mut steps = 0;
        let removed = cache.invalidate_prefix_with("row:", |_| {
            steps += 1;
            if steps == 1 {
                migration.move_key(&key);
            }
        });
        removed.await.unwrap();
        assert!(super::sizes(&servers).iter().all(|size| *size == 0), "{key} is left");
        // Each node once, the end, and all of that again: an open slot does not keep a sweep from its end.
        assert_eq!(steps, 8);
        migration.finish();
    }
}

#[tokio::test]
async fn a_sweep_finds_keys_whose_slots_have_moved() {
    let servers = RedisCluster::start();
    let cache = super::patient(&servers).await;
    for id in 0..50 {
        cache.scope(row(id)).await;
    }
    cache.flush().await.unwrap();
    for id in 0..10 {
        let slot = servers.slot(&format!("row:{id}"));
        let to = if servers.owner_of_slot(slot).port() == servers.primary(2).port() { 0 } else { 2 };
        servers.migrate(slot, servers.primary(to)).finish();
    }
    assert_eq!(cache.invalidate_prefix("row:").await.unwrap(), 50);
}
