//! Entries that can all be invalidated by one name: the tag of redis-cached, and two ways to do without.

use futures_util::future::try_join_all;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Cmd, Pipeline, cmd};
use redis_cached::{Cache, redis_cached};

use super::bare::encode;
use super::{User, compute, computed};
use redis_cached_benches::Failure;

const ORG: u64 = 7;
/// Before the keys that are stored by hand: what all of them have in common.
const PREFIX: &str = "bench:bare:org:7:user:";
/// The set of these keys.
const MEMBERS: &str = "bench:bare:tag:org:7";
const TTL: u64 = 3600;
/// How many keys the server goes through at a time.
const STEP: usize = 1000;

#[redis_cached(ttl = 3600, key = "bench:this:tagged:<id>", skip(org), tags = ["bench:org:<org>"])]
async fn user(org: u64, id: u64) -> User {
    compute(id).await
}

#[derive(Clone, Copy)]
pub(crate) enum Tagged {
    /// redis-cached's tag, over the global cache.
    This,
    /// `SCAN MATCH`, and `UNLINK` of what it finds.
    Search,
    /// A set of the keys: `SSCAN`, and `UNLINK` of what it finds; at last of the set.
    Members,
}

impl Tagged {
    pub(crate) const ALL: [Self; 3] = [Self::This, Self::Search, Self::Members];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::This => "redis-cached, invalidate_tag",
            Self::Search => "SCAN MATCH, UNLINK",
            Self::Members => "SSCAN of a set, UNLINK",
        }
    }

    /// Stores so many users.
    pub(crate) async fn fill(self, count: u64, hand: &mut MultiplexedConnection) -> Result<(), Failure> {
        let ids: Vec<u64> = (0..count).collect();
        for ids in ids.chunks(STEP) {
            match self {
                // Whole entries, each with the tag's nonce in it. The driver sends what is there as one.
                Self::This => try_join_all(ids.iter().map(|id| put(*id))).await.map(drop)?,
                Self::Search | Self::Members => self.stores(ids)?.query_async::<()>(hand).await?,
            }
        }
        Ok(())
    }

    fn stores(self, ids: &[u64]) -> Result<Pipeline, String> {
        let mut pipeline = redis::pipe();
        for id in ids {
            pipeline.set_ex(key(*id), encode(&User::new(*id))?, TTL).ignore();
            if matches!(self, Self::Members) {
                pipeline.sadd(MEMBERS, key(*id)).ignore();
            }
        }
        Ok(pipeline)
    }

    pub(crate) async fn invalidate(self, hand: &mut MultiplexedConnection) -> Result<(), Failure> {
        match self {
            Self::This => Cache::global().invalidate_tag(&format!("bench:org:{ORG}")).await?,
            Self::Search => {
                let search = |cursor| {
                    let mut search = cmd("SCAN");
                    search.arg(cursor).arg("MATCH").arg(format!("{PREFIX}*"));
                    search
                };
                unlink_all(hand, search).await?;
            }
            Self::Members => {
                let members = |cursor| {
                    let mut members = cmd("SSCAN");
                    members.arg(MEMBERS).arg(cursor);
                    members
                };
                unlink_all(hand, members).await?;
                let () = hand.unlink(MEMBERS).await?;
            }
        }
        Ok(())
    }

    /// Whether a caller would find this user. Where it does not, redis-cached computes and stores it again.
    pub(crate) async fn finds(self, id: u64, hand: &mut MultiplexedConnection) -> Result<bool, Failure> {
        Ok(match self {
            Self::This => {
                let before = computed();
                user(ORG, id).await;
                computed() == before
            }
            Self::Search | Self::Members => hand.exists(key(id)).await?,
        })
    }
}

/// Removes the keys that are found, a step at a time.
async fn unlink_all(hand: &mut MultiplexedConnection, from: impl Fn(u64) -> Cmd) -> Result<(), Failure> {
    let mut cursor = 0;
    loop {
        let found: (u64, Vec<String>) = from(cursor).arg("COUNT").arg(STEP).query_async(hand).await?;
        if !found.1.is_empty() {
            let () = hand.unlink(found.1).await?;
        }
        cursor = found.0;
        if cursor == 0 {
            return Ok(());
        }
    }
}

async fn put(id: u64) -> Result<(), redis_cached::Error> {
    user_entry(ORG, id).put(&User::new(id)).await
}

fn key(id: u64) -> String {
    format!("{PREFIX}{id}")
}
