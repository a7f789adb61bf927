//! Runtimes that lack something: no panic is provoked to find out what.

use std::process::Command;

use redis_cached_test_support::RedisServer;

#[test]
fn nothing_panics_on_a_runtime_without_timers_or_io() {
    let server = RedisServer::start();
    let program = env!("CARGO_BIN_EXE_runtimes");
    let done = Command::new("timeout").args(["30", program, &server.url()]).output().unwrap();
    assert!(done.status.success(), "{} {}", done.status, String::from_utf8_lossy(&done.stderr));
}
