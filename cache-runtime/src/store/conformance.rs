//! What every store must do, run on each of them: memory, Redis by TCP in both protocols, by Unix socket and by Sentinel, Redis Cluster.

mod in_parts;
mod kinds;
mod lease_first;
mod many;

use std::time::{Duration, Instant};

use super::vocabulary::TagTtl;
use super::vocabulary::{CasToken, Found, Left, Nonce, Reading, Swap};
use super::{
    AnyStore, ClusterConfig, MemoryStore, OneKey, RedisConfig, RedisStore, Store, Target, TlsOptions,
    sentinel_config,
};
use crate::tags;
use crate::util::clock::after;
use crate::util::test_clock::Clock;
use redis_cached_test_support::{RedisCluster, RedisSentinels, RedisServer};

fn soon() -> Instant {
    after(Duration::from_secs(5))
}

fn redis(url: &str) -> AnyStore {
    let config = RedisConfig::of_url(url, Duration::from_secs(5));
    AnyStore::Redis(RedisStore::lazy(config).into())
}

async fn bytes(store: &AnyStore, key: &str) -> Option<Vec<u8>> {
    match store.get(key, soon()).await.expect("a get") {
        Found::Bytes(bytes) => Some(bytes),
        Found::Absent => None,
        Found::Foreign => panic!("{key} is foreign"),
    }
}

async fn timed(store: &AnyStore, key: &str) -> (Found, Left) {
    let (found, left, _) = store.read_one(key, Reading::Timed(1), soon()).await.expect("both");
    (found, left)
}

async fn left(store: &AnyStore, key: &str) -> Left {
    timed(store, key).await.1
}

async fn swaps(store: &AnyStore, key: &str, mark: &CasToken, value: &[u8], ttl: Option<Duration>) -> bool {
    store.swap_one(Swap { key, mark, value, ttl }, soon()).await.expect("an answer")
}

async fn stores_and_replaces(store: &AnyStore) {
    assert_eq!(bytes(store, "new").await, None);
    store.put("new", b"one", Some(Duration::from_secs(60)), soon()).await.expect("a set");
    assert_eq!(bytes(store, "new").await.as_deref(), Some(&b"one"[..]));
    store.put("new", b"another", None, soon()).await.expect("a set");
    assert_eq!(bytes(store, "new").await.as_deref(), Some(&b"another"[..]));
    assert_eq!(left(store, "new").await, Left::Never);
}

async fn takes_any_bytes_and_any_key(store: &AnyStore) {
    let value: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    for key in ["", " ", "\r\n", "key with spaces", "é🦀", "a\0b", "{tag}:x"] {
        store.put(key, &value, None, soon()).await.expect("a set");
        assert_eq!(bytes(store, key).await.as_deref(), Some(value.as_slice()), "{key:?}");
        store.put(key, b"", None, soon()).await.expect("a set");
        assert_eq!(bytes(store, key).await.as_deref(), Some(&b""[..]), "{key:?}");
    }
}

async fn removes(store: &AnyStore) {
    store.put("gone", b"x", None, soon()).await.expect("a set");
    store.unlink("gone", soon()).await;
    assert_eq!(bytes(store, "gone").await, None);
    store.unlink("gone", soon()).await;
    assert_eq!(left(store, "gone").await, Left::Absent);
}

async fn removes_several(store: &AnyStore) {
    for key in ["first", "second", "third"] {
        store.put(key, b"x", None, soon()).await.expect("a set");
    }
    let removed = store.remove(&[&b"first"[..], b"absent", b"third"], soon()).await;
    assert_eq!(removed.expect("a removal"), 2);
    assert_eq!(bytes(store, "first").await, None);
    assert!(bytes(store, "second").await.is_some(), "not asked for");
    assert_eq!(bytes(store, "third").await, None);
    assert_eq!(store.remove(&[], soon()).await.expect("a removal of nothing"), 0);
}

async fn expires_by_the_millisecond(store: &AnyStore) {
    let ttl = Duration::from_millis(300);
    store.put("brief", b"x", Some(ttl), soon()).await.expect("a set");
    match left(store, "brief").await {
        Left::Expires(left) => assert!(left <= ttl && left > Duration::ZERO, "{left:?}"),
        other => panic!("{other:?}"),
    }
    let gone = after(Duration::from_secs(5));
    while bytes(store, "brief").await.is_some() {
        assert!(Instant::now() < gone, "it never expired");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(left(store, "brief").await, Left::Absent);
}

async fn a_later_set_replaces_the_time_too(store: &AnyStore) {
    store.put("renewed", b"x", Some(Duration::from_millis(50)), soon()).await.expect("a set");
    store.put("renewed", b"y", Some(Duration::from_secs(60)), soon()).await.expect("a set");
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(bytes(store, "renewed").await.as_deref(), Some(&b"y"[..]));
}

/// A lease is granted once, gives way to a value only under its own mark, and is released only under it.
async fn leases_are_compared(store: &AnyStore) {
    let (one, other) = ([b'L'; 17], *b"Lanother lease...");
    let ttl = Duration::from_secs(60);
    assert_eq!(store.acquire_one("slot", one, ttl, soon()).await.expect("a lease"), Found::Absent);
    let second = store.acquire_one("slot", other, ttl, soon()).await.expect("an answer");
    assert_eq!(second, Found::Bytes(one.to_vec()));
    assert!(matches!(left(store, "slot").await, Left::Expires(left) if left <= ttl));

    let value = [&b"V"[..], &[7; 100]].concat();
    assert!(!swaps(store, "slot", &other, &value, None).await);
    store.release(&[("slot", other)], soon()).await.expect("an answer");
    assert_eq!(bytes(store, "slot").await.as_deref(), Some(&one[..]));
    assert!(swaps(store, "slot", &one, &one, Some(ttl)).await);
    for _ in 0..2 {
        // Twice: the first store finds out what a server knows, the second uses it.
        store.unlink("slot", soon()).await;
        store.acquire_one("slot", one, ttl, soon()).await.expect("a lease");
        assert!(swaps(store, "slot", &one, &value, Some(ttl)).await);
        assert!(!swaps(store, "slot", &one, &value, Some(ttl)).await);
        assert_eq!(bytes(store, "slot").await, Some(value.clone()));
    }

    let mark: CasToken = *value.first_chunk().expect("a mark");
    let newer = [&b"V"[..], &[8; 50]].concat();
    assert!(swaps(store, "slot", &mark, &newer, None).await);
    assert_eq!(timed(store, "slot").await, (Found::Bytes(newer.clone()), Left::Never));
    let mark = *newer.first_chunk().expect("a mark");
    // By itself: it is prolonged.
    assert!(swaps(store, "slot", &mark, &mark, Some(ttl)).await);
    assert!(!swaps(store, "slot", &one, &one, Some(ttl)).await);
    let (found, left) = timed(store, "slot").await;
    assert!(found == Found::Bytes(newer) && matches!(left, Left::Expires(left) if left <= ttl));
    store.release(&[("slot", mark)], soon()).await.expect("a release");
    assert_eq!(bytes(store, "slot").await, None);
    assert!(!swaps(store, "slot", &one, &value, None).await);
    assert_eq!(timed(store, "slot").await, (Found::Absent, Left::Absent));
}

/// Foreign bytes may begin like a lease.
async fn foreign_bytes_are_replaced_and_short_ones_cleared(store: &AnyStore) {
    let foreign = b"Looks like a lease, and is none";
    store.put("foreign", foreign, None, soon()).await.expect("a set");
    store.clear("foreign", soon()).await.expect("nothing to clear");
    let mark: CasToken = *foreign.first_chunk().expect("a mark");
    let lease = [b'L'; 17];
    assert!(swaps(store, "foreign", &mark, &lease, None).await);
    store.clear("foreign", soon()).await.expect("nothing to clear");
    assert_eq!(bytes(store, "foreign").await.as_deref(), Some(&lease[..]));
    store.put("foreign", b"short", None, soon()).await.expect("a set");
    store.clear("foreign", soon()).await.expect("a removal");
    assert_eq!(bytes(store, "foreign").await, None);
}

async fn takes_the_longest_times(store: &AnyStore) {
    for ttl in [Duration::from_nanos(1), Duration::from_secs(u64::MAX / 2)] {
        store.put("odd", b"x", Some(ttl), soon()).await.expect("a set");
    }
    assert_eq!(bytes(store, "odd").await.as_deref(), Some(&b"x"[..]));
}

async fn nonces(store: &AnyStore, keys: &[&str], life: TagTtl) -> Vec<Nonce> {
    let nonces = store.tag(keys, life, soon()).await.expect("answers");
    nonces.into_iter().map(|nonce| nonce.expect("a nonce")).collect()
}

/// A tag's nonce stays until its key is removed, and a new one is no nonce that was there before.
async fn tags_have_nonces(store: &AnyStore) {
    let keys = ["tag:a", "tag:b"].map(|name| tags::tag("", name));
    let keys = keys.each_ref().map(|key| &**key);
    let life = |seconds| TagTtl { least: Some(Duration::from_secs(seconds)) };
    let first = nonces(store, &keys, life(60)).await;
    assert_ne!(first[0], first[1]);
    assert_eq!(nonces(store, &keys, life(60)).await, first);
    let left = async |key: &str| left(store, key).await;
    let between = |left: Left, least: u64, most: u64| match left {
        Left::Expires(left) => left > Duration::from_secs(least) && left <= Duration::from_secs(most),
        _ => false,
    };
    assert!(between(left("\u{1}tag:tag:a").await, 100, 120), "twice what is needed");
    nonces(store, &keys[..1], life(90)).await;
    assert!(between(left("\u{1}tag:tag:a").await, 100, 120), "it has enough");
    nonces(store, &keys[..1], life(1_000)).await;
    assert!(between(left("\u{1}tag:tag:a").await, 1_900, 2_000));
    nonces(store, &keys[..1], TagTtl { least: None }).await;
    nonces(store, &keys[..1], life(10)).await;
    assert_eq!(
        (left("\u{1}tag:tag:a").await, bytes(store, "\u{1}tag:tag:a").await),
        (Left::Never, Some(first[0].to_vec()))
    );

    store.put("plain", b"x", Some(Duration::from_secs(60)), soon()).await.expect("a set");
    let read = ["plain", "\u{1}tag:tag:a", "nothing", "\u{1}tag:tag:b"];
    let several = store.read(&read, Reading::Plain, soon()).await.expect("answers");
    let expected = [b"x".to_vec(), first[0].to_vec(), vec![], first[1].to_vec()];
    let found = expected.map(|bytes| if bytes.is_empty() { Found::Absent } else { Found::Bytes(bytes) });
    assert_eq!((many::answered(several.found), several.left), (found.to_vec(), vec![]));
    let several = store.read(&read, Reading::Timed(1), soon()).await.expect("answers");
    assert_eq!(many::answered(several.found), found);
    assert!(several.left.len() == 1 && between(several.left[0], 50, 60));

    store.unlink(keys[0], soon()).await;
    assert_eq!(bytes(store, "\u{1}tag:tag:a").await, None);
    // What is no nonce is replaced by one.
    store.put("\u{1}tag:tag:b", b"no nonce", None, soon()).await.expect("a set");
    let second = nonces(store, &keys, life(60)).await;
    assert!(second.iter().all(|nonce| !first.contains(nonce)));
    assert_eq!(bytes(store, "\u{1}tag:tag:b").await, Some(second[1].to_vec()));
    store.remove(&[keys[0].as_bytes(), keys[1].as_bytes()], soon()).await.expect("a removal");
    assert_eq!((bytes(store, "\u{1}tag:tag:a").await, bytes(store, "\u{1}tag:tag:b").await), (None, None));
}

async fn all(store: &AnyStore) {
    stores_and_replaces(store).await;
    takes_any_bytes_and_any_key(store).await;
    removes(store).await;
    removes_several(store).await;
    expires_by_the_millisecond(store).await;
    a_later_set_replaces_the_time_too(store).await;
    takes_the_longest_times(store).await;
    leases_are_compared(store).await;
    lease_first::a_lease_is_asked_for_in_place_of_a_value(store).await;
    foreign_bytes_are_replaced_and_short_ones_cleared(store).await;
    tags_have_nonces(store).await;
    many::all(store).await;
}

#[tokio::test]
async fn memory() {
    all(&AnyStore::Memory(MemoryStore::new(10_000_000, Clock::default()).into())).await;
}

#[tokio::test]
async fn redis_in_resp3() {
    for program in redis_cached_test_support::servers() {
        let server = RedisServer::builder().program(program).start();
        all(&redis(&server.url())).await;
    }
}

fn cluster(url: &str, tls: &TlsOptions) -> AnyStore {
    let Ok(Target::Cluster(address)) = Target::parse(url) else { panic!("no cluster's URL") };
    let limit = Duration::from_secs(5);
    let config = ClusterConfig::new(&address, tls, None, limit, limit).expect("the driver takes it");
    AnyStore::Redis(RedisStore::of_cluster(config).into())
}

#[tokio::test]
async fn redis_cluster_in_both_protocols() {
    for program in redis_cached_test_support::servers() {
        let servers = RedisCluster::builder().node(|node| node.program(&program)).start();
        for protocol in ["resp3", "resp2"] {
            servers.nodes().iter().for_each(RedisServer::flush_all);
            all(&cluster(&format!("{}?protocol={protocol}", servers.url()), &TlsOptions::default())).await;
        }
    }
}

#[tokio::test]
async fn redis_cluster_without_some_commands() {
    for without in [&["EVALSHA"][..], &["UNLINK"]] {
        let lacking = without.iter().fold(RedisCluster::builder(), |servers, command| {
            servers.node(|node| node.arg("--rename-command").arg(*command).arg(""))
        });
        all(&cluster(&lacking.start().url(), &TlsOptions::default())).await;
    }
}

#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
#[tokio::test]
async fn redis_cluster_over_tls() {
    let authority = redis_cached_test_support::Authority::new();
    let tls = TlsOptions { ca: authority.pem().into(), ..TlsOptions::default() };
    let program = redis_cached_test_support::servers_with_tls().swap_remove(0);
    let servers = RedisCluster::builder().node(|node| node.program(program).password("hunter2"));
    let servers = servers.tls(&authority).start();
    all(&cluster(&servers.tls_url(), &tls)).await;
}

#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
#[tokio::test]
async fn redis_over_tls() {
    let authority = redis_cached_test_support::Authority::new();
    let tls = TlsOptions { ca: authority.pem().into(), ..TlsOptions::default() };
    for program in redis_cached_test_support::servers_with_tls() {
        let server = RedisServer::builder().program(program).tls(&authority.issue()).start();
        for protocol in ["resp3", "resp2"] {
            server.flush_all();
            let url = format!("{}?protocol={protocol}", server.tls_url());
            let Ok(Target::Server(address)) = Target::parse(&url) else { panic!("no server's URL") };
            let config =
                RedisConfig::new(address, &tls, None, Duration::from_secs(5), Duration::from_secs(5));
            all(&AnyStore::Redis(RedisStore::lazy(config.expect("a configuration")).into())).await;
        }
    }
}

#[tokio::test]
async fn redis_in_resp2() {
    let server = RedisServer::start();
    all(&redis(&format!("{}/?protocol=resp2", server.url().trim_end_matches('/')))).await;
}

#[tokio::test]
async fn redis_by_unix_socket_and_database() {
    let server = RedisServer::builder().unix_socket(true).start();
    all(&redis(&format!("{}?db=3", server.unix_url()))).await;
    let elsewhere: usize = server.query(&["DBSIZE"]);
    assert_eq!(elsewhere, 0, "database 0 was not to be used");
}

#[tokio::test]
async fn redis_without_some_commands() {
    for program in redis_cached_test_support::servers() {
        for without in [&["EVALSHA"][..], &["UNLINK"], &["UNLINK", "EVALSHA"], &["EVAL", "EVALSHA"]] {
            let lacking = without.iter().fold(RedisServer::builder().program(&program), |server, command| {
                server.arg("--rename-command").arg(*command).arg("")
            });
            let server = lacking.start();
            // Without scripts it has to compare by itself.
            if !without.contains(&"EVAL") || server.takes(&["SET", "probe", "1", "IFEQ", "0"]) {
                all(&redis(&server.url())).await;
            }
        }
    }
}

#[test]
fn redis_by_a_blocking_caller() {
    let server = RedisServer::start();
    let store = redis(&server.url());
    let until = soon();
    let found = crate::runtime::block_on::block_on(async {
        store.put("k", b"v", None, until).await?;
        store.get("k", until).await
    });
    assert_eq!(found.expect("an answer"), Found::Bytes(b"v".to_vec()));
}

#[tokio::test]
async fn redis_by_sentinel() {
    let servers = RedisSentinels::start();
    let limit = Duration::from_secs(5);
    for options in ["/2", "?protocol=resp2"] {
        let Ok(Target::Sentinel(address)) = Target::parse(&(servers.url() + options)) else {
            panic!("not sentinels")
        };
        let config = sentinel_config(&address, &TlsOptions::default(), None, limit, limit);
        all(&AnyStore::Redis(RedisStore::lazy(config.expect("the driver takes it")).into())).await;
    }
}

#[tokio::test]
async fn other_types_are_foreign_and_replaced() {
    let server = RedisServer::start();
    let store = redis(&server.url());
    server.cli(&["RPUSH", "list", "x"]);
    server.cli(&["HSET", "hash", "f", "x"]);
    for key in ["list", "hash"] {
        assert_eq!(store.get(key, soon()).await.expect("a get"), Found::Foreign);
        let refused = store.swap_one(Swap { key, mark: &[b'L'; 17], value: b"x", ttl: None }, soon()).await;
        assert!(!refused.expect("an answer"));
        store.clear(key, soon()).await.expect("a removal");
        assert_eq!(bytes(&store, key).await, None);
        store.put(key, b"mine", None, soon()).await.expect("a set");
        assert_eq!(bytes(&store, key).await.as_deref(), Some(&b"mine"[..]));
    }
    server.cli(&["RPUSH", "\u{1}tag:list", "x"]);
    let nonces = nonces(&store, &[&tags::tag("", "list")], TagTtl { least: None }).await;
    assert_eq!(bytes(&store, "\u{1}tag:list").await, Some(nonces[0].to_vec()));
}

#[test]
fn runtimes_come_and_go() {
    let server = RedisServer::start();
    let store = redis(&server.url());
    for round in 0..5 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let found = runtime.block_on(async {
            store.put("k", &[round], None, soon()).await?;
            store.get("k", soon()).await
        });
        assert_eq!(found.expect("an answer"), Found::Bytes(vec![round]));
    }
}
