//! A function whose calls have missed in a row asks for the lease in place of the value: one round trip before it runs, and one command
//! where the guess was wrong.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Command, RedisServer};

use crate::{Runs, User, lease, redis, runs_within_both, set_lease, user, within_both};

/// After how many misses in a row another is expected.
const IN_A_ROW: u64 = 4;
/// Far from the others.
const FIRST: u64 = 1000;

#[redis_cached(ttl = 3600, key = "user:<id>")]
async fn get_user(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 3600, key = "user:<id>")]
fn get_user_blocking(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 3600, key = "tagged:<id>", tags = ["city:<id>"])]
async fn tagged(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 3600, key = "stale:<id>", stale_while_revalidate = 60)]
async fn stale(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 3600, key = "local:<id>", local = 60)]
async fn local(id: u64) -> User {
    user(id)
}

/// What a client sent, by name and key.
fn sent(commands: &[Command]) -> Vec<String> {
    let sent = commands.iter().filter(|command| !command.in_script());
    sent.map(|command| match command.name() {
        script @ ("EVAL" | "EVALSHA") => format!("{script} {}", command.args()[2]),
        name => format!("{name} {}", command.args()[0]),
    })
    .collect()
}

fn has_nx_get(server: &RedisServer) -> bool {
    server.takes(&["SET", "probe", "1", "NX", "GET"])
}

/// Misses, one after the other, so that another is expected. The first also teaches the cache what the server can do.
async fn miss_in_a_row(cache: &Cache) {
    for id in FIRST..=FIRST + IN_A_ROW {
        assert_eq!(cache.scope(get_user(id)).await, user(id));
        cache.flush().await.unwrap();
    }
}

#[tokio::test]
async fn a_miss_that_is_expected_is_two_commands() {
    let (server, cache) = redis().await;
    if !has_nx_get(&server) {
        return;
    }
    miss_in_a_row(&cache).await;
    let monitor = server.monitor();
    assert_eq!(cache.scope(get_user(1)).await, user(1));
    cache.flush().await.unwrap();
    let commands = monitor.commands();
    let [lease, store] = &sent(&commands)[..] else { panic!("{:?}", sent(&commands)) };
    assert_eq!(lease, "SET user:1");
    assert_eq!(commands[0].args()[2..], ["NX", "GET", "PX", "3000"]);
    assert!(store.ends_with(" user:1"), "{store}");
    assert_eq!(server.query::<String>(&["GETRANGE", "user:1", "0", "0"]), "V");
}

#[tokio::test]
async fn a_wrong_guess_is_one_command_and_the_last() {
    let (server, cache) = redis().await;
    if !has_nx_get(&server) {
        return;
    }
    miss_in_a_row(&cache).await;
    let before: Vec<u8> = server.query(&["GET", "user:1000"]);
    let monitor = server.monitor();
    for expected in ["SET user:1000", "GET user:1000"] {
        assert_eq!(cache.scope(get_user(FIRST)).await, user(FIRST));
        assert_eq!(sent(&monitor.commands()), [expected]);
        monitor.clear();
    }
    // The next miss is not expected any more.
    assert_eq!(cache.scope(get_user(2)).await, user(2));
    assert_eq!(sent(&monitor.commands())[..2], ["GET user:2", "SET user:2"]);
    let stats = &cache.stats().functions[0];
    assert_eq!((stats.hits, stats.misses, stats.computes), (2, IN_A_ROW + 2, IN_A_ROW + 2));
    assert_eq!(server.query::<Vec<u8>>(&["GET", "user:1000"]), before, "it was not touched");
}

#[tokio::test]
async fn so_it_is_for_blocking_functions() {
    let (server, cache) = redis().await;
    if !has_nx_get(&server) {
        return;
    }
    let call = |id| cache.sync_scope(|| get_user_blocking(id));
    (FIRST..=FIRST + IN_A_ROW).for_each(|id| assert_eq!(call(id), user(id)));
    let monitor = server.monitor();
    assert_eq!((call(1), call(1)), (user(1), user(1)));
    let sent = sent(&monitor.commands());
    assert_eq!((&*sent[0], sent.len()), ("SET user:1", 3), "{sent:?}");
}

/// Where the look-up reads more than the key, it is not left out.
#[tokio::test]
async fn what_reads_more_than_the_key_looks_up_first() {
    let (server, cache) = redis().await;
    let calls = async |id: u64| {
        cache.scope(async { (tagged(id).await, stale(id).await, local(id).await) }).await;
        cache.flush().await.unwrap();
    };
    for id in FIRST..FIRST + 2 * IN_A_ROW {
        calls(id).await;
    }
    let monitor = server.monitor();
    calls(1).await;
    let sent = sent(&monitor.commands());
    for name in ["tagged:1", "stale:1", "local:1"] {
        let first = sent.iter().find(|command| command.ends_with(name)).unwrap();
        assert!(["MGET", "PTTL"].contains(&first.split(' ').next().unwrap()), "{first}");
    }
}

/// A server that refuses to write is asked to read, by the same call.
#[tokio::test]
async fn without_the_right_to_write_what_is_there_is_served() {
    let (server, cache) = redis().await;
    miss_in_a_row(&cache).await;
    server.query::<()>(&["ACL", "SETUSER", "default", "-set"]);
    let monitor = server.monitor();
    assert_eq!(cache.scope(get_user(FIRST)).await, user(FIRST));
    let stats = &cache.stats().functions[0];
    assert_eq!((stats.hits, stats.computes, stats.store_errors), (1, IN_A_ROW + 1, 0));
    // Then nobody tries again.
    monitor.clear();
    assert_eq!(cache.scope(get_user(FIRST)).await, user(FIRST));
    assert_eq!(sent(&monitor.commands()), ["GET user:1000"]);
}

#[tokio::test]
async fn a_full_server_serves_what_is_there() {
    let (server, cache) = redis().await;
    miss_in_a_row(&cache).await;
    server.query::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..2 {
        assert_eq!(cache.scope(get_user(FIRST)).await, user(FIRST));
    }
    let stats = &cache.stats().functions[0];
    assert_eq!((stats.hits, stats.computes, stats.store_errors), (2, IN_A_ROW + 1, 0));
}

#[tokio::test]
async fn a_foreign_value_is_replaced() {
    let (server, cache) = redis().await;
    for foreign in [
        &["SET", "user:1", "x"][..],
        &["SET", "user:1", "neither short nor an entry"],
        &["HSET", "user:1", "a", "b"],
    ] {
        miss_in_a_row(&cache).await;
        server.query::<()>(&["FLUSHALL"]);
        miss_in_a_row(&cache).await;
        server.query::<()>(foreign);
        assert_eq!(cache.scope(get_user(1)).await, user(1));
        cache.flush().await.unwrap();
        assert_eq!(server.query::<String>(&["GETRANGE", "user:1", "0", "0"]), "V", "{foreign:?}");
    }
    assert_eq!(cache.stats().functions[0].unusable, 3);
}

/// Another process has the lease: its value is waited for.
#[tokio::test]
async fn who_finds_a_lease_waits_for_its_value() {
    let (server, cache) = redis().await;
    miss_in_a_row(&cache).await;
    let lease = lease(&server).await;
    set_lease(&server, "user:1", &lease, Some(60_000));
    let call = tokio::spawn(async move { cache.scope(get_user(1)).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!call.is_finished());
    server.query::<()>(&["UNLINK", "user:1"]);
    assert_eq!(call.await.unwrap(), user(1));
}

static RUNS: Runs = Runs::new();

/// Waits until all callers are there.
#[redis_cached(ttl = 3600, key = "together:<id>")]
async fn together(id: u64) -> u64 {
    RUNS.count();
    if id == 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    id
}

#[tokio::test]
async fn callers_that_all_expect_a_miss_share_one_computation() {
    runs_within_both(&RUNS, 1 + 1 + IN_A_ROW as usize, async |cache| {
        for id in FIRST..=FIRST + IN_A_ROW {
            together(id).await;
            cache.flush().await.unwrap();
        }
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let cache = Cache::clone(cache);
            calls.spawn(async move { assert_eq!(cache.scope(together(0)).await, 0) });
        }
        calls.join_all().await;
    })
    .await;
}

/// Changes its own source.
#[redis_cached(ttl = 3600, key = "invalidated:<id>")]
async fn invalidated(id: u64) -> u64 {
    if id == 0 {
        invalidated_entry(id).invalidate().await.unwrap();
    }
    id
}

/// What was computed before an invalidation is not stored after it, whichever way the lease was taken.
#[tokio::test]
async fn an_invalidation_takes_the_lease_away() {
    within_both(async |cache| {
        for id in FIRST..=FIRST + IN_A_ROW {
            invalidated(id).await;
            cache.flush().await.unwrap();
        }
        for _ in 0..2 {
            invalidated(0).await;
            cache.flush().await.unwrap();
        }
        let stats = &cache.stats().functions[0];
        assert_eq!((stats.superseded, stats.stored), (2, IN_A_ROW + 1));
    })
    .await;
}
