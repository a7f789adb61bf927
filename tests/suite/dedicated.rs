//! The dedicated connections of blocking callers: who is asked over them, what is sent, and what becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis_cached::{Cache, Credentials, redis_cached};
use redis_cached_test_support::{Authority, Command, Proxy, RedisServer, servers};

use crate::{User, user};

#[redis_cached(ttl = 600, key = "user:<id>")]
fn get_user(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 600, key = "later:<id>")]
async fn get_user_later(id: u64) -> User {
    user(id)
}

fn patient(url: impl Into<String>) -> Cache {
    Cache::builder().url(url).deadline(Duration::from_secs(20)).connect_lazy().unwrap()
}

fn computes(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.computes).sum()
}

fn errors(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.store_errors).sum()
}

/// The clients that sent each `GET`, and that sent each other command, while `during`.
fn clients(server: &RedisServer, during: impl FnOnce()) -> (Vec<String>, Vec<String>) {
    let monitor = server.monitor();
    during();
    let sent = monitor.commands().into_iter().filter(|command| !command.in_script());
    let (reads, others): (Vec<_>, Vec<_>) = sent.partition(|command| command.name() == "GET");
    let of = |commands: Vec<Command>| commands.iter().map(|command| command.client().to_owned()).collect();
    (of(reads), of(others))
}

/// Hits until one is over a dedicated connection. Gives its client, and that of the shared connection.
fn dedicated(server: &RedisServer, cache: &Cache) -> (String, String) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        assert!(Instant::now() < until, "all is asked over the shared connection");
        let (reads, others) = clients(server, || {
            // Of a key that no other call is about. It may fail where the test has done something to the server.
            let _ = cache.sync_scope(|| get_user_entry(0).blocking().put(&user(0)));
            for _ in 0..100 {
                assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
            }
        });
        if let (Some(read), Some(shared)) = (reads.last(), others.last())
            && read != shared
        {
            return (read.clone(), shared.clone());
        }
    }
}

/// What is true in the end, on a busy machine too.
fn in_the_end(mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < until, "it does not come about");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_hit_is_one_get_on_a_connection_of_the_caller_s() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let cache = patient(server.url());
        dedicated(&server, &cache);
        let monitor = server.monitor();
        for _ in 0..10 {
            assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
        }
        assert_eq!(monitor.commands(), ["GET user:1"; 10]);
        // Of a key that holds something else, and of one that is not there.
        server.cli(&["RPUSH", "user:2", "a list"]);
        for id in [2, 3] {
            assert_eq!(cache.sync_scope(|| get_user(id)), user(id));
        }
        assert_eq!(errors(&cache), 0, "{}", cache.stats());
    }
}

#[test]
fn there_are_no_more_than_two() {
    let server = RedisServer::start();
    let cache = patient(server.url());
    dedicated(&server, &cache);
    let computed = computes(&cache);
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let cache = &cache;
            scope.spawn(move || {
                for id in 0..500 {
                    let id = 100 + (thread * 31 + id) % 40;
                    assert_eq!(cache.sync_scope(|| get_user(id)), user(id));
                }
            });
        }
    });
    assert_eq!((computes(&cache) - computed, errors(&cache)), (40, 0), "{}", cache.stats());
    // Beside the one that asks.
    in_the_end(|| server.query::<String>(&["CLIENT", "LIST"]).lines().count() <= 1 + 2 + 1);
}

/// Also if both ask over the shared one at first, where each finds the other.
#[test]
fn two_threads_have_one_each() {
    let server = RedisServer::start();
    let cache = patient(server.url());
    let (_, others) = clients(&server, || assert_eq!(cache.sync_scope(|| get_user(1)), user(1)));
    let (is_over, until) = (AtomicBool::new(false), Instant::now() + Duration::from_secs(60));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) && Instant::now() < until {
                    assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
                }
            });
        }
        in_the_end(|| {
            let (mut reads, _) = clients(&server, || std::thread::sleep(Duration::from_millis(50)));
            reads.retain(|client| *client != others[0]);
            reads.sort();
            reads.dedup();
            is_over.store(reads.len() == 2, Ordering::Relaxed);
            reads.len() == 2
        });
    });
}

#[test]
fn they_log_in_as_the_shared_one_does() {
    let server = RedisServer::start();
    server.cli(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all"]);
    for options in ["", "/2", "?protocol=resp2"] {
        let url = format!("redis://app:secret@127.0.0.1:{}{options}", server.port());
        dedicated(&server, &patient(url));
    }
    let server = RedisServer::builder().password("secret").start();
    dedicated(&server, &patient(server.url()));
}

#[test]
fn they_are_made_with_the_credentials_of_now() {
    let server = RedisServer::start();
    server.cli(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all"]);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provide = move || {
        count.fetch_add(1, Ordering::SeqCst);
        async {
            let token = Credentials::new("secret").user("app");
            Ok::<_, std::io::Error>(token.valid_for(Duration::from_secs(2)))
        }
    };
    let url = format!("redis://127.0.0.1:{}", server.port());
    let cache = Cache::builder().url(url).deadline(Duration::from_secs(20)).credentials(provide);
    let cache = cache.connect_lazy().unwrap();
    let (first, shared) = dedicated(&server, &cache);
    // What it has logged in with will be over, and it is not used for longer.
    in_the_end(|| dedicated(&server, &cache).0 != first);
    assert_eq!(dedicated(&server, &cache).1, shared, "which logs in again");
    assert!(asked.load(Ordering::SeqCst) >= 3);
    assert_eq!(errors(&cache), 0, "{}", cache.stats());
}

/// A server whose user may not ask which it is, and one with TLS.
#[test]
fn some_servers_are_asked_over_the_shared_one_only() {
    let (authority, server) = (Authority::new(), RedisServer::start());
    let with_tls = RedisServer::builder().tls(&authority.issue()).start();
    server.cli(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-info"]);
    let as_app = Cache::builder().url(format!("redis://app:secret@127.0.0.1:{}", server.port()));
    let over_tls = Cache::builder().url(with_tls.tls_url()).tls_ca(authority.pem());
    for (server, cache) in [(&server, as_app), (&with_tls, over_tls)] {
        let cache = cache.deadline(Duration::from_secs(20)).connect_lazy().unwrap();
        let (reads, others) = clients(server, || {
            for _ in 0..1000 {
                assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
            }
        });
        assert!(reads.iter().all(|client| *client == others[0]), "{reads:?} {others:?}");
    }
}

#[test]
fn one_that_the_server_closes_costs_no_hit() {
    let server = RedisServer::start();
    let cache = patient(server.url());
    for _ in 0..2 {
        let (own, _) = dedicated(&server, &cache);
        let computed = computes(&cache);
        server.query::<usize>(&["CLIENT", "KILL", "ADDR", &own]);
        assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
        assert_eq!((computes(&cache), errors(&cache)), (computed, 0), "{}", cache.stats());
    }
}

#[test]
fn after_a_restart_there_are_others() {
    let server = RedisServer::start();
    let cache = patient(server.url());
    for _ in 0..2 {
        dedicated(&server, &cache);
        server.restart();
        assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
    }
    dedicated(&server, &cache);
}

/// What times out there counts for the shared connection: it is given up, and calls wait for nothing.
#[test]
fn a_frozen_server_costs_a_lone_caller_a_few_deadlines_and_no_more() {
    let deadline = Duration::from_millis(400);
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).deadline(deadline).connect_lazy().unwrap();
    dedicated(&server, &cache);
    server.pause();
    in_the_end(|| {
        let began = Instant::now();
        assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
        began.elapsed() < deadline / 2
    });
    server.resume();
    dedicated(&server, &cache);
}

/// The name leads to another server, and the shared connection is replaced: nobody is asked who was the server.
#[test]
fn they_end_with_the_shared_one() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let proxy = Proxy::start(&old);
    let cache = patient(proxy.url());
    let (_, shared) = dedicated(&old, &cache);
    patient(new.url()).sync_scope(|| get_user_entry(1).blocking().put(&user(100)).unwrap());
    proxy.lead_to(&new);
    old.query::<usize>(&["CLIENT", "KILL", "ADDR", &shared]);
    in_the_end(|| cache.sync_scope(|| get_user(1)) == user(100));
    for _ in 0..1000 {
        assert_eq!(cache.sync_scope(|| get_user(1)), user(100));
    }
}

/// The address leads to another server meanwhile, as that of a load balancer does, and the shared connection stays where it is.
#[test]
fn they_lead_to_the_server_of_the_shared_one() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let proxy = Proxy::start(&old);
    let cache = patient(proxy.url());
    let (own, _) = dedicated(&old, &cache);
    proxy.lead_to(&new);
    let (accepted, monitor) = (proxy.accepted(), new.monitor());
    old.query::<usize>(&["CLIENT", "KILL", "ADDR", &own]);
    in_the_end(|| {
        assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
        // One was made.
        proxy.accepted() > accepted
    });
    for _ in 0..1000 {
        assert_eq!(cache.sync_scope(|| get_user(1)), user(1));
    }
    assert!(monitor.commands().is_empty(), "{:?}", monitor.commands());
}

#[test]
fn what_was_acknowledged_before_a_call_is_seen_by_it() {
    let server = RedisServer::start();
    let [cache, others] = [(); 2].map(|()| patient(server.url()));
    dedicated(&server, &cache);
    let entry = cache.sync_scope(|| get_user_entry(2)).blocking();
    let of_others = others.sync_scope(|| get_user_entry(2)).blocking();
    for id in 0..300 {
        entry.put(&user(id)).unwrap();
        assert_eq!(cache.sync_scope(|| get_user(2)), user(id), "this process's own store");
        of_others.invalidate().unwrap();
        assert_eq!(entry.get().unwrap(), None, "another process's invalidation");
        assert_eq!(cache.sync_scope(|| get_user(2)), user(2));
        assert_eq!(entry.get().unwrap(), Some(user(2)), "what the call has stored");
    }
    dedicated(&server, &cache);
}

/// An async call without a runtime of its own stores over the connection that blocking callers share, and does not wait for the answer.
#[test]
fn what_is_on_its_way_is_seen_as_well() {
    let server = RedisServer::start();
    let cache = patient(server.url());
    dedicated(&server, &cache);
    let bare = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for id in 0..300 {
        assert_eq!(bare.block_on(cache.scope(get_user_later(id))), user(id));
        assert_eq!(cache.sync_scope(|| get_user_later_entry(id)).blocking().get().unwrap(), Some(user(id)));
    }
}
