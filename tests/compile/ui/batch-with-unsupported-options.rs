#![allow(unused)]

use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, finish_in_background = true)]
async fn users(ids: &[u64]) -> HashMap<u64, String> {
    HashMap::new()
}

fn main() {}
