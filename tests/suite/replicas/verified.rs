//! `replica_reads = verified`: nothing is served that the primary has not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::Given;

use super::{
    DEADLINE, both, cluster, connected, cut_off, impatient, mend, outcomes, replica_hits, replicated, sent,
    served_by_replicas, shared, version, version_of_each,
};

#[redis_cached(ttl = 60, key = "verified:<id>", replica_reads = verified)]
async fn row(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "verified:blocking:<id>", replica_reads = verified)]
fn row_blocking(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "verified:tagged:<id>", tags = ["verified:<group>"], skip(group), replica_reads = verified)]
async fn tagged(group: u64, id: u64) -> u64 {
    let _ = (group, id);
    version()
}

#[redis_cached(ttl = 60, key = "verified:named:<id>", tags = |row: &(u64, u64)| vec![format!("verified:kind:{}", row.0)], replica_reads = verified)]
async fn named(id: u64) -> (u64, u64) {
    (id % 3, version())
}

#[redis_cached(ttl = 60, key = "verified:member:<ids>", batch = ids, replica_reads = verified)]
async fn members(ids: &[u64]) -> std::collections::HashMap<u64, u64> {
    version_of_each(ids)
}

#[redis_cached(ttl = "100ms", stale_while_revalidate = "60s", key = "verified:stale:<id>", replica_reads = verified)]
async fn stale(id: u64) -> u64 {
    let _ = id;
    version()
}

#[tokio::test]
async fn the_replica_sends_the_value_and_the_primary_its_mark() {
    for servers in both() {
        let cache = connected(servers.url()).await;
        let id = servers.id_of("verified:");
        let first = cache.scope(row(id)).await;
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(id)).await, first)).await;
        let (primary, replica) = (servers.primary().monitor(), servers.replica().monitor());
        let before = outcomes(&cache);
        for _ in 0..3 {
            assert_eq!(cache.scope(row(id)).await, first);
        }
        assert_eq!(sent(&primary), vec![format!("GETRANGE verified:{id} 0 16"); 3]);
        assert_eq!(sent(&replica), vec![format!("GET verified:{id}"); 3]);
        assert_eq!(outcomes(&cache), (before.0 + 3, before.1 + 3, before.2), "{}", cache.stats());
    }
}

#[tokio::test]
async fn everything_else_is_as_it_was() {
    for servers in shared() {
        let cache = connected(servers.url()).await;
        let mut first = Vec::new();
        for id in 0..20 {
            first.push((
                cache.scope(row(id)).await,
                cache.scope(tagged(id % 2, id)).await,
                cache.scope(named(id)).await,
            ));
        }
        let ids: Vec<u64> = (0..40).collect();
        let batch = cache.scope(members(&ids)).await;
        let blocking = cache.sync_scope(|| row_blocking(1));
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(0)).await, first[0].0)).await;
        let before: Vec<_> =
            cache.stats().functions.iter().map(|of| (of.misses, of.hits, of.replica_hits)).collect();
        for id in 0..20 {
            let again = (
                cache.scope(row(id)).await,
                cache.scope(tagged(id % 2, id)).await,
                cache.scope(named(id)).await,
            );
            assert_eq!(again, first[id as usize]);
        }
        assert_eq!(cache.scope(members(&ids)).await, batch);
        assert_eq!(cache.sync_scope(|| row_blocking(1)), blocking);
        for (of, (misses, hits, from_replicas)) in cache.stats().functions.iter().zip(before) {
            assert_eq!((of.misses, of.store_errors), (misses, 0), "{}", cache.stats());
            assert!(of.hits > hits && of.hits - hits == of.replica_hits - from_replicas, "{}", cache.stats());
        }
        cache.invalidate_tag("verified:1").await.unwrap();
        cache.invalidate_tag("verified:kind:2").await.unwrap();
        for id in 0..20 {
            let (row_before, tagged_before, named_before) = first[id as usize];
            assert_eq!(cache.scope(row(id)).await, row_before);
            assert_eq!(cache.scope(tagged(id % 2, id)).await > tagged_before, id % 2 == 1, "{id}");
            assert_eq!(cache.scope(named(id)).await.1 > named_before.1, id % 3 == 2, "{id}");
        }
    }
}

#[tokio::test]
async fn a_replica_that_lags_serves_nothing_old() {
    for servers in both() {
        let cache = connected(servers.url()).await;
        let id = servers.id_of("verified:");
        let old = (cache.scope(row(id)).await, cache.scope(tagged(id, id)).await);
        let (gone, batch) = (id + 1, cache.scope(members(&[id, id + 1])).await);
        cache.scope(row(gone)).await;
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(id)).await, old.0)).await;
        servers.replicas().into_iter().for_each(cut_off);

        cache.scope(async { row_entry(id).invalidate().await.unwrap() }).await;
        let new = cache.scope(row(id)).await;
        assert!(new > old.0, "the replica has the old one still");
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(row(id)).await, new);
        cache.scope(async { row_entry(gone).put(&7).await.unwrap() }).await;
        assert_eq!(cache.scope(row(gone)).await, 7);
        cache.invalidate_tag(&format!("verified:{id}")).await.unwrap();
        assert!(cache.scope(tagged(id, id)).await > old.1);
        cache.scope(async { members_entry(id).invalidate().await.unwrap() }).await;
        let after = cache.scope(members(&[id, id + 1])).await;
        assert!(after[&id] > batch[&id] && after[&(id + 1)] == batch[&(id + 1)]);

        servers.replicas().into_iter().for_each(mend);
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(id)).await, new)).await;
    }
}

/// What is past its time is served and refreshed by the primary's word, and by the primary's time.
#[tokio::test]
async fn windows_go_by_the_primarys_time() {
    for servers in shared() {
        let cache = connected(servers.url()).await;
        // The replicas are known.
        served_by_replicas(&cache, async || _ = cache.scope(row(1)).await).await;
        let first = cache.scope(stale(1)).await;
        replicated(&cache, servers.all()).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(cache.scope(stale(1)).await, first);
        let stats = cache.stats();
        let of = stats.functions.iter().find(|of| of.stale > 0).unwrap();
        assert_eq!((of.stale, of.replica_hits), (1, 1), "{}", cache.stats());
        let until = Instant::now() + Duration::from_secs(10);
        while cache.scope(stale(1)).await == first {
            assert!(Instant::now() < until, "it is not refreshed");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn a_replica_that_is_away_costs_a_part_of_the_deadline_and_no_hit() {
    for servers in both() {
        let cache = impatient(servers.url()).await;
        let id = servers.id_of("verified:");
        let first = cache.scope(row(id)).await;
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(id)).await, first)).await;
        servers.replica().pause();
        for _ in 0..5 {
            let began = Given::now();
            assert_eq!(cache.scope(row(id)).await, first);
            assert!(began.elapsed() < 2 * DEADLINE, "{:?}", began.elapsed());
        }
        // It rests: nobody waits for it.
        let began = Given::now();
        for _ in 0..20 {
            assert_eq!(cache.scope(row(id)).await, first);
        }
        assert!(began.elapsed() < 4 * DEADLINE, "{:?}", began.elapsed());
        servers.replica().resume();
        let (hits, until) = (replica_hits(&cache), Instant::now() + Duration::from_secs(30));
        while replica_hits(&cache) == hits {
            assert!(Instant::now() < until, "it is not asked again: {}", cache.stats());
            assert_eq!(cache.scope(row(id)).await, first);
            tokio::time::sleep(DEADLINE / 10).await;
        }
        servers.replica().kill();
        for _ in 0..5 {
            assert_eq!(cache.scope(row(id)).await, first);
        }
        assert_eq!(cache.stats().functions[0].misses, 1, "{}", cache.stats());
    }
}

#[tokio::test]
async fn slots_that_move_and_primaries_that_change_serve_nothing_old() {
    let servers = cluster();
    let cache = connected(servers.url()).await;
    let key = servers.key_of(servers.primary(0), "verified:");
    let id: u64 = key["verified:".len()..].parse().unwrap();
    let first = cache.scope(row(id)).await;
    replicated(&cache, servers.nodes()).await;
    assert_eq!(cache.scope(row(id)).await, first);

    let migration = servers.migrate(servers.slot(&key), servers.primary(1));
    assert_eq!(cache.scope(row(id)).await, first);
    assert!(migration.move_key(&key));
    assert_eq!(cache.scope(row(id)).await, first, "it is at the node that is given the slot");
    cache.scope(async { row_entry(id).invalidate().await.unwrap() }).await;
    let second = cache.scope(row(id)).await;
    assert!(second > first);
    cache.flush().await.unwrap();
    migration.finish();
    // Computed again, since the invalidation was repeated where the former owner redirects.
    assert!(cache.scope(row(id)).await >= second);

    replicated(&cache, servers.nodes()).await;
    servers.failover(servers.replica(1));
    assert!(cache.scope(row(id)).await >= second);
    cache.scope(async { row_entry(id).invalidate().await.unwrap() }).await;
    let third = cache.scope(row(id)).await;
    assert!(third > second);
    replicated(&cache, servers.nodes()).await;
    // The former primary is the replica now.
    let (hits, until) = (outcomes(&cache).1, Instant::now() + Duration::from_secs(30));
    while outcomes(&cache).1 == hits {
        assert!(Instant::now() < until, "no replica is asked: {}", cache.stats());
        // Computed again, if the invalidation was repeated at the new primary.
        assert!(cache.scope(row(id)).await >= third);
        tokio::time::sleep(DEADLINE / 10).await;
    }
}

/// Readers in one cache and a writer in another, while links break: nobody reads what was invalidated before it asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_invalidated_before_a_call_is_not_its_answer() {
    const KEYS: u64 = 12;
    for servers in both() {
        let servers = Arc::new(servers);
        let (reads, writes) = (connected(servers.url()).await, connected(servers.url()).await);
        let least: Arc<Vec<AtomicU64>> = Arc::new((0..KEYS).map(|_| AtomicU64::new(0)).collect());
        served_by_replicas(&reads, async || _ = reads.scope(row(0)).await).await;
        let ends = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for reader in 0..8 {
            let (cache, least, ends): (Cache, _, _) = (reads.clone(), Arc::clone(&least), Arc::clone(&ends));
            tasks.push(tokio::spawn(async move {
                for turn in reader.. {
                    if ends.load(Ordering::SeqCst) {
                        break;
                    }
                    let id = turn % KEYS;
                    let at_least = least[id as usize].load(Ordering::SeqCst);
                    let read = cache.scope(row(id)).await;
                    assert!(read > at_least, "{read} was invalidated when {at_least} was the newest");
                    tokio::task::yield_now().await;
                }
            }));
        }
        let breaks = Arc::clone(&servers);
        let breaking = tokio::task::spawn_blocking(move || {
            for round in 0..4 {
                let replicas = breaks.replicas();
                let replica = replicas[round % replicas.len()];
                cut_off(replica);
                std::thread::sleep(Duration::from_millis(300));
                mend(replica);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        // On a busy machine the replicas have more to catch up with than time for hits.
        let (served, until) = (|| outcomes(&reads).1 > 100, Instant::now() + Duration::from_secs(30));
        while !breaking.is_finished() || (!served() && Instant::now() < until) {
            for id in 0..KEYS {
                // What is computed from here on is newer.
                let newest = version();
                writes.scope(async { row_entry(id).invalidate().await.unwrap() }).await;
                least[id as usize].store(newest, Ordering::SeqCst);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ends.store(true, Ordering::SeqCst);
        for task in tasks {
            task.await.unwrap();
        }
        breaking.await.unwrap();
        let (hits, from_replicas, _) = outcomes(&reads);
        assert!(from_replicas > 100 && hits > from_replicas, "{}", reads.stats());
    }
}
