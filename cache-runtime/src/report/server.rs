//! What a server says of itself.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::analysis::public_figures;
use super::units::share;

public_figures! {
    /// What the servers say of themselves, by `INFO`: from [`Cache::server_stats`](crate::Cache::server_stats). Counters are since a server was started, and
    /// of all its clients and databases.
    ServerStats {
        /// Keys in all databases, of all programs.
        keys: u64,
        /// Bytes that the servers use.
        used_memory: u64,
        /// Keys that were evicted because a server was full.
        evicted: u64,
        /// Keys that have expired.
        expired: u64,
        /// Look-ups of keys that were there.
        hits: u64,
        /// Look-ups of keys that were not there.
        misses: u64,
        /// One for each server: one, or the primaries of a cluster. For `memory://` it is this process.
        nodes: Vec<NodeStats>,
    }
}

public_figures! {
    /// What one server says of itself.
    NodeStats {
        /// Host and port, or the path of a socket.
        address: String,
        /// `Redis 7.2.4`, `Valkey 8.1.0`; empty for `memory://`.
        version: String,
        /// Keys in all databases.
        keys: u64,
        /// Bytes that it uses.
        used_memory: u64,
        /// The most that it may use; 0: no limit.
        max_memory: u64,
        /// What it evicts when it is full: `maxmemory-policy`.
        policy: String,
        /// The memory that the operating system gives it, divided by what it uses: `mem_fragmentation_ratio`. Of little meaning below 100 MiB.
        fragmentation: f64,
        /// Keys that were evicted.
        evicted: u64,
        /// Keys that have expired.
        expired: u64,
        /// Look-ups of keys that were there.
        hits: u64,
        /// Look-ups of keys that were not there.
        misses: u64,
    }
}

impl ServerStats {
    /// The share of look-ups that found a key, from 0 to 1; 0 if there was none. All programs' look-ups count, also those of leases and tags.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        share(self.hits, self.hits + self.misses)
    }

    pub(crate) fn of(nodes: Vec<NodeStats>) -> Self {
        let sum = |of: fn(&NodeStats) -> u64| nodes.iter().map(of).fold(0, u64::saturating_add);
        Self {
            keys: sum(|node| node.keys),
            used_memory: sum(|node| node.used_memory),
            evicted: sum(|node| node.evicted),
            expired: sum(|node| node.expired),
            hits: sum(|node| node.hits),
            misses: sum(|node| node.misses),
            nodes,
        }
    }
}

impl NodeStats {
    /// What `INFO` has answered. What it does not say is zero or empty.
    pub(crate) fn of(address: String, info: &str) -> Self {
        let text = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_end)
        };
        let number = |name| text(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let version = match (text("valkey_version"), text("redis_version")) {
            (Some(version), _) => format!("Valkey {version}"),
            (None, Some(version)) => format!("Redis {version}"),
            (None, None) => String::new(),
        };
        // `db0:keys=7,expires=3,avg_ttl=0`
        let of_database = |line: &str| -> Option<u64> {
            let (number, rest) = line.strip_prefix("db")?.split_once(":keys=")?;
            let _: u32 = number.parse().ok()?;
            rest.split(',').next()?.parse().ok()
        };
        Self {
            address,
            version,
            keys: info.lines().filter_map(of_database).sum(),
            used_memory: number("used_memory"),
            max_memory: number("maxmemory"),
            policy: text("maxmemory_policy").unwrap_or_default().to_owned(),
            fragmentation: text("mem_fragmentation_ratio").and_then(|text| text.parse().ok()).unwrap_or(0.0),
            evicted: number("evicted_keys"),
            expired: number("expired_keys"),
            hits: number("keyspace_hits"),
            misses: number("keyspace_misses"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_info_says_is_read() {
        let info = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:2097152\r\n\
                    maxmemory_policy:allkeys-lru\r\nmem_fragmentation_ratio:1.25\r\nexpired_keys:3\r\nevicted_keys:4\r\nkeyspace_hits:9\r\n\
                    keyspace_misses:1\r\n# Keyspace\r\ndb0:keys=7,expires=3,avg_ttl=0\r\ndb12:keys=2,expires=0,avg_ttl=0,subexpiry=0\r\n";
        let node = NodeStats::of("host:6379".into(), info);
        let stats = ServerStats::of(vec![node.clone(), node.clone()]);
        assert_eq!((node.keys, node.used_memory, node.max_memory, node.evicted), (9, 1 << 20, 2 << 20, 4));
        assert_eq!(
            (node.policy.as_str(), node.version.as_str(), node.expired),
            ("allkeys-lru", "Redis 7.0.15", 3)
        );
        assert_eq!((stats.keys, stats.hits, stats.hit_rate()), (18, 18, 0.9));
        assert_eq!(NodeStats::of(String::new(), "valkey_version:8.1.0").version, "Valkey 8.1.0");
        assert_eq!(NodeStats::of(String::new(), "nothing\r\ndb:keys=x").keys, 0);
    }
}
