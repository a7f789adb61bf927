//! The replicas that sentinels name: which of them are asked, and what becomes of them in a failover.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Act, Event, Given, Peer, RedisServer};

use super::{
    connected, cut_off, impatient, replica_hits, sent, sentinels, served_by_replicas, until_done, version,
    wait_for,
};

/// As the functions have it.
const BOUND: Duration = Duration::from_secs(1);

#[redis_cached(ttl = 600, key = "sentinel:verified:<id>", replica_reads = verified)]
async fn verified(id: u64) -> u64 {
    let _ = id;
    version()
}

#[redis_cached(ttl = 600, key = "sentinel:bounded:<id>", replica_reads = BOUND)]
async fn bounded(id: u64) -> u64 {
    let _ = id;
    version()
}

/// Calls until each of these replicas has been asked.
async fn served_by(cache: &Cache, replicas: &[&RedisServer], mut call: impl AsyncFnMut()) {
    for replica in replicas {
        let monitor = replica.monitor();
        let until = Instant::now() + Duration::from_secs(30);
        while !sent(&monitor).iter().any(|command| command.starts_with("GET sentinel:")) {
            assert!(Instant::now() < until, "it is not asked: {}", cache.stats());
            call().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn all_replicas_are_asked_in_turn_and_none_that_is_away() {
    let servers = sentinels(2);
    let [_, one, other] = servers.servers() else { panic!("two replicas") };
    let cache = connected(servers.url()).await;
    let first = cache.scope(verified(1)).await;
    cache.flush().await.unwrap();
    servers.first().wait_for_replicas(2);
    let call = async || assert_eq!(cache.scope(verified(1)).await, first);
    served_by(&cache, &[one, other], call).await;

    // The sentinels leave it out as soon as they know, and the other one serves.
    cut_off(one);
    let (monitor, until) = (one.monitor(), Instant::now() + Duration::from_secs(30));
    loop {
        let before = replica_hits(&cache);
        for _ in 0..10 {
            call().await;
        }
        let is_asked = sent(&monitor).iter().any(|command| command.starts_with("GET sentinel:"));
        if !is_asked && replica_hits(&cache) == before + 10 {
            break;
        }
        assert!(Instant::now() < until, "it is still asked: {}", cache.stats());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    other.kill();
    for _ in 0..20 {
        let began = Given::now();
        call().await;
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
    assert_eq!(cache.stats().functions[0].misses, 1, "{}", cache.stats());
}

#[tokio::test]
async fn a_failover_leads_to_the_new_primarys_replicas() {
    let servers = sentinels(2);
    let [old, new, other] = servers.servers() else { panic!("two replicas") };
    let cache = connected(servers.url()).await;
    cache.scope(bounded(1)).await;
    cache.flush().await.unwrap();
    served_by(&cache, &[new, other], async || _ = cache.scope(bounded(1)).await).await;
    servers.failover(new);
    servers.wait_for_replicas_of(new);
    until_done(async || cache.scope(async { bounded_entry(1).invalidate().await }).await).await;
    let newest = version();
    served_by(&cache, &[old, other], async || assert!(cache.scope(bounded(1)).await > newest)).await;
}

/// The primary is frozen and comes back with what it had, as a primary, and then as the replica of whoever has taken its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_primary_serves_nothing_that_is_older_than_the_bound() {
    let servers = sentinels(2);
    let [old, new, _] = servers.servers() else { panic!("two replicas") };
    let (cache, other) = (impatient(servers.url()).await, impatient(servers.url()).await);
    cache.scope(bounded(1)).await;
    cache.flush().await.unwrap();
    served_by_replicas(&cache, async || _ = cache.scope(bounded(1)).await).await;

    old.pause();
    servers.wait_for_primary(new);
    until_done(async || other.scope(async { bounded_entry(1).invalidate().await }).await).await;
    let newest = version();
    tokio::time::sleep(BOUND).await;
    old.resume();
    let (reads, ends) = (cache.clone(), Arc::new(AtomicBool::new(false)));
    let ended = Arc::clone(&ends);
    let reading = tokio::spawn(async move {
        while !ended.load(Ordering::SeqCst) {
            let read = reads.scope(bounded(1)).await;
            assert!(read > newest, "{read} was invalidated long ago");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let is_replica = || old.info("role").is_some_and(|role| role == "slave");
    tokio::task::block_in_place(|| wait_for(is_replica));
    tokio::task::block_in_place(|| servers.wait_for_replicas_of(new));
    served_by(&cache, &[old], async || _ = cache.scope(bounded(1)).await).await;
    ends.store(true, Ordering::SeqCst);
    reading.await.unwrap();
}

/// Sentinels that tell where the primary is and nothing of replicas.
#[tokio::test]
async fn without_the_sentinels_word_the_primary_serves() {
    let server = RedisServer::start();
    let port = server.port().to_string();
    let is_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_asked);
    let sentinel = Peer::start(move |event| {
        let Event::Asked(words) = event else { return Act::Nothing };
        let about = words.get(1).map(|word| String::from_utf8_lossy(word).into_owned());
        Act::Say(match (&words[0][..], about.as_deref()) {
            (b"HELLO", _) => b"-ERR unknown command 'HELLO'\r\n".to_vec(),
            (b"SENTINEL", Some("MASTER")) => b"*2\r\n$12\r\nconfig-epoch\r\n$1\r\n0\r\n".to_vec(),
            (b"SENTINEL", Some("REPLICAS")) => {
                asked.store(true, Ordering::SeqCst);
                b"-NOPERM this user has no permissions to run the 'sentinel|replicas' command\r\n".to_vec()
            }
            (b"SENTINEL", _) => {
                format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len()).into_bytes()
            }
            _ => b"+OK\r\n".to_vec(),
        })
    });
    let url = sentinel.url().replace("redis://", "redis+sentinel://") + "/cache";
    let cache = connected(url).await;
    assert!(!is_asked.load(Ordering::SeqCst), "nobody wants to know");
    let first = (cache.scope(verified(2)).await, cache.scope(bounded(2)).await);
    cache.flush().await.unwrap();
    tokio::task::spawn_blocking(move || wait_for(|| is_asked.load(Ordering::SeqCst))).await.unwrap();
    assert_eq!((cache.scope(verified(2)).await, cache.scope(bounded(2)).await), first);
    assert_eq!(replica_hits(&cache), 0);
    assert!(
        cache.stats().functions.iter().all(|of| of.hits == 1 && of.store_errors == 0),
        "{}",
        cache.stats()
    );
}
