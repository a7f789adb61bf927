//! A program that runs on while its server, its network and its certificates do not.

use std::time::{Duration, Instant, SystemTime};

use redis_cached::{Cache, ErrorKind};
use redis_cached_test_support::{Authority, Direction, Given, Identity, Proxy};

use super::{get_user, get_user_entry, serve, trusting};
use crate::faults::wait_until_async;
use crate::log_recorder::{is_alone, record, warnings};
use crate::user;

const DEADLINE: Duration = Duration::from_millis(100);

fn lazy(authority: &Authority, url: impl Into<String>) -> Cache {
    trusting(authority, url).deadline(DEADLINE).connect_lazy().unwrap()
}

/// A call has its value, whatever goes on beneath, and soon.
async fn assert_own_value(cache: &Cache, id: u64) {
    let began = Given::now();
    assert_eq!(cache.scope(get_user(id)).await, user(id));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

async fn works(cache: &Cache) -> bool {
    let entry = cache.sync_scope(|| get_user_entry(1_000));
    entry.put(&user(1_000)).await.is_ok() && entry.get().await.is_ok_and(|found| found == Some(user(1_000)))
}

async fn until_it_works(cache: &Cache) {
    wait_until_async(async || works(cache).await).await;
}

async fn until_it_fails_with(cache: &Cache, kind: ErrorKind, part: &str) {
    let entry = cache.sync_scope(|| get_user_entry(1_000));
    wait_until_async(async || match entry.get().await {
        Ok(_) => false,
        Err(error) => error.kind() == kind && error.to_string().contains(part),
    })
    .await;
}

fn expires_in(authority: &Authority, left: Duration) -> Identity {
    let now = SystemTime::now();
    authority.issue_within(&["127.0.0.1"], now - Duration::from_secs(60), now + left)
}

#[tokio::test]
async fn a_server_that_is_killed_is_used_again_when_it_is_back() {
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let cache = lazy(&authority, server.tls_url());
    for round in 0..3 {
        until_it_works(&cache).await;
        server.kill();
        assert_own_value(&cache, round).await;
        until_it_fails_with(&cache, ErrorKind::Connection, "").await;
        server.restart();
    }
    until_it_works(&cache).await;
}

#[tokio::test]
async fn a_frozen_server_is_given_up_and_used_again() {
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let cache = lazy(&authority, server.tls_url());
    until_it_works(&cache).await;
    server.pause();
    for id in 1..8 {
        assert_own_value(&cache, id).await;
    }
    server.resume();
    until_it_works(&cache).await;
}

/// Wherever it is cut, within the handshake, the greeting or a record.
#[tokio::test]
async fn a_connection_that_is_cut_anywhere_is_replaced() {
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let proxy = Proxy::start_tls(&server);
    let cache = lazy(&authority, proxy.url());
    for direction in [Direction::Replies, Direction::Requests] {
        for bytes in [0, 1, 5, 100, 250, 700, 1_200, 2_000, 2_500] {
            until_it_works(&cache).await;
            proxy.reset_connections();
            proxy.cut_after(direction, bytes);
            for id in 1..4 {
                assert_own_value(&cache, id).await;
            }
        }
    }
    proxy.heal();
    until_it_works(&cache).await;
}

/// A handshake takes two turns more than a plain connection, each of which may be swallowed.
#[tokio::test]
async fn a_handshake_that_is_not_answered_keeps_no_call_waiting() {
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let proxy = Proxy::start_tls(&server);
    proxy.black_hole(true);
    let cache = lazy(&authority, proxy.url());
    for id in 1..8 {
        assert_own_value(&cache, id).await;
    }
    until_it_fails_with(&cache, ErrorKind::Timeout, "TLS handshake").await;
    proxy.heal();
    until_it_works(&cache).await;
}

/// A connection outlives the certificate it began with. The next one does not begin.
#[tokio::test]
async fn a_certificate_that_expires_meanwhile_is_an_error_until_it_is_renewed() {
    let authority = Authority::new();
    let left = Duration::from_secs(3);
    let short = expires_in(&authority, left);
    let server = serve(&short);
    let proxy = Proxy::start_tls(&server);
    let cache = lazy(&authority, proxy.url());
    until_it_works(&cache).await;
    tokio::time::sleep(left + Duration::from_secs(1)).await;
    assert!(works(&cache).await, "nobody has ended the connection");
    proxy.close_connections();
    until_it_fails_with(&cache, ErrorKind::Tls, "certificate expired").await;
    assert_own_value(&cache, 1).await;
    server.restart_with(&authority.issue());
    until_it_works(&cache).await;
}

/// One line, however often it is tried again, and that is not often: after 20, 40, … ms, and then every 5 s.
#[tokio::test]
async fn a_refused_certificate_is_logged_once_and_tried_again_rarely() {
    if !is_alone("tls::life::a_refused_certificate_is_logged_once_and_tried_again_rarely") {
        return;
    }
    record();
    let server = serve(&Authority::new().issue());
    let proxy = Proxy::start_tls(&server);
    let cache = lazy(&Authority::new(), proxy.url());
    let until = Instant::now() + Duration::from_secs(3);
    let mut id = 0;
    while Instant::now() < until {
        id += 1;
        assert_own_value(&cache, id).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until_it_fails_with(&cache, ErrorKind::Tls, "a CA that is not trusted").await;
    // Nine take 5 s.
    assert!((2..10).contains(&proxy.accepted()), "{} attempts", proxy.accepted());
    assert_eq!(warnings("the cache is off until it is back").len(), 1, "{:?}", warnings(""));
}
