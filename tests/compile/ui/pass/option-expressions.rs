//! What an option's expression leaves behind is gone before the body runs: a lock guard would make the future `!Send`,
//! and a body that takes the lock would wait for ever.
#![deny(warnings)]

use std::sync::{Mutex, RwLock};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};

struct Config {
    ttl: Duration,
    cache: Cache,
}

#[redis_cached(ttl = config.lock().unwrap().ttl, cache = config.lock().unwrap().cache, key = "a", skip(config))]
async fn guards(config: &Mutex<Config>) -> u64 {
    config.lock().unwrap().ttl.as_secs()
}

#[redis_cached(
    ttl = config.read().unwrap().ttl,
    negative_ttl = config.write().unwrap().ttl / 2,
    cache = &config.read().unwrap().cache,
    key = "b:<id>",
    skip(config),
)]
fn blocking_guards(config: &RwLock<Config>, id: u64) -> Option<u64> {
    config.write().unwrap().ttl += Duration::from_secs(id);
    Some(config.read().unwrap().ttl.as_secs())
}

// Names in the expressions are the user's, whatever the expansion calls its own.
#[redis_cached(ttl = entry.lock().unwrap().ttl, key = "c", skip(entry))]
fn named_like_ours(entry: &Mutex<Config>) -> u64 {
    entry.lock().unwrap().ttl.as_secs()
}

fn is_send<T: Send>(_: T) {}

fn main() {
    let config = || Config { ttl: Duration::from_secs(60), cache: Cache::memory() };
    is_send(guards(&Mutex::new(config())));
    let _ = guards_entry(&Mutex::new(config()));
    let lock = RwLock::new(config());
    assert_eq!(blocking_guards(&lock, 1), Some(61));
    assert_eq!(blocking_guards(&lock, 1), Some(61));
    assert_eq!(blocking_guards_entry(&lock, 1).key(), "b:1");
    Cache::memory().sync_scope(|| assert_eq!(named_like_ours(&Mutex::new(config())), 60));
}
