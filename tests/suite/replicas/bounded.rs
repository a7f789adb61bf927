//! `replica_reads = "2s"`: values from replicas, at most so old.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis_cached::redis_cached;

use super::{
    both, connected, cut_off, mend, outcomes, replicated, sent, served_by_replicas, until_done, version,
    version_of_each, wait_for,
};

/// As the functions have it.
const BOUND: Duration = Duration::from_millis(1500);

#[redis_cached(ttl = 60, key = "bounded:<id>", replica_reads = "1500ms")]
async fn row(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "bounded:tagged:<id>", tags = ["bounded:<id>"], replica_reads = BOUND)]
async fn tagged(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 60, key = "bounded:member:<ids>", batch = ids, replica_reads = "1500ms")]
async fn members(ids: &[u64]) -> std::collections::HashMap<u64, u64> {
    version_of_each(ids)
}

#[tokio::test]
async fn a_hit_costs_the_primary_nothing() {
    for servers in both() {
        let cache = connected(servers.url()).await;
        let id = servers.id_of("bounded:");
        let first = cache.scope(row(id)).await;
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(id)).await, first)).await;
        let (primary, replica) = (servers.primary().monitor(), servers.replica().monitor());
        let before = outcomes(&cache);
        for _ in 0..20 {
            assert_eq!(cache.scope(row(id)).await, first);
        }
        let (hits, from_replicas, misses) = outcomes(&cache);
        assert_eq!((hits, from_replicas, misses), (before.0 + 20, before.1 + 20, before.2));
        assert_eq!(sent(&primary), Vec::<String>::new());
        assert_eq!(sent(&replica), vec![format!("GET bounded:{id}"); 20]);
    }
}

#[tokio::test]
async fn nothing_older_than_the_bound_is_served() {
    for servers in both() {
        let (cache, other) = (connected(servers.url()).await, connected(servers.url()).await);
        let id = servers.id_of("bounded:");
        let old = (
            cache.scope(row(id)).await,
            cache.scope(tagged(id)).await,
            cache.scope(members(&[id])).await[&id],
        );
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || {
            cache.scope(row(id)).await;
            cache.scope(tagged(id)).await;
            cache.scope(members(&[id])).await;
        })
        .await;
        servers.replicas().into_iter().for_each(cut_off);
        other.scope(async { row_entry(id).invalidate().await.unwrap() }).await;
        other.scope(async { members_entry(id).invalidate().await.unwrap() }).await;
        other.invalidate_tag(&format!("bounded:{id}")).await.unwrap();
        let invalidated = Instant::now();
        let mut were_old = 0;
        loop {
            let began = Instant::now();
            let now = (
                cache.scope(row(id)).await,
                cache.scope(tagged(id)).await,
                cache.scope(members(&[id])).await[&id],
            );
            let is_old = [now.0 == old.0, now.1 == old.1, now.2 == old.2];
            were_old += usize::from(is_old[0]);
            assert!(
                began.duration_since(invalidated) < BOUND || is_old == [false; 3],
                "{is_old:?} after {:?}",
                began.duration_since(invalidated)
            );
            if began.duration_since(invalidated) > 2 * BOUND {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(were_old > 0, "the replicas had it, and were known to be fresh a moment ago");
        servers.replicas().into_iter().for_each(mend);
        replicated(&cache, servers.all()).await;
        let new = cache.scope(row(id)).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(id)).await, new)).await;
    }
}

#[tokio::test]
async fn a_process_sees_what_it_has_changed_itself() {
    for servers in both() {
        let cache = connected(servers.url()).await;
        let id = servers.id_of("bounded:");
        let mut last = (cache.scope(row(id)).await, cache.scope(tagged(id)).await);
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || {
            cache.scope(row(id)).await;
            cache.scope(tagged(id)).await;
        })
        .await;
        cut_off(servers.replica());
        for round in 0..3 {
            cache.scope(async { row_entry(id).invalidate().await.unwrap() }).await;
            cache.invalidate_tag(&format!("bounded:{id}")).await.unwrap();
            let now = (cache.scope(row(id)).await, cache.scope(tagged(id)).await);
            assert!(now.0 > last.0 && now.1 > last.1, "{now:?} in round {round}, and {last:?} before");
            last = now;
        }
        cache.scope(async { row_entry(id).put(&7).await.unwrap() }).await;
        assert_eq!(cache.scope(row(id)).await, 7);
    }
}

/// A replica that is promoted, and a primary that becomes its replica.
#[tokio::test]
async fn another_primary_is_another_measure() {
    for servers in both() {
        let cache = connected(servers.url()).await;
        let id = servers.id_of("bounded:");
        let first = cache.scope(row(id)).await;
        replicated(&cache, servers.all()).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(id)).await, first)).await;
        servers.failover();
        until_done(async || cache.scope(async { row_entry(id).invalidate().await }).await).await;
        let second = cache.scope(row(id)).await;
        assert!(second > first);
        replicated(&cache, servers.all()).await;
        // Computed again, if the invalidation was repeated at the new primary.
        served_by_replicas(&cache, async || assert!(cache.scope(row(id)).await >= second)).await;
        servers.replica().kill();
        let until = Instant::now() + BOUND;
        while Instant::now() < until {
            assert!(cache.scope(row(id)).await >= second);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Its data are older than what it was known to have.
#[tokio::test]
async fn a_replica_that_is_restarted_from_an_old_snapshot_is_not_believed() {
    for servers in both() {
        let (cache, other) = (connected(servers.url()).await, connected(servers.url()).await);
        let id = servers.id_of("bounded:");
        let old = cache.scope(row(id)).await;
        replicated(&cache, servers.all()).await;
        let replica = servers.replica();
        replica.cli(&["SAVE"]);
        other.scope(async { row_entry(id).invalidate().await.unwrap() }).await;
        let new = other.scope(row(id)).await;
        replicated(&other, servers.all()).await;
        served_by_replicas(&cache, async || assert_eq!(cache.scope(row(id)).await, new)).await;
        let ends = Arc::new(AtomicBool::new(false));
        let (reads, ended) = (cache.clone(), Arc::clone(&ends));
        let reading = tokio::spawn(async move {
            while !ended.load(Ordering::SeqCst) {
                let read = reads.scope(row(id)).await;
                assert!(read != old, "it was replaced long ago");
                tokio::task::yield_now().await;
            }
        });
        let primary = servers.primary();
        // It cannot ask for what it has missed.
        primary.cli(&["CONFIG", "SET", "requirepass", "secret"]);
        replica.kill();
        replica.restart();
        tokio::time::sleep(BOUND / 2).await;
        wait_for(|| replica.answers());
        tokio::time::sleep(BOUND).await;
        ends.store(true, Ordering::SeqCst);
        reading.await.unwrap();
    }
}
