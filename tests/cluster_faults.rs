//! What may befall a cluster of three primaries with a replica each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis_cached_test_support::{RedisCluster, RedisServer};

use crate::random::Random;

/// The slots of `row:0`, `row:1` and so on, below this, are those that move.
pub(crate) const MOVING: u64 = 8;
const SHARDS: u16 = 3;
/// How long until the others call a silent node failed, in milliseconds, and some time for the election.
const UNTIL_REPLACED: u64 = 1_500;

/// A primary and its replica at the start, whoever of them is the primary now.
pub(crate) fn shard_of(slot: u16) -> u16 {
    (0..SHARDS).rev().find(|shard| slot >= first_slot(*shard)).unwrap_or(0)
}

/// As the cluster shares them out.
fn first_slot(shard: u16) -> u16 {
    u16::try_from(16_384 * u32::from(shard) / u32::from(SHARDS)).expect("a slot")
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Slots move, and nothing is wrong with any node.
    Migration,
    /// The replica takes over with the primary's consent.
    Failover(u16),
    /// The primary is killed, and comes back when the replica has taken over.
    Killed(u16),
    /// It is back at once, and empty.
    Restarted(u16),
    /// The primary is silent, for less time than the others need to notice.
    Frozen(u16),
    /// It is silent until the replica has taken over.
    FrozenLong(u16),
    AllRestarted,
}

impl Fault {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Migration => "slots moved",
            Self::Failover(_) => "failovers",
            Self::Killed(_) => "primaries killed",
            Self::Restarted(_) => "primaries restarted",
            Self::Frozen(_) => "primaries frozen",
            Self::FrozenLong(_) => "primaries frozen until replaced",
            Self::AllRestarted => "all nodes restarted",
        }
    }

    /// The shards that it concerns, a bit each.
    pub(crate) fn shards(self) -> u8 {
        match self {
            Self::Migration => 0,
            Self::AllRestarted => 0b111,
            Self::Failover(shard)
            | Self::Killed(shard)
            | Self::Restarted(shard)
            | Self::Frozen(shard)
            | Self::FrozenLong(shard) => 1 << shard,
        }
    }
}

pub(crate) struct Shards {
    pub(crate) servers: Arc<RedisCluster>,
}

impl Shards {
    pub(crate) fn new(servers: Arc<RedisCluster>) -> Self {
        Self { servers }
    }

    pub(crate) fn choose(&self, random: &mut Random) -> Fault {
        let shard = u16::try_from(random.below(SHARDS.into())).expect("a shard");
        match random.below(16) {
            0..6 => Fault::Migration,
            6..9 => Fault::Failover(shard),
            9 | 10 => Fault::Killed(shard),
            11 => Fault::Restarted(shard),
            12 | 13 => Fault::Frozen(shard),
            14 => Fault::FrozenLong(shard),
            _ => Fault::AllRestarted,
        }
    }

    /// Returns when the cluster is whole again, and each replica has its primary's data.
    pub(crate) fn cause(&self, fault: Fault, random: &mut Random) {
        match fault {
            Fault::Migration => self.migrate(random),
            Fault::Failover(shard) => self.servers.failover(self.pair(shard).1),
            Fault::Killed(shard) => {
                let (primary, replica) = self.pair(shard);
                primary.kill();
                self.servers.wait_for_primary(replica);
                primary.restart();
            }
            Fault::Restarted(shard) => self.pair(shard).0.restart(),
            Fault::Frozen(shard) => {
                let primary = self.pair(shard).0;
                primary.pause();
                sleep(50 + random.below(UNTIL_REPLACED / 2));
                primary.resume();
            }
            Fault::FrozenLong(shard) => {
                let (primary, replica) = self.pair(shard);
                primary.pause();
                self.servers.wait_for_primary(replica);
                sleep(2 * UNTIL_REPLACED);
                primary.resume();
            }
            Fault::AllRestarted => {
                self.servers.nodes().iter().for_each(RedisServer::kill);
                self.servers.nodes().iter().for_each(RedisServer::restart);
            }
        }
        self.servers.wait_until_whole();
        self.wait_for_replicas();
    }

    /// The shard's primary and its replica, now.
    fn pair(&self, shard: u16) -> (&RedisServer, &RedisServer) {
        let primary = self.servers.owner_of_slot(first_slot(shard));
        let index = usize::from(shard);
        let replica = [self.servers.primary(index), self.servers.replica(index)];
        let replica = replica.into_iter().find(|node| node.port() != primary.port());
        (primary, replica.expect("the other one"))
    }

    /// A slot goes to another primary, and is in between for a while.
    fn migrate(&self, random: &mut Random) {
        let slot = self.servers.slot(&format!("row:{}", random.below(MOVING)));
        let from = self.servers.owner_of_slot(slot).port();
        let owners = (0..SHARDS).map(|shard| self.pair(shard).0);
        let others: Vec<_> = owners.filter(|owner| owner.port() != from).collect();
        let to = others[usize::try_from(random.below(others.len() as u64)).expect("an index")];
        let migration = self.servers.migrate(slot, to);
        sleep(random.below(300));
        migration.finish();
    }

    fn wait_for_replicas(&self) {
        let until = Instant::now() + Duration::from_secs(30);
        let has_data = |shard| self.pair(shard).1.info("master_link_status").is_some_and(|is| is == "up");
        while !(0..SHARDS).all(has_data) {
            assert!(Instant::now() < until, "a replica does not get its primary's data");
            sleep(20);
        }
    }
}

fn sleep(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// How often each fault was caused.
pub(crate) fn summary<'a>(done: impl Iterator<Item = &'a str>) -> String {
    let mut counts = BTreeMap::<_, usize>::new();
    done.for_each(|name| *counts.entry(name).or_default() += 1);
    counts.iter().map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join(", ")
}
