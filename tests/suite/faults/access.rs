//! Wrong passwords, and users who may not do everything.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Cache, CacheBuilder, Entry, ErrorKind, redis_cached};
use redis_cached_test_support::{RedisServer, servers};
use tokio::task::LocalSet;

use super::{DEADLINE, assert_hits, assert_own_value, get_user, get_user_entry, lazy, wait_until};
use crate::{User, user};

const GUARANTEES: &str = include_str!("../../../docs/guarantees.md");

/// What the documentation says a user of the cache needs, with the prefix `app:`. Nothing else is tested, so it is what it says.
fn least() -> &'static str {
    let (_, rights) = GUARANTEES.split_once("ACL SETUSER cache on >PASSWORD ").unwrap();
    rights.lines().next().unwrap()
}

fn add_user(server: &RedisServer, name: &str, rights: &str) -> String {
    let mut command = vec!["ACL", "SETUSER", name, "on", ">secret"];
    command.extend(rights.split_whitespace());
    server.cli(&command);
    format!("redis://{name}:secret@127.0.0.1:{}", server.port())
}

/// What a cache of a user with these rights is made with, patient enough for a busy machine.
fn app(server: &RedisServer, rights: &str) -> CacheBuilder {
    let patient = Cache::builder().deadline(Duration::from_secs(10));
    patient.url(add_user(server, "app", rights)).prefix("app:")
}

#[redis_cached(ttl = 60, key = "several:<ids>", batch = ids)]
async fn get_users(ids: &[u64]) -> HashMap<u64, User> {
    ids.iter().map(|id| (*id, user(*id))).collect()
}

#[redis_cached(ttl = Duration::from_secs(seconds), key = "tagged:<seconds>", tags = ["all"], group = "tagged")]
async fn tagged(seconds: u64) -> User {
    user(seconds)
}

/// Its tag is to live for ever from now on.
#[redis_cached(ttl = "never", key = "for ever", tags = ["all"])]
async fn for_ever() -> User {
    user(0)
}

#[redis_cached(ttl = 60, key = "named:<id>", tags = |user: &User| vec![user.name.replace(' ', "-")])]
async fn named(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "windowed:<id>", stale_while_revalidate = 60)]
async fn windowed(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "kept:<id>", local = "1m")]
async fn kept(id: u64) -> User {
    user(id)
}

fn computes(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.computes).sum()
}

/// Whether the second of two calls finds what the first one stored. Each gives the function's own value in any case.
async fn hits<T: PartialEq>(cache: &Cache, own: T, call: impl AsyncFn() -> T) -> bool {
    assert!(cache.scope(call()).await == own);
    let _ = cache.flush().await;
    let before = computes(cache);
    assert!(cache.scope(call()).await == own);
    computes(cache) == before
}

async fn local_hits(cache: &Cache) -> u64 {
    for _ in 0..5 {
        assert_eq!(cache.scope(kept(1)).await, user(1));
        let _ = cache.flush().await;
    }
    cache.stats().functions.iter().map(|function| function.local_hits).sum()
}

/// What a cache can do, by name.
async fn able(server: &RedisServer, cache: &Cache) -> Vec<&'static str> {
    let mut able = Vec::new();
    let mut note = |what, is_able| able.extend(Some(what).filter(|_| is_able));
    // Two, because a server learns a script from the first store.
    let calls =
        [hits(cache, Ok(user(1)), || get_user(1)).await, hits(cache, Ok(user(2)), || get_user(2)).await];
    note("calls", calls == [true; 2]);
    note("windows", hits(cache, user(3), || windowed(3)).await);
    let users = || HashMap::from([4, 5].map(|id| (id, user(id))));
    note("batches", hits(cache, users(), || get_users(&[4, 5])).await);
    // The tag has to live longer each time.
    let mut tags = vec![hits(cache, user(9), || named(9)).await];
    for seconds in [5, 500] {
        tags.push(hits(cache, user(seconds), || tagged(seconds)).await);
    }
    tags.push(hits(cache, user(0), for_ever).await);
    tags.push(cache.invalidate_tags(["all", "group:tagged", "user-9"]).await.is_ok());
    // Redis was asked to forget them, and this process must, whatever the answer was.
    let before = computes(cache);
    cache.scope(async { (named(9).await, tagged(500).await, for_ever().await) }).await;
    assert_eq!(computes(cache), before + 3);
    note("tags", !tags.contains(&false));

    let entry = cache.sync_scope(|| get_user_entry(6));
    let put = entry.put(&user(6)).await;
    note("put", put.is_ok() && Entry::put_many([(entry.clone(), user(6))]).await.is_ok());
    // Of one that was not put: where that failed there is nothing to be got, and nobody is asked.
    let other = cache.sync_scope(|| get_user_entry(7));
    note("get", other.get().await.is_ok());
    note("ttl", other.ttl().await.is_ok());
    note("invalidate", entry.invalidate().await.is_ok());
    server.cli(&["SET", "app:swept:1", "by the test"]);
    note("prefixes", cache.invalidate_prefix("swept:").await.ok() == Some(1));
    note("local", local_hits(cache).await > 0);
    able
}

const ALL: [&str; 10] =
    ["calls", "windows", "batches", "tags", "put", "get", "ttl", "invalidate", "prefixes", "local"];

#[tokio::test]
async fn the_least_rights_are_enough_for_everything() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let app = app(&server, least());
        let caches = [app.clone().connect_lazy().unwrap(), app.connect_lazy().unwrap()];
        for cache in &caches {
            assert_own_value(cache, 1).await;
            assert_hits(cache).await;
            // The connection on which Redis tells of changes is made when the first call wants it.
            let is_told = || cache.stats().local.is_some_and(|local| local.serving);
            local_hits(cache).await;
            wait_until(is_told).await;
            assert_eq!(able(&server, cache).await, ALL);
            let entry = cache.sync_scope(|| get_user_entry(2));
            entry.invalidate_with_hold(Duration::from_millis(1)).await.unwrap();
            cache.scope(cache.bypass(get_user(3))).await.unwrap();
        }
        for cache in caches {
            let _ = cache.flush().await;
            let stats = cache.stats();
            assert!(stats.functions.iter().all(|function| function.store_errors == 0), "{stats}");
            assert_eq!(stats.pending_invalidations, 0);
        }
    }
}

/// What goes with each right, as docs/guarantees.md has it.
fn costs(right: &str) -> &'static [&'static str] {
    match right {
        "+get" => &["calls", "windows", "tags", "get", "ttl", "local"],
        "+set" => &["calls", "windows", "batches", "tags", "put", "local"],
        "+unlink" => &["tags", "invalidate", "prefixes"],
        "+pttl" => &["windows", "tags", "ttl", "local"],
        "+pexpire" | "+persist" => &["tags"],
        "+getrange" | "+eval" => &["calls", "windows", "batches", "tags", "local"],
        "+mget" | "+evalsha" | "+info" => &[],
        "+ping" => &ALL,
        "+client|tracking" => &["local"],
        "+scan" => &["prefixes"],
        _ => panic!("the page has {right}"),
    }
}

async fn assert_missing_without(right: &'static str) {
    let server = RedisServer::start();
    let without: Vec<&str> = least().split_whitespace().filter(|word| *word != right).collect();
    let app = app(&server, &without.join(" "));
    let is_for_scripts = ["+getrange", "+eval"].contains(&right);
    let costs = costs(right);
    // Where there is no connection, nothing is worth waiting for.
    let app = if *costs == ALL { app.deadline(DEADLINE) } else { app };
    let cache = app.connect_lazy().unwrap();
    // By the time that anything is looked at, the server knows the scripts that store, and tells of changes, if it is ever to.
    assert_eq!(cache.scope(get_user(7)).await, Ok(user(7)));
    assert_eq!(cache.scope(get_users(&[7])).await[&7], user(7));
    let _ = cache.flush().await;
    local_hits(&cache).await;
    let able = able(&server, &cache).await;
    let missing: Vec<&str> = ALL.into_iter().filter(|what| !able.contains(what)).collect();
    // A server that compares by itself needs fewer scripts; how many is not on the page.
    let needs_less = is_for_scripts && server.takes(&["SET", "probe", "1", "IFEQ", "0"]);
    let is_as_the_page_says = match needs_less {
        true => missing.iter().all(|what| costs.contains(what)),
        false => missing == costs,
    };
    assert!(is_as_the_page_says, "without {right}: {missing:?} for {costs:?}\n{}", cache.stats());
}

/// Whatever is missing, calls give their own value. All at once: without some of the rights there is much to be waited for.
#[tokio::test]
async fn each_of_the_least_rights_is_needed_and_costs_what_the_page_says() {
    let rights = least().split_whitespace().filter(|word| word.starts_with('+'));
    let all = LocalSet::new();
    let checks: Vec<_> = rights.map(|right| all.spawn_local(assert_missing_without(right))).collect();
    all.await;
    for check in checks {
        check.await.unwrap();
    }
}

#[tokio::test]
async fn missing_rights_cost_the_cache_and_nothing_else() {
    let server = RedisServer::start();
    let cache = lazy(add_user(&server, "reader", "~* -@all +get +ping +hello"));
    assert_own_value(&cache, 1).await;
    let error = cache.sync_scope(|| get_user_entry(2)).put(&user(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(!error.to_string().contains("secret"));
}

#[tokio::test]
async fn keys_that_the_user_may_not_touch_are_computed() {
    let server = RedisServer::start();
    let url = add_user(&server, "app", least());
    let cache = Cache::builder().url(url).prefix("others:").deadline(DEADLINE).connect_lazy().unwrap();
    assert_own_value(&cache, 1).await;
    assert_eq!(cache.scope(get_user(3)).await, Ok(user(3)));
    assert_eq!(server.query::<usize>(&["DBSIZE"]), 0);
}

#[tokio::test]
async fn a_wrong_password_in_a_running_program_is_no_failure() {
    let server = RedisServer::builder().password("right").start();
    let cache = lazy(format!("redis://:wrong@127.0.0.1:{}", server.port()));
    assert_own_value(&cache, 1).await;
    let error = cache.sync_scope(|| get_user_entry(1)).get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
}
