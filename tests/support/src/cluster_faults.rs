//! What may befall a cluster of three primaries with a replica each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redis_cached_test::{RedisCluster, RedisServer};

/// The slots of `row:0`, `row:1` and so on, below this, are those that [`Fault::Migration`] moves.
pub const MOVING: u64 = 8;
const SHARDS: u16 = 3;
const SLOTS: u16 = 16_384;
/// How long until the others call a silent node failed, in milliseconds, and some time for the election.
const UNTIL_REPLACED: u64 = 1_500;

/// The place, among the primaries of the start, of the one that has this slot, or of its replica.
pub fn shard_of(slot: u16) -> u16 {
    (0..SHARDS).rev().find(|shard| slot >= first_slot(*shard)).unwrap_or(0)
}

/// As the cluster shares them out.
fn first_slot(shard: u16) -> u16 {
    u16::try_from(u32::from(SLOTS) * u32::from(shard) / u32::from(SHARDS)).expect("a slot")
}

/// What may befall such a cluster. The numbers are those of [`shard_of`].
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// A slot moves, and nothing is wrong with any node.
    Migration,
    /// The replica takes over with the primary's consent.
    Failover(u16),
    /// The primary is killed, and comes back when the replica has taken over.
    Killed(u16),
    /// The same, and the replica has not got the latest of what the primary had acknowledged.
    KilledAhead(u16),
    /// It is back at once, and empty.
    Restarted(u16),
    /// The primary is silent, for less time than the others need to notice.
    Frozen(u16),
    /// It is silent until the replica has taken over.
    FrozenLong(u16),
    /// All nodes are killed and come back empty.
    AllRestarted,
}

impl Fault {
    /// For a summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Migration => "slot moved",
            Self::Failover(_) => "failover",
            Self::Killed(_) => "primary killed",
            Self::KilledAhead(_) => "primary killed ahead of its replica",
            Self::Restarted(_) => "primary restarted",
            Self::Frozen(_) => "primary frozen",
            Self::FrozenLong(_) => "primary frozen until replaced",
            Self::AllRestarted => "all nodes restarted",
        }
    }

    /// The shards that it concerns, a bit each.
    pub fn shards(self) -> u8 {
        match self {
            Self::Migration => 0,
            Self::AllRestarted => 0b111,
            Self::Failover(shard)
            | Self::Killed(shard)
            | Self::KilledAhead(shard)
            | Self::Restarted(shard)
            | Self::Frozen(shard)
            | Self::FrozenLong(shard) => 1 << shard,
        }
    }
}

impl Fault {
    /// By `below`, which gives a number that is less than the one it is given. None by which something is lost that was acknowledged.
    pub fn choose(below: &mut dyn FnMut(u64) -> u64) -> Self {
        let shard = u16::try_from(below(SHARDS.into())).expect("a shard");
        match below(16) {
            0..6 => Fault::Migration,
            6..9 => Fault::Failover(shard),
            9 | 10 => Fault::Killed(shard),
            11 => Fault::Restarted(shard),
            12 | 13 => Fault::Frozen(shard),
            14 => Fault::FrozenLong(shard),
            _ => Fault::AllRestarted,
        }
    }

    /// One by which what was acknowledged last is lost.
    pub fn choose_loss(below: &mut dyn FnMut(u64) -> u64) -> Self {
        Self::KilledAhead(u16::try_from(below(SHARDS.into())).expect("a shard"))
    }
}

/// A cluster that these faults can befall.
pub trait Breakable {
    /// Breaks and mends. Returns when the cluster is whole again, and each replica has its primary's data. What a primary has acknowledged is
    /// lost with it by [`Fault::KilledAhead`] only.
    fn cause(&self, fault: Fault, below: &mut dyn FnMut(u64) -> u64);
}

impl Breakable for RedisCluster {
    fn cause(&self, fault: Fault, below: &mut dyn FnMut(u64) -> u64) {
        match fault {
            Fault::Migration => move_a_slot(self, below),
            Fault::Failover(shard) => self.failover(pair(self, shard).1),
            Fault::Killed(shard) => {
                let (primary, replica) = pair(self, shard);
                primary.settle(replica);
                primary.kill();
                self.wait_for_primary(replica);
                primary.restart();
            }
            Fault::KilledAhead(shard) => {
                let (primary, replica) = pair(self, shard);
                replica.pause();
                primary.cli(&["CLIENT", "KILL", "TYPE", "replica"]);
                sleep(100 + below(300));
                primary.kill();
                replica.resume();
                self.wait_for_primary(replica);
                primary.restart();
            }
            Fault::Restarted(shard) => pair(self, shard).0.restart(),
            Fault::Frozen(shard) => {
                let primary = pair(self, shard).0;
                primary.pause();
                sleep(50 + below(UNTIL_REPLACED / 2));
                primary.resume();
            }
            Fault::FrozenLong(shard) => {
                let (primary, replica) = pair(self, shard);
                primary.settle(replica);
                primary.pause();
                self.wait_for_primary(replica);
                sleep(2 * UNTIL_REPLACED);
                primary.resume();
            }
            Fault::AllRestarted => {
                self.nodes().iter().for_each(RedisServer::kill);
                self.nodes().iter().for_each(RedisServer::restart);
            }
        }
        end_migrations(self);
        self.wait_until_whole();
        wait_for_data(self);
    }
}

/// The shard's primary and its replica, now.
fn pair(cluster: &RedisCluster, shard: u16) -> (&RedisServer, &RedisServer) {
    let primary = cluster.owner_of_slot(first_slot(shard));
    let index = usize::from(shard);
    let replica = [cluster.primary(index), cluster.replica(index)];
    let replica = replica.into_iter().find(|node| node.port() != primary.port());
    (primary, replica.expect("the other one"))
}

/// A slot goes to another primary, and is in between for a while.
fn move_a_slot(cluster: &RedisCluster, below: &mut dyn FnMut(u64) -> u64) {
    let slot = cluster.slot(&format!("row:{}", below(MOVING)));
    let from = cluster.owner_of_slot(slot).port();
    let owners = (0..SHARDS).map(|shard| pair(cluster, shard).0);
    let others: Vec<_> = owners.filter(|owner| owner.port() != from).collect();
    let to = others[usize::try_from(below(others.len() as u64)).expect("an index")];
    let migration = cluster.migrate(slot, to);
    sleep(below(300));
    migration.finish();
}

/// A node that takes itself for the next owner of a slot, perhaps since before it was restarted, does not listen to who owns it.
fn end_migrations(cluster: &RedisCluster) {
    for node in cluster.primaries_now() {
        let nodes: String = node.query(&["CLUSTER", "NODES"]);
        let own = nodes.lines().find(|line| line.contains("myself,master")).unwrap_or_default();
        for migrating in own.split_whitespace().filter_map(|word| word.strip_prefix('[')) {
            let slot = migrating.split('-').next().unwrap_or_default();
            node.cli(&["CLUSTER", "SETSLOT", slot, "STABLE"]);
        }
    }
}

fn wait_for_data(cluster: &RedisCluster) {
    let until = Instant::now() + Duration::from_secs(30);
    let has_data = |shard| pair(cluster, shard).1.info("master_link_status").is_some_and(|is| is == "up");
    while !(0..SHARDS).all(has_data) {
        assert!(Instant::now() < until, "a replica does not get its primary's data");
        sleep(20);
    }
}

fn sleep(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// How often each fault was caused.
pub fn summary<'a>(done: impl Iterator<Item = &'a str>) -> String {
    let mut counts = BTreeMap::<_, usize>::new();
    done.for_each(|name| *counts.entry(name).or_default() += 1);
    counts.iter().map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join(", ")
}
