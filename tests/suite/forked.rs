//! A process that forks: its children begin anew, and do no harm to it.

use std::process::Command;

use redis_cached_test_support::RedisServer;

#[test]
fn a_forked_process_has_a_cache_of_its_own() {
    let server = RedisServer::start();
    let done =
        Command::new("timeout").args(["30", env!("CARGO_BIN_EXE_forker"), &server.url()]).output().unwrap();
    assert!(done.status.success(), "{} {}", done.status, String::from_utf8_lossy(&done.stderr));

    // State and nonce: no two processes' are alike, though both count on from where the fork was.
    let mark = |key: &str| -> Vec<u8> { server.query(&["GETRANGE", key, "0", "16"]) };
    let keys =
        ["blocking:100", "blocking:200", "blocking:300", "blocking:1000", "blocking:150", "blocking:250"];
    let marks: std::collections::HashSet<_> = keys.iter().map(|key| mark(key)).collect();
    assert_eq!(marks.len(), keys.len());
}
