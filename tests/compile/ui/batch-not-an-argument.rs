#![allow(unused)]

use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<ids>", batch = id)]
fn misspelt(ids: &[u64]) -> HashMap<u64, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = "ids")]
fn in_quotes(ids: &[u64]) -> HashMap<u64, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch)]
fn without_a_name(ids: &[u64]) -> HashMap<u64, u64> {
    HashMap::new()
}

fn main() {}
