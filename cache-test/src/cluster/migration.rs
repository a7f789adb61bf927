//! A slot on its way from one node to another.

use redis::Value;

use super::{RedisCluster, id};
use crate::RedisServer;

/// How long one key may take on its way, in milliseconds.
const MIGRATE_TIMEOUT: &str = "5000";

/// A slot in the migrating state: its keys are at either node, and each is asked for at the owner first.
#[derive(Debug)]
#[must_use = "the slot stays in the migrating state until `finish`"]
pub struct Migration<'a> {
    cluster: &'a RedisCluster,
    slot: u16,
    from: &'a RedisServer,
    to: &'a RedisServer,
}

impl<'a> Migration<'a> {
    pub(super) fn begin(cluster: &'a RedisCluster, slot: u16, to: &'a RedisServer) -> Self {
        let from = cluster.owner_of_slot(slot);
        assert_ne!(from.port(), to.port(), "the slot is there already");
        let number = slot.to_string();
        to.cli(&["CLUSTER", "SETSLOT", &number, "IMPORTING", &id(from)]);
        from.cli(&["CLUSTER", "SETSLOT", &number, "MIGRATING", &id(to)]);
        Self { cluster, slot, from, to }
    }

    /// The owner, until the migration is finished.
    pub fn from(&self) -> &RedisServer {
        self.from
    }

    /// The next owner.
    pub fn to(&self) -> &RedisServer {
        self.to
    }

    /// Moves one key. Says whether it was there.
    pub fn move_key(&self, key: &str) -> bool {
        let port = self.to.port().to_string();
        let mut command = vec!["MIGRATE", "127.0.0.1", &port, key, "0", MIGRATE_TIMEOUT];
        let password = self.from.password();
        if let Some(password) = &password {
            command.extend(["AUTH", password]);
        }
        self.from.cli(&command) == Value::Okay
    }

    /// Moves all keys that are left, and makes the other node the owner.
    pub fn finish(self) {
        let slot = self.slot.to_string();
        loop {
            let keys: Vec<String> = self.from.query(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
            if keys.is_empty() {
                break;
            }
            keys.iter().for_each(|key| {
                self.move_key(key);
            });
        }
        let owner = id(self.to);
        // The new owner first: between the two, the old one would have nobody to send its callers to.
        let others = self.cluster.primaries_now();
        let others =
            others.into_iter().filter(|node| ![self.to.port(), self.from.port()].contains(&node.port()));
        for node in [self.to, self.from].into_iter().chain(others) {
            node.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &owner]);
        }
        self.cluster.wait_until_whole();
    }
}
