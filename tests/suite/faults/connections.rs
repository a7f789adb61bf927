//! Connections as networks and proxies have them: forgotten, closed again and again, to a server that is not the primary any more, and greeted
//! in the older protocol.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Direction, Given, Proxy, RedisServer, servers};

use super::{
    DEADLINE, assert_own_value, assert_recovers, get_user, get_user_entry, hits, lazy, wait_until,
    wait_until_async,
};
use crate::log_recorder::{is_alone, lines, record, warnings};
use crate::user;

#[redis_cached(ttl = 60, key = "watched:<id>", local = "30s")]
async fn watched(id: u64) -> u64 {
    id
}

fn hits_so_far(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.hits).sum()
}

/// A load balancer that swallows what it has forgotten, and a call now and then.
#[tokio::test]
async fn a_network_that_forgets_connections_without_traffic() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = Cache::builder().url(proxy.url()).connect().await.unwrap();
    cache.scope(get_user(1)).await.unwrap();
    cache.flush().await.unwrap();
    proxy.forget_after(Duration::from_millis(700));
    let before = hits_so_far(&cache);
    let mut waited = 0;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(900)).await;
        let began = Instant::now();
        assert_eq!(cache.scope(get_user(1)).await, Ok(user(1)));
        waited += usize::from(began.elapsed() > Duration::from_millis(125));
    }
    assert!(hits_so_far(&cache) - before >= 9, "{}", cache.stats());
    assert!(waited <= 1, "{waited} calls waited");
}

/// A runtime that nobody polls cannot ask anybody anything; and then one call is enough to find out.
#[test]
fn a_connection_of_a_runtime_that_stood_still_is_replaced_after_one_silent_answer() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = Cache::builder().url(proxy.url()).connect_lazy().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = || {
        let began = Instant::now();
        assert_eq!(runtime.block_on(cache.scope(get_user(1))), Ok(user(1)));
        began.elapsed() > Duration::from_millis(125)
    };
    call();
    runtime.block_on(cache.flush()).unwrap();
    proxy.forget_after(Duration::from_millis(700));
    let mut waited = 0;
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(900));
        // The second may come before all is settled, the third has a new connection.
        waited += [call(), call(), call()].into_iter().filter(|waited| *waited).count();
    }
    assert!(waited <= 4, "{waited} of 9 calls waited");
    assert!(hits_so_far(&cache) >= 2, "{}", cache.stats());
}

/// A peer that does this to each connection, and how many it has had.
struct Peer {
    url: String,
    accepted: Arc<AtomicUsize>,
}

impl Peer {
    fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let accepted = Arc::new(AtomicUsize::new(0));
        let (count, serve) = (Arc::clone(&accepted), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(stream));
            }
        });
        Self { url, accepted }
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Answers so many requests, each whole in one piece, and closes.
fn answer_and_close(mut stream: TcpStream, answers: usize) {
    let mut buffer = [0; 4096];
    let mut left = answers;
    while left > 0 {
        let Ok(length @ 1..) = stream.read(&mut buffer) else { return };
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let answer = match request {
            hello if hello.contains("HELLO") => "%1\r\n$5\r\nproto\r\n:3\r\n",
            ping if ping.contains("PING") => "+PONG\r\n",
            get if get.contains("GET") => "_\r\n",
            _ => "+OK\r\n",
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
        left -= 1;
    }
    let _ = stream.shutdown(Shutdown::Both);
}

/// At each point at which a peer may close, with calls and without.
#[tokio::test]
async fn a_peer_that_closes_again_and_again_is_not_asked_in_a_loop() {
    for answers in 0..5 {
        let peer = Peer::start(move |stream| answer_and_close(stream, answers));
        let cache = lazy(&peer.url);
        for id in 1..4 {
            assert_eq!(cache.scope(get_user(id)).await, Ok(user(id)));
            assert_eq!(cache.scope(watched(id)).await, id);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = peer.accepted();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let idle = peer.accepted() - before;
        assert!(idle <= 8, "{answers} answers: {idle} connections in a second without calls");
        let (before, began) = (peer.accepted(), Instant::now());
        while began.elapsed() < Duration::from_secs(1) {
            assert_eq!(cache.scope(get_user(7)).await, Ok(user(7)));
            assert_eq!(cache.scope(watched(7)).await, 7);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let busy = peer.accepted() - before;
        assert!(busy <= 8, "{answers} answers: {busy} connections in a second with calls");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_one_line() {
    if !is_alone("faults::connections::an_outage_is_one_line") {
        return;
    }
    record();
    let server = RedisServer::start();
    let cache = lazy(server.url());
    let call = async || {
        for id in 1..20 {
            assert_eq!(cache.scope(get_user(id)).await, Ok(user(id)));
            assert_eq!(cache.scope(watched(id)).await, id);
            let worker = cache.clone();
            tokio::task::spawn_blocking(move || worker.sync_scope(|| super::get_user_blocking(id).unwrap()))
                .await
                .unwrap();
            let _ = cache.sync_scope(|| get_user_entry(id)).invalidate().await;
        }
    };
    call().await;
    assert_eq!(warnings(""), [""; 0]);
    for outage in 1..=2 {
        server.kill();
        call().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        call().await;
        let said = warnings("");
        let ours: Vec<_> = said.iter().filter(|line| line.contains("the cache is off until")).collect();
        let kept =
            said.iter().filter(|line| line.contains("no values are kept in this process until")).count();
        assert_eq!(ours.len() + kept, outage, "{said:#?}");
        server.restart();
        assert_recovers(&cache).await;
        // Until it is sure.
        tokio::time::sleep(Duration::from_millis(2500)).await;
    }
    assert!(!warnings("").iter().any(|line| line.contains("user:")), "{:#?}", warnings(""));
}

/// Its name leads to another server, which is the primary now.
#[tokio::test]
async fn a_primary_that_was_demoted_is_left_for_the_new_one() {
    for program in servers() {
        let at_once = RedisServer::builder().arg("--repl-diskless-sync-delay").arg("0");
        let new = at_once.program(&program).start();
        let old = RedisServer::builder().program(&program).start();
        let proxy = Proxy::start(&old);
        let cache = lazy(proxy.url());
        assert_recovers(&cache).await;
        cache.scope(watched(1)).await;

        old.cli(&["REPLICAOF", "127.0.0.1", &new.port().to_string()]);
        wait_until(|| old.info("master_link_status").as_deref() == Some("up")).await;
        for id in 1..4 {
            assert_own_value(&cache, id).await;
        }
        proxy.lead_to(&new);
        let began = Given::now();
        while !hits(&cache).await || cache.stats().pending_invalidations > 0 {
            assert!(began.elapsed() < Duration::from_secs(7), "{}", cache.stats());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_recovers(&cache).await;
        // The connection on which changes are told is to the new one as well.
        wait_until(|| new.query::<String>(&["CLIENT", "LIST"]).contains("flags=t")).await;
    }
}

/// Nobody has to write to learn that writes are taken again: a primary says what it is.
#[tokio::test]
async fn the_end_of_a_read_only_outage_is_told_at_once() {
    if !is_alone("faults::connections::the_end_of_a_read_only_outage_is_told_at_once") {
        return;
    }
    record();
    let primary = RedisServer::start();
    let server = RedisServer::start();
    let cache = lazy(server.url());
    assert_recovers(&cache).await;
    server.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    assert_own_value(&cache, 1).await;
    wait_until(|| warnings("takes no writes").len() == 1).await;
    server.cli(&["REPLICAOF", "NO", "ONE"]);
    // The next attempt is a fraction of a second away, and the connection has to live for a second. On trust it would be ten.
    let began = Given::now();
    let is_told = || lines().iter().any(|line| line.contains("again after"));
    while !is_told() {
        assert!(began.elapsed() < Duration::from_secs(8), "{:#?}", lines());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_recovers(&cache).await;
}

#[tokio::test]
async fn a_server_that_stays_read_only_serves_hits_and_makes_no_loop() {
    let primary = RedisServer::builder().arg("--repl-diskless-sync-delay").arg("0").start();
    let replica = RedisServer::start();
    let direct = Cache::connect(primary.url()).await.unwrap();
    direct.sync_scope(|| get_user_entry(1)).put(&user(1)).await.unwrap();
    replica.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    wait_until(|| replica.query::<Option<Vec<u8>>>(&["GET", "user:1"]).is_some()).await;

    let proxy = Proxy::start(&replica);
    let cache = lazy(proxy.url());
    let began = Instant::now();
    let mut id = 2;
    while began.elapsed() < Duration::from_secs(3) {
        // A miss asks for a lease, and is refused.
        assert_eq!(cache.scope(get_user(id)).await, Ok(user(id)));
        let before = hits_so_far(&cache);
        assert_eq!(cache.scope(get_user(1)).await, Ok(user(1)));
        assert_eq!(hits_so_far(&cache), before + 1, "after {:?}: {}", began.elapsed(), cache.stats());
        id += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!((2..=12).contains(&proxy.accepted()), "{} connections", proxy.accepted());
    assert!(cache.sync_scope(|| get_user_entry(1)).invalidate().await.is_err());
    assert_eq!(cache.stats().pending_invalidations, 1);
}

/// Whatever the words of the refusal are.
#[tokio::test]
async fn a_server_that_refuses_hello_is_greeted_in_the_older_protocol() {
    for program in servers() {
        let unknown = RedisServer::builder().program(&program).arg("--rename-command").arg("HELLO").arg("");
        let server = unknown.start();
        for cache in [lazy(server.url()), Cache::connect(server.url()).await.unwrap()] {
            assert_eq!(cache.scope(watched(1)).await, 1);
            assert_recovers(&cache).await;
            assert_eq!(cache.scope(watched(1)).await, 1);
            assert!(!cache.stats().local.unwrap().serving);
        }
    }
}

/// Twemproxy does, and whoever knows no better.
#[tokio::test]
async fn a_proxy_that_closes_the_connection_at_hello() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    proxy.close_at("HELLO");
    for cache in [lazy(proxy.url()), Cache::connect(proxy.url()).await.unwrap()] {
        assert_eq!(cache.scope(watched(1)).await, 1);
        assert_recovers(&cache).await;
        let before = proxy.accepted();
        proxy.close_connections();
        assert_recovers(&cache).await;
        // What was learned is kept: no further greeting in vain, which would make it two for each of at least two.
        assert!(proxy.accepted() - before <= 3, "{} connections", proxy.accepted() - before);
        tokio::time::sleep(DEADLINE).await;
        assert_eq!(cache.scope(watched(1)).await, 1);
    }
}

/// A server that is restarted, or a network that breaks, in the middle of a greeting looks like such a proxy, but only once.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_at_hello_does_not_turn_resp3_off() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cut_greeting = || proxy.cut_after(Direction::Requests, 20);
    cut_greeting();
    let cache = lazy(proxy.url());
    for _ in 0..3 {
        let serving = async || {
            assert_eq!(cache.scope(watched(1)).await, 1);
            cache.stats().local.is_some_and(|local| local.serving)
        };
        wait_until_async(serving).await;
        cut_greeting();
        proxy.reset_connections();
    }
}
