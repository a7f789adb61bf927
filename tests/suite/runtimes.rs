//! Runtimes that lack something: no panic is provoked to find out what, and nobody waits for what they do not do.

use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use tokio::runtime::Builder;

#[test]
fn nothing_panics_on_a_runtime_without_timers_or_io() {
    let server = RedisServer::start();
    let program = env!("CARGO_BIN_EXE_runtimes");
    let done = Command::new("timeout").args(["30", program, &server.url()]).output().unwrap();
    assert!(done.status.success(), "{} {}", done.status, String::from_utf8_lossy(&done.stderr));
}

#[redis_cached(ttl = 60, key = "undriven:<id>")]
async fn undriven(id: u64) -> u64 {
    id
}

/// What was sent is not answered, and the runtime's own timers do not fire.
#[test]
fn a_call_on_a_runtime_that_nobody_drives_has_its_deadline() {
    let server = RedisServer::start();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let cache = runtime.block_on(Cache::connect(&server.url())).unwrap();
    assert_eq!(runtime.block_on(cache.scope(undriven(1))), 1);

    let (began, handle) = (Instant::now(), runtime.handle().clone());
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(handle.block_on(cache.scope(undriven(1)))));
    assert_eq!(is_done.recv_timeout(Duration::from_secs(20)), Ok(1));
    assert!(began.elapsed() >= Duration::from_millis(200), "it was driven");
}
