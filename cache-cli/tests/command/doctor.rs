//! What of a server does not suit a cache.

use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use redis_cached::{Cache, Keyring};
use redis_cached_test::{Authority, Proxy, RedisCluster, RedisSentinels, RedisServer};

use crate::{Ran, run, sound_server};

/// The findings' names.
fn ids(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

fn found(url: &str) -> Vec<String> {
    ids(&run(["doctor", url, "--json"]))
}

#[test]
fn nothing_is_wrong_with_a_sound_server_and_nothing_is_written() {
    let server = sound_server();
    let ran = run(["doctor", &server.url()]);
    ran.expect(0, &["a round trip", "allkeys-lru", "nothing is wrong"]);
    assert_eq!(server.query::<u64>(&["DBSIZE"]), 0);
    run(["doctor", &server.url(), "--json"]).expect(0, &["\"findings\": []"]);
}

#[test]
fn what_is_configured_against_a_cache_is_named() {
    let server = RedisServer::start();
    let ran = run(["doctor", &server.url()]);
    ran.expect(1, &["warning: maxmemory is 0", "-> CONFIG SET maxmemory", "1 warning"]);
    for (name, value, id, code) in [
        ("maxmemory", "100mb", "no-eviction", 2),
        ("maxmemory-policy", "allkeys-random", "evicts-blindly", 1),
        ("save", "3600 1", "snapshots", 1),
        ("proto-max-bulk-len", "2mb", "small-values", 1),
        ("tracking-table-max-keys", "100", "few-tracked-keys", 1),
    ] {
        server.cli(&["CONFIG", "SET", name, value]);
        let ran = run(["doctor", &server.url(), "--json"]);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ids(&ran).iter().any(|found| found == id), "no {id}: {ran:?}");
    }
}

#[test]
fn a_full_server_is_full_and_not_forbidden() {
    let server = RedisServer::start();
    server.cli(&["SET", "large", &"x".repeat(100_000)]);
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(found(&server.url()), ["no-eviction", "full"]);
    let server = sound_server();
    server.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    let ran = run(["doctor", &server.url()]);
    ran.expect(2, &["the server refuses to write", "NOREPLICAS", "1 problem, 0 warnings"]);
}

#[test]
fn a_user_without_rights_is_told_which() {
    let server = sound_server();
    let rights = "-@all +ping +info +hello +get +set +unlink +pttl +getrange +client|tracking";
    let words: Vec<&str> = ["ACL", "SETUSER", "poor", "on", ">secret", "~app:*", "resetchannels"]
        .into_iter()
        .chain(rights.split(' '))
        .collect();
    server.cli(&words);
    let url = server.url().replace("redis://", "redis://poor:secret@");
    let ran = run(["doctor", &url, "--cache-prefix", "app:", "--json"]);
    assert!(ids(&ran).contains(&"no-scripts".to_owned()), "{ran:?}");
    let text = run(["doctor", &url, "--cache-prefix", "app:"]);
    text.expect(
        ran.code,
        &["does not take EVAL from this user", "ACL SETUSER … +mget", "does not take PEXPIRE"],
    );
    run(["doctor", &url]).expect(2, &["may not use keys that begin with \"\"", "--cache-prefix"]);
}

#[test]
fn a_replica_is_named() {
    let (primary, replica) = (sound_server(), sound_server());
    replica.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    let ran = run(["doctor", &replica.url()]);
    ran.expect(2, &["the server is a replica", "redis+sentinel://"]);
}

#[test]
fn a_slow_server_is_named() {
    let server = sound_server();
    let proxy = Proxy::start(&server);
    proxy.delay_replies(Duration::from_millis(40));
    assert!(found(proxy.url()).contains(&"slow".to_owned()));
}

#[test]
fn resp2_is_named() {
    let server = sound_server();
    assert_eq!(found(&format!("{}?protocol=resp2", server.url())), ["resp2"]);
}

#[test]
fn a_cluster_is_asked_at_each_node() {
    let cluster = RedisCluster::start();
    for node in cluster.primaries_now() {
        node.cli(&["CONFIG", "SET", "maxmemory", "200mb"]);
        node.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    }
    assert_eq!(found(&cluster.url()), [""; 0]);
    let first = cluster.primary(0);
    run(["doctor", &first.url()]).expect(2, &["it is in cluster mode", "redis+cluster://"]);
    first.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    let ran = run(["doctor", &cluster.url()]);
    ran.expect(2, &["maxmemory-policy is noeviction", &format!("  at 127.0.0.1:{}\n", first.port())]);
}

#[test]
fn a_cluster_with_a_hole_is_named() {
    let cluster = RedisCluster::start();
    cluster.primary(1).cli(&["CLUSTER", "DELSLOTS", "6000"]);
    let url = format!("redis+cluster://127.0.0.1:{}", cluster.primary(1).port());
    let ran = run(["doctor", &url, "--json"]);
    assert_eq!((ran.code, ids(&ran).first().map(String::as_str)), (2, Some("slots-not-served")), "{ran:?}");
    run(["doctor", &url]).expect(2, &["1 of its 16384 slots have no owner", "--cluster fix"]);
}

#[test]
fn what_a_server_writes_to_its_disk_is_named() {
    let server = sound_server();
    server.cli(&["CONFIG", "SET", "appendonly", "yes"]);
    assert_eq!(found(&server.url()), ["append-only"]);
    server.cli(&["CONFIG", "SET", "appendfsync", "always"]);
    assert_eq!(found(&server.url()), ["fsync-always"]);
}

#[test]
fn many_evictions_and_many_clients_are_named() {
    let server = sound_server();
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "volatile-lru"]);
    assert_eq!(found(&server.url()), ["evicts-volatile"]);
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    server.cli(&["CONFIG", "SET", "maxmemory", "3mb"]);
    let fill = "for i = 1, 6000 do redis.call('SET', 'filler:' .. i, string.rep('x', 1000)) end";
    server.cli(&["EVAL", fill, "0"]);
    server.cli(&["EVAL", fill, "0"]);
    assert_eq!(found(&server.url()), ["evicts-much"]);
    let server = sound_server();
    server.cli(&["CONFIG", "SET", "maxclients", "60"]);
    let clients: Vec<TcpStream> =
        (0..54).map(|_| TcpStream::connect(("127.0.0.1", server.port())).unwrap()).collect();
    assert_eq!(found(&server.url()), ["many-clients"]);
    drop(clients);
}

#[test]
fn sentinels_lead_to_the_primary() {
    let sentinels = RedisSentinels::shared();
    let ran = run(["doctor", &sentinels.url(), "--json"]);
    assert_eq!(ran.json()["topology"], "sentinel");
    assert_eq!(ids(&ran), ["no-memory-limit"]);
}

#[test]
fn tls_is_spoken_and_its_errors_are_explained() {
    let authority = Authority::new();
    let file = std::env::temp_dir().join(format!("redis-cached-cli-{}.pem", std::process::id()));
    std::fs::write(&file, authority.pem()).unwrap();
    let server = RedisServer::builder().tls(&authority.issue()).start();
    let url = server.tls_url();
    run(["doctor", &url]).expect(2, &["not trusted", "--tls-ca"]);
    let trusting = ["doctor", &url, "--tls-ca", file.to_str().unwrap()];
    run(trusting).expect(1, &["maxmemory is 0"]);
    let hour = Duration::from_secs(3600);
    let expired =
        authority.issue_within(&["127.0.0.1"], SystemTime::now() - 2 * hour, SystemTime::now() - hour);
    server.restart_with(&expired);
    run(trusting).expect(2, &["expired"]);
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn entries_are_counted_by_the_key_that_they_are_sealed_under() {
    let server = sound_server();
    let hour = Duration::from_secs(3600);
    let with = async |keyring| Cache::builder().url(server.url()).seal(keyring).connect().await.unwrap();
    let old = with(Keyring::new().key("old", [2; 32])).await;
    let new = with(Keyring::new().key("new", [1; 32]).and("old", [2; 32])).await;
    for key in ["a", "b", "c"] {
        new.entry::<String>(key).tags(["t"]).ttl(hour).put(&"secret".to_owned()).await.unwrap();
    }
    let ran = run(["doctor", &server.url()]);
    ran.expect(0, &["3 entries were looked at: 3 sealed under 11507a0e\n", "nothing is wrong"]);

    old.entry::<u8>("d").ttl(hour).put(&1).await.unwrap();
    let ran = run(["doctor", &server.url()]);
    ran.expect(0, &["3 sealed under 11507a0e, 1 sealed under cba06b57", "1 under cba06b57"]);
    assert_eq!(found(&server.url()), ["several-keys"]);

    // In a bucket of its version: an entry all the same.
    let plain = Cache::builder().url(server.url()).separate_versions().connect().await.unwrap();
    plain.entry::<u8>("e").ttl(hour).put(&1).await.unwrap();
    server.cli(&["SET", "foreign", "no entry"]);
    let ran = run(["doctor", &server.url(), "--json"]);
    assert_eq!((ran.code, ids(&ran)), (1, vec!["partly-sealed".to_owned(), "several-keys".to_owned()]));
    let entries = &ran.json()["keys"]["entries"];
    let under = serde_json::json!({ "11507a0e": 3, "cba06b57": 1 });
    assert_eq!(*entries, serde_json::json!({ "looked_at": 5, "unsealed": 1, "sealed_under": under }));
    assert_eq!(ran.json()["keys"]["own"], 1, "the tag's");
}
