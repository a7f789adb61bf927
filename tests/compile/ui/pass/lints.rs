//! What a project may forbid its own code does not fire because of what an attribute makes of it. `clippy` reads this file too.
#![deny(
    warnings,
    unused,
    nonstandard_style,
    missing_docs,
    rust_2018_idioms,
    single_use_lifetimes,
    unreachable_pub,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    clippy::all,
    clippy::pedantic,
    clippy::let_underscore_untyped,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated
)]

use std::collections::{HashMap, HashSet};

use redis_cached::{Cache, Fields, redis_cached, redis_invalidates, redis_updates};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
struct Service {
    cache: Cache,
    base: u64,
}

/// Ends in an underscore.
#[redis_cached(ttl = 60)]
fn type_(id: u64) -> u64 {
    id
}

macro_rules! with_body {
    ($name:ident, $($is_async:ident)?, $options:tt, $result:ty, $body:block) => {
        #[redis_cached $options]
        $($is_async)? fn $name() -> $result $body
    };
}

with_body!(block, , (ttl = 60), u64, { 1 });
with_body!(block_async, async, (ttl = 60), u64, { 1 });
with_body!(block_result, async, (ttl = 60), Result<u64, u8>, { Ok(1) });
with_body!(block_refreshed, async, (ttl = 60, stale_while_revalidate = 60), Result<u64, u8>, { Ok(1) });
with_body!(block_refreshed_blocking, , (ttl = 60, stale_while_revalidate = 60), u64, { 1 });

macro_rules! with_written {
    ($name:ident, $($is_async:ident)?, $body:block) => {
        #[redis_invalidates(type_(1))]
        $($is_async)? fn $name() -> u64 $body
    };
}

with_written!(block_written, , { 1 });
with_written!(block_written_async, async, { 1 });

#[redis_cached(ttl = 60, key = "<id>:<name>", skip(db), stale_while_revalidate = 60)]
fn refreshed(db: &Service, id: u64, mut name: String) -> String {
    name.push('a');
    format!("{} {id} {name}", db.base)
}

#[redis_cached(ttl = 60, key = "<id>:<name>", skip(db), stale_while_revalidate = 60, cache = db.cache)]
async fn refreshed_async(db: &Service, id: u64, name: &str) -> Result<String, String> {
    Ok(format!("{} {id} {name}", db.base))
}

#[redis_cached(ttl = 60, key = "<ids>", batch = ids)]
async fn many(mut ids: Vec<u64>) -> HashMap<u64, u64> {
    ids.sort_unstable();
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, key = "blocking:<ids>", batch = ids)]
fn many_blocking(ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
    Ok(ids.iter().map(|id| (*id, *id)).collect())
}

#[derive(Clone, Debug, Serialize, Deserialize, Fields)]
struct Player {
    id: u64,
    r#type: u8,
}

#[redis_cached(ttl = 60, key = "player:<id>", shape = Hash)]
fn player(id: u64) -> Player {
    Player { id, r#type: 1 }
}

#[redis_cached(ttl = 60, key = "followers:<id>", shape = Set, stale_while_revalidate = 60)]
async fn followers(id: u64) -> HashSet<u64> {
    HashSet::from([id])
}

#[redis_updates(player(ret.id))]
#[redis_invalidates(followers(ret.id))]
fn write_player(id: u64) -> Player {
    Player { id, r#type: 2 }
}

impl Service {
    #[redis_cached(ttl = 60, key = "m:<id>", skip(self), stale_while_revalidate = 60, cache = self.cache)]
    async fn method(&self, mut id: u64) -> Option<u64> {
        id += self.base;
        Some(id)
    }

    #[expect(clippy::needless_pass_by_value, reason = "to see it expected")]
    #[redis_cached(ttl = 60, key = "o:<id>", skip(self), stale_while_revalidate = 60)]
    fn owned(&self, id: String) -> usize {
        id.len() + usize::from(self.base > 0)
    }

    #[redis_cached(ttl = 60, key = "t:<id>", skip(self), entry = false)]
    async fn by_type(&self, id: u64) -> Answer {
        Ok(id + self.base)
    }
}

type Answer = Result<u64, String>;

#[redis_cached(ttl = 60, key = "r:<id>")]
async fn by_type(id: u64) -> AnswerResult {
    Ok(id)
}

type AnswerResult = Result<u64, String>;

#[redis_cached(ttl = 60, key = "b:<name>:<other>")]
fn borrows<'a>(name: &'a str, other: &'a str) -> Result<u64, &'a str> {
    if other.is_empty() { Err(name) } else { Ok(1) }
}

#[redis_invalidates(type_(id), type_(*ret), before)]
async fn change(id: u64) -> u64 {
    id
}

#[redis_updates(type_(id))]
fn write(id: u64) -> Answer {
    Ok(id)
}

fn main() {
    Cache::memory().sync_scope(|| {
        let service = Service { cache: Cache::memory(), base: 1 };
        let futures = (
            block_async(),
            block_result(),
            block_refreshed(),
            block_written_async(),
            refreshed_async(&service, 1, "a"),
            many(vec![1]),
            service.method(1),
            service.by_type(1),
            by_type(1),
            change(1),
            followers(1),
        );
        drop(futures);
        let values =
            (block(), block_refreshed_blocking(), block_written(), type_(1), service.owned(String::new()));
        assert_eq!(values, (1, 1, 1, 1, 1));
        assert_eq!(
            (borrows("a", "b"), write(1), refreshed(&service, 1, String::new())),
            (Ok(1), Ok(1), "1 1 a".into())
        );
        assert_eq!(many_blocking(&[1]).map(|many| many.len()), Ok(1));
        assert_eq!((player(1).r#type, write_player(1).r#type), (1, 2));
        assert_eq!(player_entry(1).field(Player::TYPE).get().blocking().expect("in memory"), Some(2));
        assert!(type_entry(1).key().contains("type_"));
    });
}
