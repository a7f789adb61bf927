//! Servers that answer, but not with what was asked for: read-only replicas, and servers that are still loading.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::ErrorKind;
use redis_cached_test_support::{RedisServer, servers};

use super::{assert_own_value, assert_recovers, get_user_entry, lazy, wait_until};
use crate::user;

#[tokio::test]
async fn a_server_that_became_a_replica_and_is_promoted_again() {
    for program in servers() {
        // A primary waits five seconds for further replicas, unless it is told not to.
        let at_once = RedisServer::builder().arg("--repl-diskless-sync-delay").arg("0");
        let primary = at_once.program(&program).start();
        let server = RedisServer::builder().program(&program).start();
        let cache = lazy(server.url());
        assert_recovers(&cache).await;

        server.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
        wait_until(|| server.info("master_link_status").as_deref() == Some("up")).await;
        for id in 1..5 {
            assert_own_value(&cache, id).await;
        }
        let error = cache.sync_scope(|| get_user_entry(1)).put(&user(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
        assert!(error.to_string().contains("READONLY"), "{error}");

        server.cli(&["REPLICAOF", "NO", "ONE"]);
        assert_recovers(&cache).await;
    }
}

#[tokio::test]
async fn a_server_that_is_loading_is_used_when_it_has_loaded() {
    // A pause for each key makes a load of a second out of a small file. The server answers once in two megabytes.
    let slow = ["--key-load-delay", "2500", "--rdbcompression", "no"];
    let server = slow.into_iter().fold(RedisServer::builder(), |builder, arg| builder.arg(arg)).start();
    let fill = "for i = 1, 400 do redis.call('SET', 'filler:' .. i, string.rep('x', 20000)) end";
    server.cli(&["EVAL", fill, "0"]);
    server.cli(&["SAVE"]);
    let server = Arc::new(server);
    server.kill();
    let cache = lazy(server.url());

    let restarting = std::thread::spawn({
        let server = Arc::clone(&server);
        move || server.restart()
    });
    let port = server.port();
    wait_until(|| ping(port).is_some_and(|answer| answer.starts_with("-LOADING"))).await;
    let entry = cache.sync_scope(|| get_user_entry(1));
    for id in 1..5 {
        assert_own_value(&cache, id).await;
    }
    assert!(entry.get().await.is_err(), "it had loaded before the test began");
    restarting.join().unwrap();
    assert_recovers(&cache).await;
}

fn ping(port: u16) -> Option<String> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    socket.write_all(b"PING\r\n").ok()?;
    let mut answer = [0; 64];
    let length = socket.read(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer[..length]).into_owned())
}
