//! Servers that Sentinel watches over: found at `connect`, followed through failovers, and never mistaken for one that was replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, CacheBuilder, ErrorKind, redis_cached};
use redis_cached_test_support::{Act, Authority, Event, Given, Peer, RedisSentinels, RedisServer};

use crate::faults::wait_until_async;
use crate::log_recorder::{is_alone, lines, record, warnings};
use crate::{User, user};

/// What changes: a row of the database.
#[derive(Clone, Default)]
struct Row(Arc<AtomicU64>);

impl Row {
    fn set(&self, version: u64) {
        self.0.store(version, Ordering::SeqCst);
    }
}

#[redis_cached(ttl = 3600, key = "row:<name>", skip(row))]
async fn read(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.0.load(Ordering::SeqCst)
}

#[redis_cached(ttl = 3600, local = "1h", key = "kept:<name>", skip(row))]
async fn kept(row: &Row, name: &str) -> u64 {
    let _ = name;
    row.0.load(Ordering::SeqCst)
}

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn get_user(id: u64) -> User {
    user(id)
}

fn builder(url: impl Into<String>) -> CacheBuilder {
    Cache::builder().url(url).deadline(Duration::from_secs(2))
}

/// Whether a value is stored and found.
async fn works(cache: &Cache, id: u64) -> bool {
    let entry = cache.sync_scope(|| get_user_entry(id));
    entry.put(&user(id)).await.is_ok() && entry.get().await.ok() == Some(Some(user(id)))
}

async fn refusal(url: String) -> (ErrorKind, String) {
    let error = Cache::connect(url).await.unwrap_err();
    (error.kind(), error.to_string())
}

fn has_key(server: &RedisServer, key: &str) -> bool {
    server.query::<u64>(&["EXISTS", key]) == 1
}

#[tokio::test]
async fn the_primary_is_found_at_connect() {
    let servers = RedisSentinels::start();
    for options in ["", "/3", "/?protocol=resp2"] {
        let cache = builder(servers.url() + options).connect().await.unwrap();
        assert!(works(&cache, 1).await, "{options}");
    }
    let keys = servers.first().query::<String>(&["INFO", "keyspace"]);
    assert!(keys.contains("db0:keys=1") && keys.contains("db3:keys=1"), "{keys}");
    // A single word of a sentinel is enough where that is all there is.
    let one = servers.url_of(&[servers.sentinels()[1].port()]);
    assert!(works(&builder(one).connect().await.unwrap(), 2).await);
}

/// The primary is killed, its replica takes over, and the primary comes back and takes itself for one.
#[tokio::test]
async fn a_failover_is_followed_and_what_was_replaced_gets_nothing() {
    let servers = RedisSentinels::start();
    let (row, other_row) = (Row::default(), Row::default());
    let [writer, reader] = [(); 2].map(|()| builder(servers.url()).connect_lazy().unwrap());
    assert_eq!(reader.scope(read(&row, "a")).await, 0);
    assert_eq!(reader.scope(kept(&other_row, "a")).await, 0);
    reader.flush().await.unwrap();

    servers.first().kill();
    let began = Given::now();
    // Values are computed meanwhile, and none is older.
    let mut version = 0;
    while !works(&writer, 7).await {
        version += 1;
        row.set(version);
        let called = Given::now();
        if writer.sync_scope(|| read_entry("a")).invalidate().await.is_ok() {
            assert_eq!(writer.scope(read(&row, "a")).await, version);
        }
        assert!(called.elapsed() < Duration::from_secs(6), "{:?}", called.elapsed());
        assert!(began.elapsed() < Duration::from_secs(20), "no failover: {:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    servers.wait_for_primary(servers.second());

    // What changes after the switch is heard of.
    wait_until_async(async || works(&reader, 8).await).await;
    for version in 100..105 {
        row.set(version);
        other_row.set(version);
        writer.sync_scope(|| read_entry("a")).invalidate().await.unwrap();
        writer.sync_scope(|| kept_entry("a")).invalidate().await.unwrap();
        assert_eq!(reader.scope(read(&row, "a")).await, version);
        wait_until_async(async || reader.scope(kept(&other_row, "a")).await == version).await;
    }

    servers.first().restart();
    let role = || servers.first().info("role").unwrap();
    assert_eq!(role(), "master", "nobody has told it");
    let back = Instant::now();
    let mut id = 1000;
    while role() == "master" {
        assert!(works(&writer, id).await, "{:?} after it is back", back.elapsed());
        // Whoever comes new is not fooled either.
        let new = builder(servers.url()).connect().await.unwrap();
        assert!(works(&new, id + 1).await);
        for id in [id, id + 1] {
            assert!(has_key(servers.second(), &format!("user:{id}")));
            assert!(!has_key(servers.first(), &format!("user:{id}")) || role() != "master", "{id}");
        }
        id += 2;
        assert!(back.elapsed() < Duration::from_secs(30), "it stays a primary");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(id > 1010, "it was told too soon to prove anything");
}

/// The replaced primary is alive and would take everything: only the sentinels tell that it is not to get it.
#[tokio::test]
async fn a_planned_failover_is_followed_at_once() {
    let servers = RedisSentinels::start();
    let cache = builder(servers.url()).connect().await.unwrap();
    let row = Row::default();
    assert_eq!(cache.scope(kept(&row, "b")).await, 0);
    cache.flush().await.unwrap();
    for (round, to) in [servers.second(), servers.first()].into_iter().enumerate() {
        servers.failover(to);
        let switched = Given::now();
        wait_until_async(async || works(&cache, 5).await && has_key(to, "user:5")).await;
        assert!(switched.elapsed() < Duration::from_secs(2), "{:?}", switched.elapsed());
        let version = 10 + round as u64;
        row.set(version);
        cache.sync_scope(|| kept_entry("b")).invalidate().await.unwrap();
        assert_eq!(cache.scope(kept(&row, "b")).await, version);
        if round == 0 {
            // The first has to hear of its new role before it can be asked to take over again, which takes the sentinels ten seconds.
            servers.wait_for_replica(servers.first());
        }
    }
}

#[tokio::test]
async fn passwords_of_servers_and_of_sentinels() {
    let servers = RedisSentinels::builder().password("s3rver").sentinel_password("s3ntinel").start();
    let cache = builder(servers.url()).connect().await.unwrap();
    assert!(works(&cache, 1).await);
    let with_user = servers.url().replace("?", "?sentinel_user=default&");
    assert!(works(&builder(with_user).connect().await.unwrap(), 2).await);

    for (right, wrong) in
        [("sentinel_password=s3ntinel", "sentinel_password=another"), ("?sentinel_password=s3ntinel", "")]
    {
        let (kind, message) = refusal(servers.url().replace(right, wrong)).await;
        assert_eq!(kind, ErrorKind::Permission, "{message}");
        assert!(message.contains("sentinel_password=PASSWORD") && !message.contains("another"), "{message}");
    }
    let (kind, message) = refusal(servers.url().replace(":s3rver@", ":wrong@")).await;
    assert_eq!(kind, ErrorKind::Permission, "{message}");
    assert!(message.contains("the primary of `cache` at 127.0.0.1:"), "{message}");
}

#[tokio::test]
async fn over_tls() {
    let authority = Authority::new();
    let servers = RedisSentinels::builder().tls(&authority).start();
    let us = authority.issue();
    let with_ca = builder(servers.url()).tls_ca(authority.pem());
    let cache = with_ca.clone().tls_client(&us.certificate, &us.key).connect().await.unwrap();
    assert!(works(&cache, 1).await);
    servers.failover(servers.second());
    wait_until_async(async || works(&cache, 2).await && has_key(servers.second(), "user:2")).await;
    assert_eq!(with_ca.connect().await.unwrap_err().kind(), ErrorKind::Tls, "without a certificate of ours");
}

#[tokio::test]
async fn one_sentinel_may_be_gone_and_two_are_no_majority() {
    let servers = RedisSentinels::start();
    let cache = builder(servers.url()).connect().await.unwrap();
    servers.sentinels()[0].kill();
    assert!(works(&builder(servers.url()).connect().await.unwrap(), 1).await);
    // One that says nothing holds nobody up.
    servers.sentinels()[1].pause();
    let (kind, message) = refusal(servers.url()).await;
    assert_eq!(kind, ErrorKind::Connection, "{message}");
    assert!(message.contains("1 of 3 sentinels answer, which is no majority"), "{message}");
    // Who has heard a majority goes on with what it knows, also over a new connection.
    assert!(works(&cache, 2).await);
    servers.first().cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    wait_until_async(async || works(&cache, 3).await).await;

    servers.sentinels()[2].kill();
    assert!(works(&cache, 4).await, "a connection does not end because nobody watches over it");
    let lazy = builder(servers.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    for id in 1..5 {
        let began = Given::now();
        assert_eq!(lazy.scope(get_user(id)).await, user(id));
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
    servers.sentinels()[1].resume();
    servers.sentinels()[2].restart();
    wait_until_async(async || works(&lazy, 5).await).await;
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let servers = RedisSentinels::start();
    let (kind, message) = refusal(servers.url().replace("/cache", "/shop")).await;
    assert_eq!(kind, ErrorKind::Url);
    assert!(message.contains("know no service of this name"), "{message}");
    assert!(message.contains("cannot find the primary of `shop`"), "{message}");

    let (kind, message) = refusal(servers.url_of(&[1, 2])).await;
    assert_eq!(kind, ErrorKind::Connection);
    assert!(message.contains("no sentinel can be asked; cannot connect to 127.0.0.1:1"), "{message}");

    let (kind, message) = refusal(servers.url_of(&[servers.first().port()])).await;
    assert_eq!(kind, ErrorKind::Server);
    assert!(message.contains("is no sentinel"), "{message}");

    // The primary is gone, and nobody has taken over yet.
    servers.second().kill();
    servers.first().kill();
    let (kind, message) = refusal(servers.url()).await;
    assert_eq!(kind, ErrorKind::Connection);
    assert!(message.contains("cannot connect to the primary of `cache` at 127.0.0.1:"), "{message}");
}

#[tokio::test]
async fn sentinels_that_fall_silent_are_told_of_once() {
    if !is_alone("sentinel::sentinels_that_fall_silent_are_told_of_once") {
        return;
    }
    record();
    let servers = RedisSentinels::start();
    let cache = builder(servers.url()).connect().await.unwrap();
    assert!(works(&cache, 1).await);
    servers.sentinels()[0].kill();
    servers.sentinels()[1].kill();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let told = || warnings("no sentinel of `cache` answers");
    assert_eq!(told(), [""; 0], "one answers");
    servers.sentinels()[2].pause();
    wait_until_async(async || told().len() == 1).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(told().len(), 1);
    assert!(works(&cache, 2).await, "the primary is fine");
    servers.sentinels()[2].resume();
    wait_until_async(async || lines().iter().any(|line| line == "a sentinel of `cache` answers again")).await;
}

/// A sentinel that says what it is told, and knows no RESP3.
fn sentinel(says: impl Fn() -> (u64, u16) + Send + Sync + 'static) -> Peer {
    Peer::start(move |event| {
        let Event::Asked(words) = event else { return Act::Nothing };
        let (epoch, port) = says();
        let (epoch, port) = (epoch.to_string(), port.to_string());
        let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len());
        Act::Say(match (&words[0][..], words.get(1).map(|word| &word[..])) {
            (b"SENTINEL", Some(b"MASTER")) => {
                format!("*2\r\n{}{}", bulk("config-epoch"), bulk(&epoch)).into_bytes()
            }
            (b"SENTINEL", _) => format!("*2\r\n{}{}", bulk("127.0.0.1"), bulk(&port)).into_bytes(),
            (b"HELLO", _) => b"-ERR unknown command 'HELLO'\r\n".to_vec(),
            _ => b"+PONG\r\n".to_vec(),
        })
    })
}

#[tokio::test]
async fn a_sentinel_that_is_behind_is_not_believed() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let epoch = Arc::new(AtomicU64::new(1));
    let (of_old, of_new) = (old.port(), new.port());
    let behind = [(); 2].map(|()| sentinel(move || (1, of_old)));
    let first = sentinel({
        let epoch = Arc::clone(&epoch);
        move || match epoch.load(Ordering::SeqCst) {
            1 => (1, of_old),
            epoch => (epoch, of_new),
        }
    });
    let url = format!(
        "redis+sentinel://127.0.0.1:{},127.0.0.1:{},127.0.0.1:{}/cache",
        first.port(),
        behind[0].port(),
        behind[1].port()
    );
    let cache = builder(url.clone()).connect().await.unwrap();
    assert!(works(&cache, 1).await && has_key(&old, "user:1"));

    // One of three knows of a failover.
    epoch.store(2, Ordering::SeqCst);
    wait_until_async(async || works(&cache, 2).await && has_key(&new, "user:2")).await;
    assert!(works(&builder(url).connect().await.unwrap(), 3).await && has_key(&new, "user:3"));

    // And is gone: the others are most, and behind what is known.
    drop(first);
    new.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    let before = old.commands_processed();
    wait_until_async(async || works(&cache, 4).await).await;
    assert!(has_key(&new, "user:4"));
    assert_eq!(old.commands_processed(), before, "it was replaced");
}

/// They say that it is the primary, and it says that it is not.
#[tokio::test]
async fn a_replica_is_not_taken_for_the_primary() {
    for protocol in ["resp2", "resp3"] {
        let (primary, replica) = (RedisServer::start(), RedisServer::start());
        replica.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
        let port = replica.port();
        let sentinel = sentinel(move || (1, port));
        let url = format!("redis+sentinel://127.0.0.1:{}/cache?protocol={protocol}", sentinel.port());
        let (kind, message) = refusal(url).await;
        assert_eq!(kind, ErrorKind::Server);
        assert!(message.contains("it says that it is a replica"), "{message}");
    }
}
