#![allow(unused)]

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::redis_cached;

#[redis_cached(ttl = Duration::from_secs(ids[0]), key = "user:<ids>", batch = ids)]
fn users(ids: &[u64]) -> HashMap<u64, String> {
    HashMap::new()
}

fn main() {}
