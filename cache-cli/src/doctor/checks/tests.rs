use std::collections::HashMap;

use super::*;
use crate::doctor::facts::{EntrySample, KeySample};
use crate::doctor::finding::Severity;
use crate::doctor::rights::{ASKED, Right, Verdict};

fn texts(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A server at which nothing is wrong.
fn sound() -> ServerFacts {
    ServerFacts {
        address: "127.0.0.1:7001".to_owned(),
        info: texts(&[
            ("redis_version", "7.0.15"),
            ("role", "master"),
            ("used_memory", "1048576"),
            ("maxmemory", "104857600"),
            ("maxmemory_policy", "allkeys-lru"),
            ("aof_enabled", "0"),
            ("rdb_last_bgsave_status", "ok"),
            ("connected_clients", "10"),
        ]),
        config: texts(&[
            ("save", ""),
            ("maxclients", "10000"),
            ("proto-max-bulk-len", "536870912"),
            ("tracking-table-max-keys", "1000000"),
            ("stop-writes-on-bgsave-error", "yes"),
        ]),
        protocol: 3,
        rights: ASKED.iter().map(|(right, _)| (*right, Verdict::Taken)).collect(),
        round_trips: vec![Duration::from_micros(200); 100],
    }
}

fn facts(server: ServerFacts) -> Facts {
    Facts {
        topology: Topology::Single,
        is_encrypted: false,
        cache_prefix: String::new(),
        servers: vec![server],
        cluster: HashMap::new(),
        keys: None,
    }
}

fn found(server: ServerFacts) -> Vec<(Severity, &'static str)> {
    all(&facts(server)).iter().map(|finding| (finding.severity, finding.id)).collect()
}

/// The sound server with these fields of `INFO` and of the configuration.
fn with(info: &[(&str, &str)], config: &[(&str, &str)]) -> Vec<(Severity, &'static str)> {
    let mut server = sound();
    server.info.extend(texts(info));
    server.config.extend(texts(config));
    found(server)
}

fn without(rights: &[Right]) -> Vec<(Severity, &'static str)> {
    let mut server = sound();
    server.rights.extend(rights.iter().map(|right| (*right, Verdict::Refused)));
    found(server)
}

#[test]
fn nothing_is_found_at_a_sound_server() {
    assert_eq!(found(sound()), []);
}

#[test]
fn each_planted_fault_is_named() {
    for (info, config, expected) in [
        (&[("redis_version", "6.0.16")][..], &[][..], (Warning, "old-version")),
        (&[("loading", "1")], &[], (Problem, "loading")),
        (&[("role", "slave")], &[], (Problem, "replica")),
        (&[("maxmemory", "0")], &[], (Warning, "no-memory-limit")),
        (&[("maxmemory_policy", "noeviction")], &[], (Problem, "no-eviction")),
        (&[("maxmemory_policy", "allkeys-random")], &[], (Warning, "evicts-blindly")),
        (&[("maxmemory_policy", "volatile-ttl")], &[], (Warning, "evicts-blindly")),
        (&[("maxmemory_policy", "volatile-lru")], &[], (Note, "evicts-volatile")),
        (&[("evicted_keys", "5000"), ("expired_keys", "10")], &[], (Warning, "evicts-much")),
        (
            &[("mem_fragmentation_ratio", "2.5"), ("used_memory", "104857601"), ("maxmemory", "1048576000")],
            &[],
            (Warning, "fragmented"),
        ),
        (&[], &[("save", "3600 1")], (Warning, "snapshots")),
        (&[("aof_enabled", "1")], &[("appendfsync", "everysec")], (Note, "append-only")),
        (&[("aof_enabled", "1")], &[("appendfsync", "always")], (Warning, "fsync-always")),
        (&[("rdb_last_bgsave_status", "err")], &[], (Problem, "writes-stopped")),
        (&[("latest_fork_usec", "250000")], &[], (Warning, "slow-fork")),
        (&[("connected_clients", "9500")], &[], (Warning, "many-clients")),
        (&[], &[("proto-max-bulk-len", "1048576")], (Warning, "small-values")),
        (&[], &[("tracking-table-max-keys", "1000")], (Warning, "few-tracked-keys")),
        (&[("tracking_total_keys", "990000")], &[], (Warning, "few-tracked-keys")),
    ] {
        assert_eq!(with(info, config), [expected], "{info:?} {config:?}");
    }
    let mut refusing = sound();
    refusing
        .rights
        .insert(Right::Set, Verdict::Failed("cannot SET: NOREPLICAS Not enough good replicas".to_owned()));
    assert_eq!(found(refusing), [(Problem, "writes-refused")]);
    let is_full = with(&[("maxmemory_policy", "noeviction"), ("used_memory", "104857600")], &[]);
    assert_eq!(is_full, [(Problem, "no-eviction"), (Problem, "full")]);
}

#[test]
fn what_is_not_known_is_not_found() {
    let unknown = ServerFacts { info: HashMap::new(), config: HashMap::new(), ..sound() };
    assert_eq!(found(unknown), []);
}

#[test]
fn a_slow_server_is_found_by_its_round_trips() {
    let slow = |median, worst| {
        let mut round_trips = vec![Duration::from_millis(median); 99];
        round_trips.push(Duration::from_millis(worst));
        found(ServerFacts { round_trips, ..sound() })
    };
    assert_eq!(slow(1, 20), []);
    assert_eq!(slow(30, 60), [(Warning, "slow")]);
    assert_eq!(slow(1, 300), [(Note, "uneven")]);
}

#[test]
fn missing_rights_weigh_as_much_as_what_follows_from_them() {
    use Right::{Del, Eval, EvalSha, GetRange, Mget, Pttl, Set, SetIfEqual, Tracking, Unlink};
    assert_eq!(without(&[SetIfEqual, Del]), [], "what only some servers have, and what only others need");
    assert_eq!(without(&[Mget]), [(Note, "no-right")]);
    assert_eq!(without(&[Set]), [(Problem, "no-right")]);
    assert_eq!(without(&[Pttl]), [(Warning, "no-right")]);
    assert_eq!(without(&[Tracking]), [(Warning, "no-right")]);
    assert_eq!(without(&[EvalSha]), [(Note, "no-right")]);
    assert_eq!(without(&[Eval]), [(Note, "no-scripts")]);
    assert_eq!(without(&[Eval, SetIfEqual]), [(Problem, "no-scripts")]);
    assert_eq!(without(&[GetRange, SetIfEqual]), [(Problem, "no-right")]);
    assert_eq!(without(&[Unlink]), [(Note, "no-right")]);
    assert_eq!(without(&[Unlink, Del]), [(Problem, "no-right")]);
    let mut server = sound();
    server.rights.insert(Right::Get, Verdict::KeyForbidden);
    assert_eq!(found(server), [(Problem, "keys-forbidden")]);
    assert_eq!(found(ServerFacts { protocol: 2, ..sound() }), [(Warning, "resp2")]);
}

#[test]
fn a_cluster_whose_nodes_are_away_is_found() {
    let of = |well: &str| {
        let cluster = texts(&[("cluster_state", "ok"), ("cluster_slots_ok", well)]);
        let facts = Facts { topology: Topology::Cluster, cluster, ..facts(sound()) };
        all(&facts).iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    assert_eq!(of("16384"), [""; 0]);
    assert_eq!(of("9000"), ["nodes-away"]);
}

#[test]
fn the_same_of_several_servers_is_said_once() {
    let mut one = sound();
    one.info.extend(texts(&[("maxmemory", "0")]));
    let mut other = sound();
    other.info.extend(texts(&[("maxmemory", "0"), ("role", "slave")]));
    other.address = "127.0.0.1:7002".to_owned();
    let findings = all(&Facts { servers: vec![one, other], ..facts(sound()) });
    assert_eq!(findings.iter().map(|finding| finding.id).collect::<Vec<_>>(), ["replica", "no-memory-limit"]);
    assert_eq!(findings[1].servers, ["127.0.0.1:7001", "127.0.0.1:7002"]);
}

#[test]
fn encryption_matters_beyond_this_machine() {
    let of = |address: &str| found(ServerFacts { address: address.to_owned(), ..sound() });
    assert_eq!(of("cache.example.com:6379"), [(Note, "not-encrypted")]);
    assert_eq!([of("/run/redis.sock"), of("localhost:6379"), of("[::1]:6379")], [vec![], vec![], vec![]]);
}

#[test]
fn entries_that_are_sealed_are_told_from_others() {
    let of = |unsealed: u64, sealed: &[([u8; 4], u64)]| {
        let entries = EntrySample { unsealed, sealed: sealed.iter().copied().collect() };
        let keys = Some(KeySample { entries, ..KeySample::default() });
        all(&Facts { keys, ..facts(sound()) }).iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    let (one, other) = (([0x11, 0x50, 0x7a, 0x0e], 3), ([0xcb, 0xa0, 0x6b, 0x57], 1));
    assert_eq!([of(5, &[]), of(0, &[one])], [[""; 0]; 2]);
    assert_eq!(of(0, &[one, other]), ["several-keys"]);
    assert_eq!(of(5, &[one, other]), ["partly-sealed", "several-keys"]);
}
