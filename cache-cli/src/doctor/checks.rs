//! What the facts mean. Each check is a function of one server's facts, or of all; nothing is asked here.

mod missing;
mod sealed;

use std::time::Duration;

use redis_cached::Error;

use super::facts::{Facts, ServerFacts, Topology};
use super::finding::Severity::{Note, Problem, Warning};
use super::finding::{Finding, merged};
use crate::units::{bytes, count, counted, percent, time};
use missing::rights;
use sealed::{partly_sealed, several_keys};

/// What a call may wait for Redis in all, by default.
const DEADLINE: Duration = Duration::from_millis(250);
/// Of which a round trip is to take no more than a tenth: a miss takes two, and a busy server more.
const SLOW: Duration = Duration::from_millis(25);
/// A fork that stops the server for so long.
const LONG_FORK_MICROS: u64 = 100_000;
/// A server that is smaller has a ratio that means little.
const FRAGMENTED_FROM: u64 = 100 << 20;
const FRAGMENTED: f64 = 1.5;
/// Fewer tracked keys than a program with a local tier of the default size may have.
const FEW_TRACKED: u64 = 100_000;
/// What `max_value_size` is by default.
const MAX_VALUE: u64 = 64 << 20;
const ALL_SLOTS: u64 = 16_384;

/// All findings, the worst first.
pub(super) fn all(facts: &Facts) -> Vec<Finding> {
    let each: [fn(&ServerFacts) -> Option<Finding>; 16] = [
        version,
        loading,
        role,
        memory,
        policy,
        full,
        evictions,
        fragmentation,
        snapshots,
        append_only,
        writes_stopped,
        forks,
        latency,
        clients,
        value_size,
        tracking_table,
    ];
    let of_server = |server: &ServerFacts| -> Vec<Finding> {
        let mut found: Vec<Finding> = each.iter().filter_map(|check| check(server)).collect();
        found.extend(rights(server, facts));
        found.iter_mut().for_each(|finding| finding.servers.push(server.address.clone()));
        found
    };
    let mut found: Vec<Finding> = facts.servers.iter().flat_map(of_server).collect();
    if facts.topology == Topology::Cluster {
        found.extend(cluster(facts));
    }
    found.extend(encryption(facts));
    if let Some(keys) = &facts.keys {
        found.extend(partly_sealed(&keys.entries));
        found.extend(several_keys(&keys.entries));
    }
    merged(found)
}

fn version(server: &ServerFacts) -> Option<Finding> {
    let is_valkey = !server.text("valkey_version").is_empty();
    let version = server.text("redis_version");
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next()?, numbers.next().unwrap_or(0));
    if is_valkey || version.is_empty() || (major, minor) >= (6, 2) {
        return None;
    }
    Some(Finding::new(
        Warning,
        "old-version",
        format!("{} is older than what the library is tested with", server.version()),
        "it may lack commands, which are then replaced by slower ones, or refused",
        "upgrade to Redis 6.2 or later, or to Valkey 8",
    ))
}

fn loading(server: &ServerFacts) -> Option<Finding> {
    (server.text("loading") == "1").then(|| {
        Finding::new(
            Problem,
            "loading",
            "the server loads its data",
            "until it has, every call computes",
            "wait; a cache needs no persistence: `save \"\"` and `appendonly no` make it start at once, empty",
        )
    })
}

fn role(server: &ServerFacts) -> Option<Finding> {
    (server.text("role") == "slave").then(|| {
        Finding::new(
            Problem,
            "replica",
            "the server is a replica",
            "it takes no writes: nothing is stored and nothing invalidated",
            "name the primary in the URL, or the sentinels: redis+sentinel://HOST,HOST…/SERVICE",
        )
    })
}

fn memory(server: &ServerFacts) -> Option<Finding> {
    let is_known = server.info.contains_key("maxmemory");
    (is_known && server.number("maxmemory") == 0).then(|| {
        Finding::new(
            Warning,
            "no-memory-limit",
            "maxmemory is 0: the server has no limit",
            "it grows until the machine has no memory left, and the system kills it or something else",
            "CONFIG SET maxmemory 1gb, and the same line in redis.conf: three quarters of the machine's memory at most",
        )
    })
}

fn policy(server: &ServerFacts) -> Option<Finding> {
    let policy = server.text("maxmemory_policy");
    let limit = server.number("maxmemory");
    let line = "CONFIG SET maxmemory-policy allkeys-lru, and the same line in redis.conf";
    match policy {
        "noeviction" if limit > 0 => Some(Finding::new(
            Problem,
            "no-eviction",
            format!("maxmemory-policy is noeviction, with {} at most", bytes(limit)),
            "once they are used, the server refuses writes: nothing is stored any more",
            line,
        )),
        "allkeys-random" | "volatile-random" | "volatile-ttl" => Some(Finding::new(
            Warning,
            "evicts-blindly",
            format!("maxmemory-policy is {policy}, which evicts keys however often they are read"),
            "if the key of a tag is evicted, all entries with the tag are misses; LRU and LFU keep it, since every hit reads it",
            line,
        )),
        "volatile-lru" | "volatile-lfu" => Some(Finding::new(
            Note,
            "evicts-volatile",
            format!("maxmemory-policy is {policy}, which evicts only keys that expire"),
            "entries with ttl = \"never\" and other programs' keys are never evicted; if those fill the server, it refuses writes",
            line,
        )),
        _ => None,
    }
}

fn full(server: &ServerFacts) -> Option<Finding> {
    let (used, limit) = (server.number("used_memory"), server.number("maxmemory"));
    let is_full = limit > 0 && used >= limit && matches!(server.text("maxmemory_policy"), "noeviction");
    is_full.then(|| {
        Finding::new(
            Problem,
            "full",
            format!("the server is full: {} of {}", bytes(used), bytes(limit)),
            "it refuses writes now",
            "CONFIG SET maxmemory-policy allkeys-lru, or a higher maxmemory",
        )
    })
}

fn evictions(server: &ServerFacts) -> Option<Finding> {
    let (evicted, expired) = (server.number("evicted_keys"), server.number("expired_keys"));
    (evicted > 1_000 && evicted > expired).then(|| {
        Finding::new(
            Warning,
            "evicts-much",
            format!("{} keys were evicted since the server was started, and {} expired", count(evicted), count(expired)),
            "more values are dropped for want of room than end by themselves; those are misses before their time",
            "a higher maxmemory; `redis-cached top` shows whose values are large",
        )
    })
}

fn fragmentation(server: &ServerFacts) -> Option<Finding> {
    let ratio: f64 = server.text("mem_fragmentation_ratio").parse().unwrap_or(1.0);
    let used = server.number("used_memory");
    (used > FRAGMENTED_FROM && ratio > FRAGMENTED).then(|| {
        Finding::new(
            Warning,
            "fragmented",
            format!("the server takes {ratio:.1} times the memory that it uses, {}", bytes(used)),
            "the rest is lost to fragmentation, and does not count against maxmemory",
            "CONFIG SET activedefrag yes, where the server was built with it; or restart it",
        )
    })
}

fn snapshots(server: &ServerFacts) -> Option<Finding> {
    server.configured("save").is_some_and(|save| !save.is_empty()).then(|| {
        Finding::new(
            Warning,
            "snapshots",
            format!("the server saves snapshots: save \"{}\"", server.text("save")),
            "each forks, which stops the server for a moment and may double its memory; and a restart from one brings back entries that were invalidated since",
            "CONFIG SET save \"\", and the same line in redis.conf, if it holds nothing but caches",
        )
    })
}

fn append_only(server: &ServerFacts) -> Option<Finding> {
    if server.text("aof_enabled") != "1" {
        return None;
    }
    Some(if server.configured("appendfsync") == Some("always") {
        Finding::new(
            Warning,
            "fsync-always",
            "every write waits for the disk: appendonly yes, appendfsync always",
            "storing and invalidating take as long as the disk does",
            "CONFIG SET appendonly no, if it holds nothing but caches; else appendfsync everysec",
        )
    } else {
        Finding::new(
            Note,
            "append-only",
            "the server writes an append-only file",
            "a cache needs none; it costs a write to the disk for each value, and forks when it is rewritten",
            "CONFIG SET appendonly no, if it holds nothing but caches",
        )
    })
}

fn writes_stopped(server: &ServerFacts) -> Option<Finding> {
    let has_failed =
        server.text("rdb_last_bgsave_status") == "err" || server.text("aof_last_write_status") == "err";
    (has_failed && server.configured("stop-writes-on-bgsave-error") != Some("no")).then(|| {
        Finding::new(
            Problem,
            "writes-stopped",
            "the server could not write its data to the disk",
            "it refuses writes until it can (MISCONF): nothing is stored and nothing invalidated",
            "make room on its disk; or CONFIG SET stop-writes-on-bgsave-error no, or save \"\"",
        )
    })
}

fn forks(server: &ServerFacts) -> Option<Finding> {
    let fork = server.number("latest_fork_usec");
    (fork > LONG_FORK_MICROS).then(|| {
        Finding::new(
            Warning,
            "slow-fork",
            format!("the last fork stopped the server for {}", time(Duration::from_micros(fork))),
            "every call waited for that time, or computed",
            "no snapshots on this server; or smaller servers, as a cluster; and no transparent huge pages",
        )
    })
}

fn latency(server: &ServerFacts) -> Option<Finding> {
    let (median, worst) = server.latency()?;
    let measured = format!(
        "a round trip takes {} (the median of {}), {} at worst",
        time(median),
        server.round_trips.len(),
        time(worst)
    );
    if median > SLOW {
        return Some(Finding::new(
            Warning,
            "slow",
            measured,
            "a hit takes one round trip and a miss two before its value is returned; calls wait 250 ms in all, by default, and then compute",
            "run the program near the server; look at the server's CPU, its SLOWLOG and the network",
        ));
    }
    (worst > DEADLINE).then(|| {
        Finding::new(
            Note,
            "uneven",
            measured,
            "calls that meet such a round trip give up after 250 ms, by default, and compute",
            "LATENCY DOCTOR and SLOWLOG GET at the server tell what it was doing",
        )
    })
}

fn clients(server: &ServerFacts) -> Option<Finding> {
    let (now, most) = (server.number("connected_clients"), server.number("maxclients"));
    (most > 0 && now * 10 > most * 9).then(|| {
        Finding::new(
            Warning,
            "many-clients",
            format!("{} are connected, of {} at most", counted(now, "client"), count(most)),
            "who comes after them is refused, and computes",
            "CONFIG SET maxclients, with as many open files for the server; or fewer connections of other programs",
        )
    })
}

fn value_size(server: &ServerFacts) -> Option<Finding> {
    let most: u64 = server.configured("proto-max-bulk-len")?.parse().ok()?;
    (most < MAX_VALUE).then(|| {
        Finding::new(
            Warning,
            "small-values",
            format!("proto-max-bulk-len is {}", bytes(most)),
            "the server ends a connection over which a larger value comes; the library sends up to 64 MiB by default",
            format!("`.max_value_size({most})` at the builder of the cache, or CONFIG SET proto-max-bulk-len 536870912"),
        )
    })
}

fn tracking_table(server: &ServerFacts) -> Option<Finding> {
    let most: u64 = server.configured("tracking-table-max-keys")?.parse().ok()?;
    let now = server.number("tracking_total_keys");
    let is_small = most > 0 && (most < FEW_TRACKED || now * 10 > most * 9);
    is_small.then(|| {
        Finding::new(
            Warning,
            "few-tracked-keys",
            format!(
                "the server tracks {} at most for all its clients, and {} now",
                counted(most, "key"),
                count(now)
            ),
            "of more keys it makes clients forget some: what functions with `local` keep is dropped early",
            "CONFIG SET tracking-table-max-keys 1000000: some 100 bytes of the server's memory each",
        )
    })
}

/// What connecting to a cluster says if not all slots are served.
pub(super) fn not_whole(error: &Error) -> Finding {
    Finding::new(
        Problem,
        "slots-not-served",
        error.to_string(),
        "the library refuses to connect; where it is connected, calls for keys in those slots compute",
        "start the nodes that are missing; `redis-cli --cluster fix HOST:PORT` gives a slot without an owner to a node, empty, which a cache can bear",
    )
}

/// All slots have an owner here, but not all owners answer the others.
fn cluster(facts: &Facts) -> Option<Finding> {
    let well: u64 = facts.cluster.get("cluster_slots_ok")?.parse().ok()?;
    (well < ALL_SLOTS).then(|| {
        Finding::new(
            Problem,
            "nodes-away",
            format!("the owners of {} do not answer the other nodes", counted(ALL_SLOTS - well, "slot")),
            "calls for their keys compute until a replica takes over",
            "start the nodes that `CLUSTER NODES` calls fail",
        )
    })
}

fn encryption(facts: &Facts) -> Option<Finding> {
    (!facts.is_encrypted && facts.is_remote()).then(|| {
        Finding::new(
            Note,
            "not-encrypted",
            "the connection is not encrypted",
            "who is between here and the server can read and change what is cached, and read the password",
            "rediss:// in the URL, if the server speaks TLS; nothing, if the network is yours alone",
        )
    })
}

/// What is used of the limit, for the head of the page.
pub(super) fn memory_in_words(server: &ServerFacts) -> String {
    let (used, limit) = (server.number("used_memory"), server.number("maxmemory"));
    #[allow(clippy::cast_precision_loss, reason = "a share in per cent")]
    match limit {
        0 => bytes(used),
        _ => format!("{} of {} ({})", bytes(used), bytes(limit), percent(used as f64 / limit as f64)),
    }
}

#[cfg(test)]
mod tests;
