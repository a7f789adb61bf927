//! `Cache::invalidate_all`: everything that a cache has stored goes by one command, and nothing of any other cache.

mod kinds;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis_cached::{Cache, CacheBuilder, ErrorKind, redis_cached};
use redis_cached_test_support::{Command, Proxy, RedisServer, servers};

use self::kinds::{many, of_many};
use crate::Failed;
use crate::source::Source;

#[redis_cached(ttl = 60, key = "plain:<id>", skip(row))]
async fn plain(row: &Source, id: u64) -> u64 {
    let _ = id;
    row.read().await
}

#[redis_cached(ttl = 60, skip(row))]
fn blocking(row: &Source, id: u64) -> u64 {
    let _ = id;
    row.quick_read()
}

#[redis_cached(ttl = 60, key = "tagged:<id>", skip(row), tags = ["org:<id>"], group = "rows")]
fn tagged(row: &Source, id: u64) -> u64 {
    let _ = id;
    row.quick_read()
}

fn patient(url: impl Into<String>) -> CacheBuilder {
    Cache::builder().url(url).deadline(Duration::from_secs(10))
}

/// A server, and a cache there and one in memory.
async fn both() -> (RedisServer, [Cache; 2]) {
    let server = RedisServer::start();
    let cache = patient(server.url()).support_invalidate_all().connect().await.unwrap();
    (server, [cache, memory()])
}

fn memory() -> Cache {
    patient("memory://").support_invalidate_all().connect_lazy().unwrap()
}

async fn on_a_thread(cache: Cache, check: impl FnOnce(&Cache) + Send + 'static) {
    tokio::task::spawn_blocking(move || cache.sync_scope(|| check(&cache))).await.unwrap();
}

#[tokio::test]
async fn another_prefix_keeps_its_entries() {
    let server = RedisServer::start();
    let cache = async |prefix: &str| {
        patient(server.url()).prefix(prefix).support_invalidate_all().connect().await.unwrap()
    };
    let (shop, twin, longer) = (cache("shop:").await, cache("shop:").await, cache("shop:eu:").await);
    let without = patient(server.url()).prefix("shop:old:").connect().await.unwrap();
    let row = Source::new();
    let read = async |cache: &Cache| {
        let number = cache.scope(plain(&row, 1)).await;
        cache.flush().await.unwrap();
        number
    };
    let all = async || [read(&shop).await, read(&twin).await, read(&longer).await, read(&without).await];
    assert_eq!((all().await, row.reads()), ([1; 4], 3), "one prefix is one cache");
    row.write();
    twin.invalidate_all().await.unwrap();
    assert_eq!((all().await, row.reads()), ([2, 2, 1, 1], 4));
    row.write();
    longer.invalidate_all().await.unwrap();
    assert_eq!((all().await, row.reads()), ([2, 2, 3, 1], 5));
}

/// What was read before is neither stored nor given to a call that begins afterwards.
#[tokio::test]
async fn a_computation_that_began_before_is_not_served_afterwards() {
    let (_server, caches) = both().await;
    for cache in caches {
        let row = Source::closed();
        let read = |id| cache.scope(plain(&row, id));
        let invalidation = async {
            row.began().await;
            row.write();
            cache.invalidate_all().await.unwrap();
            let later = async {
                row.began().await;
                row.open();
            };
            tokio::join!(read(1), later).0
        };
        assert_eq!(tokio::join!(read(1), invalidation), (1, 2));
        cache.flush().await.unwrap();
        // The first caller still had its lease, so the later value may not be stored; the earlier one never is.
        assert_eq!(read(1).await, 2);
    }
}

#[redis_cached(ttl = TTL, key = "window:<id>", skip(row), stale_while_revalidate = "10m", stale_if_error = "10m")]
fn window(row: Arc<Source>, id: u64) -> Result<u64, Failed> {
    let _ = id;
    match row.quick_read() {
        0 => Err(Failed("the source")),
        number => Ok(number),
    }
}

const TTL: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_value_is_refreshed_and_not_served_once_it_is_invalidated() {
    let (_server, caches) = both().await;
    for cache in caches {
        on_a_thread(cache, |cache| {
            let row = Source::new();
            let past = || {
                cache.blocking().flush().unwrap();
                std::thread::sleep(2 * TTL);
            };
            let read = || window(Arc::clone(&row), 1);
            assert_eq!(read(), Ok(1));
            past();
            row.write();
            assert_eq!(read(), Ok(1), "the old value, while it is refreshed");
            let until = Instant::now() + Duration::from_secs(10);
            while read() != Ok(2) {
                assert!(Instant::now() < until, "it is not refreshed");
                std::thread::sleep(Duration::from_millis(2));
            }
            past();
            row.number.store(0, Ordering::SeqCst);
            cache.blocking().invalidate_all().unwrap();
            assert_eq!(read(), Err(Failed("the source")), "the old value is none any more");
        })
        .await;
    }
}

/// The commands that a client sent; those that a script ran are part of the script's.
fn sent(commands: &[Command]) -> Vec<String> {
    let sent = commands.iter().filter(|command| !command.in_script());
    sent.map(|command| match command.name() {
        "EVAL" | "EVALSHA" => format!("script {}", command.args()[2]),
        "SET" => format!("SET {}", command.args()[0]),
        name => format!("{name} {}", command.args().join(" ")),
    })
    .collect()
}

#[tokio::test]
async fn a_hit_is_one_command_and_an_invalidation_too() {
    let server = RedisServer::start();
    let builder = patient(server.url()).prefix("shop:").support_invalidate_all();
    let (cache, row) = (builder.connect().await.unwrap(), Source::new());
    // The scripts are known afterwards, and what the server knows.
    for id in [2, 3] {
        cache.sync_scope(|| blocking(&row, id));
        cache.flush().await.unwrap();
    }
    let monitor = server.monitor();
    let after = async |work: &dyn Fn() -> u64| {
        monitor.clear();
        cache.sync_scope(work);
        cache.flush().await.unwrap();
        sent(&monitor.commands())
    };
    let miss = after(&|| blocking(&row, 1)).await;
    assert_eq!(miss.len(), 4, "as of a function with a tag: {miss:?}");
    assert!(miss[0].starts_with("MGET shop:") && miss[0].ends_with(r" shop:\x01all"), "{miss:?}");
    assert_eq!(miss[1], r"script shop:\x01all");
    assert_eq!(after(&|| blocking(&row, 1)).await, miss[..1]);

    after(&|| tagged(&row, 1)).await;
    let hit = [r"MGET shop:tagged:1 shop:\x01tag:org:1 shop:\x01tag:group:rows shop:\x01all"];
    assert_eq!(after(&|| tagged(&row, 1)).await, hit);
    after(&|| of_many(&many(&row, &[1, 2]))).await;
    assert_eq!(
        after(&|| of_many(&many(&row, &[1, 2]))).await,
        [r"MGET shop:many:1 shop:many:2 shop:\x01all"]
    );

    monitor.clear();
    cache.invalidate_all().await.unwrap();
    assert_eq!(sent(&monitor.commands()), [r"UNLINK shop:\x01tags shop:\x01all"]);
}

#[redis_cached(ttl = 3600, local = "1h", key = "kept:<id>", skip(row))]
async fn kept(row: &Source, id: u64) -> u64 {
    let _ = id;
    row.quick_read()
}

#[redis_cached(ttl = 3600, local = "1h", key = "kept many:<ids>", skip(row), batch = ids)]
async fn kept_many(row: &Source, ids: &[u64]) -> HashMap<u64, u64> {
    let number = row.quick_read();
    ids.iter().map(|id| (*id, number)).collect()
}

/// Calls until both functions are served from the process, and gives what they were served.
async fn settled(cache: &Cache, row: &Source) -> (u64, u64) {
    let local_hits = || cache.stats().functions.iter().map(|function| function.local_hits).sum::<u64>();
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let before = local_hits();
        let found =
            cache.scope(async { (kept(row, 1).await, of_many(&kept_many(row, &[1, 2]).await)) }).await;
        if local_hits() == before + 3 {
            return found;
        }
        assert!(Instant::now() < until, "nothing is kept: {}", cache.stats());
        cache.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn processes_forget_what_they_have_cached_locally() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let process = || patient(server.url()).support_invalidate_all().connect_lazy().unwrap();
        let (one, other, row) = (process(), process(), Source::new());
        assert_eq!((settled(&one, &row).await, settled(&other, &row).await), ((1, 1), (1, 1)));
        let monitor = server.monitor();
        assert_eq!((settled(&one, &row).await, sent(&monitor.commands())), ((1, 1), vec![]), "a local hit");

        row.write();
        one.invalidate_all().await.unwrap();
        assert_eq!(one.scope(kept(&row, 1)).await, 2, "its own invalidation at once");
        let until = Instant::now() + Duration::from_secs(10);
        while settled(&other, &row).await != (2, 2) {
            assert!(Instant::now() < until, "an old value stays: {}", other.stats());
        }
        assert_eq!(settled(&one, &row).await, (2, 2));
    }
}

#[tokio::test]
async fn one_that_redis_could_not_take_is_retried() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let builder = Cache::builder().url(proxy.url()).deadline(Duration::from_millis(500));
    let (cache, row) = (builder.support_invalidate_all().connect().await.unwrap(), Source::new());
    let read = || cache.scope(plain(&row, 1));
    assert_eq!(read().await, 1);
    cache.flush().await.unwrap();
    row.write();
    proxy.refuse(true);
    proxy.reset_connections();
    assert!(cache.invalidate_all().await.is_err());
    assert_eq!(cache.stats().pending_invalidations, 1);
    assert_eq!(read().await, 2);
    proxy.heal();
    let until = Instant::now() + Duration::from_secs(20);
    while cache.stats().pending_invalidations > 0 {
        assert!(Instant::now() < until, "it is not retried");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let other = patient(server.url()).support_invalidate_all().connect().await.unwrap();
    assert_eq!(other.scope(plain_entry_in_scope()).await, None);
}

async fn plain_entry_in_scope() -> Option<u64> {
    plain_entry(1).get().await.unwrap()
}

#[tokio::test]
async fn a_cache_without_the_option_says_what_to_write() {
    let server = RedisServer::start();
    for cache in [patient(server.url()).connect().await.unwrap(), Cache::memory()] {
        for error in [cache.invalidate_all().await, cache.blocking().invalidate_all()].map(Result::unwrap_err)
        {
            assert_eq!(error.kind(), ErrorKind::InvalidOption);
            let message = error.to_string();
            for part in ["Cache::builder().support_invalidate_all()", "`invalidate_prefix(\"\")`"] {
                assert!(message.contains(part), "{message}");
            }
        }
    }
    // There is nothing in it to invalidate.
    Cache::disabled().invalidate_all().await.unwrap();
}

#[tokio::test]
async fn entries_with_the_tag_and_without_it_are_misses_to_each_other() {
    let server = RedisServer::start();
    let without = patient(server.url()).connect().await.unwrap();
    let with = patient(server.url()).support_invalidate_all().connect().await.unwrap();
    let row = Source::new();
    for (reads, cache) in [&without, &with, &without].into_iter().enumerate() {
        for _ in 0..2 {
            cache.scope(plain(&row, 1)).await;
            cache.flush().await.unwrap();
        }
        assert_eq!(row.reads(), reads + 1);
    }
}
