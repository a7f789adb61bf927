#![allow(unused)]

use std::collections::{HashMap, HashSet};

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids)]
fn set(ids: HashSet<u64>) -> HashMap<u64, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(I))]
fn parameter<I: IntoIterator<Item = u64>>(ids: I) -> HashMap<u64, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids)]
fn mutable(ids: &mut [u64]) -> HashMap<u64, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "user:<names>", batch = names)]
fn borrowed_keys(names: &[&str]) -> HashMap<String, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "user:<id>", batch = id)]
fn one(id: u64) -> HashMap<u64, u64> {
    HashMap::new()
}

fn main() {}
