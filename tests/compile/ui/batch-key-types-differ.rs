#![allow(unused)]

use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids)]
fn users(ids: &[u32]) -> HashMap<u64, String> {
    HashMap::new()
}

fn main() {}
