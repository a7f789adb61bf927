//! A lease that is granted after its asker gave up, and after an invalidation: nobody may take it for a sign that the
//! asker's computation is as young as the lease.

use std::io::{Read, Write, copy};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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

#[redis_cached(ttl = 60, key = "before:<id>")]
async fn before(id: u64) -> u64 {
    id
}

/// Whether a lease is asked for: by `SET … NX GET`, or by the text of the script that stands for it on older servers.
fn acquires(request: &[u8]) -> bool {
    [&b"\r\nNX\r\n"[..], b"'NX'"].iter().any(|part| request.windows(part.len()).any(|window| window == *part))
}

/// A way to the server on which, once `slow` is set, one acquisition takes long. It is the last thing that its connection
/// carries: what the asker sends behind it, such as to give the lease back, is lost.
fn slow_to_acquire(server: &RedisServer, slow: &Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, server, slow) = (listener.local_addr().unwrap().port(), server.port(), Arc::clone(slow));
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            let (mut back, mut replies) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || copy(&mut replies, &mut back));
            let slow = Arc::clone(&slow);
            thread::spawn(move || {
                let mut buffer = [0; 65536];
                while let Ok(length @ 1..) = client.read(&mut buffer) {
                    let last = acquires(&buffer[..length]) && slow.swap(false, Ordering::SeqCst);
                    if last {
                        thread::sleep(Duration::from_millis(900));
                    }
                    server.write_all(&buffer[..length]).unwrap();
                    if last {
                        break;
                    }
                }
            });
        }
    });
    format!("redis://127.0.0.1:{port}")
}

#[tokio::test]
async fn a_late_lease_leads_nobody_to_an_old_computation() {
    let server = RedisServer::start();
    let slow = Arc::new(AtomicBool::new(false));
    let url = slow_to_acquire(&server, &slow);
    let cache =
        Cache::builder().url(url).deadline(Duration::from_millis(200)).lease_ttl(Duration::from_secs(1));
    let cache = cache.connect_lazy().unwrap();
    // So that the cache knows by which command this server gives a lease, and the late one is the one that is granted.
    // Older servers refuse the one that is tried second.
    for id in [1, 2] {
        cache.scope(before(id)).await;
        cache.flush().await.unwrap();
    }
    // A script is sent by its text again, which says what it is.
    server.cli(&["SCRIPT", "FLUSH"]);
    slow.store(true, Ordering::SeqCst);
    let first = {
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(slow_row(1)).await })
    };
    // It has given up on its lease by now, and computes.
    tokio::time::sleep(Duration::from_millis(400)).await;
    ROW.store(10, Ordering::SeqCst);
    assert_eq!(server.query::<usize>(&["UNLINK", "late:1"]), 0, "the lease is not late");
    // The lease arrives, behind the invalidation.
    let arrived = async {
        while server.query::<usize>(&["EXISTS", "late:1"]) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), arrived).await.expect("the lease never comes");
    assert!(!first.is_finished(), "there is nothing left to join");
    assert_eq!(cache.scope(slow_row(1)).await, 11);
    assert_eq!(first.await.unwrap(), 1);
}
