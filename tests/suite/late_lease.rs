//! A lease that is granted after its asker gave up, and after an invalidation: nobody may take it for a sign that the
//! asker's computation is as young as the lease.

use std::io::{Read, Write, copy};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;

static ROW: AtomicU64 = AtomicU64::new(0);

#[redis_cached(ttl = 60, key = "late:<id>")]
async fn slow_row(id: u64) -> u64 {
    let version = ROW.load(Ordering::SeqCst) + id;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    version
}

/// A way to the server on which acquisitions take long.
fn slow_to_acquire(server: &RedisServer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, server) = (listener.local_addr().unwrap().port(), server.port());
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            let (mut back, mut replies) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || copy(&mut replies, &mut back));
            thread::spawn(move || {
                let mut buffer = [0; 65536];
                while let Ok(length @ 1..) = client.read(&mut buffer) {
                    if buffer[..length].windows(4).any(|window| window == b"NX\r\n") {
                        thread::sleep(Duration::from_millis(600));
                    }
                    server.write_all(&buffer[..length]).unwrap();
                }
            });
        }
    });
    format!("redis://127.0.0.1:{port}")
}

#[tokio::test]
async fn a_late_lease_leads_nobody_to_an_old_computation() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(slow_to_acquire(&server)).deadline(Duration::from_millis(200));
    let cache = cache.connect_lazy().unwrap();
    let first = {
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(slow_row(1)).await })
    };
    // It has given up on its lease by now, and computes.
    tokio::time::sleep(Duration::from_millis(400)).await;
    ROW.store(10, Ordering::SeqCst);
    server.cli(&["UNLINK", "late:1"]);
    // The lease arrives, behind the invalidation.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(cache.scope(slow_row(1)).await, 11);
    assert_eq!(first.await.unwrap(), 1);
}
