#![allow(unused)]

use std::collections::HashMap;

use redis_cached::{KeyPart, redis_cached};

#[derive(Clone, PartialEq, Eq, Hash, KeyPart)]
struct Sku {
    shop: u32,
    number: u32,
}

#[redis_cached(ttl = 60, key = "users", batch = ids)]
fn forgotten(ids: &[u64]) -> HashMap<u64, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "users", batch = ids, skip(ids))]
fn skipped(ids: &[u64]) -> HashMap<u64, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "product:<skus.number>", batch = skus)]
fn in_part(skus: &[Sku]) -> HashMap<Sku, u64> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "user:<ids>:<ids>", batch = ids)]
fn twice(ids: &[u64]) -> HashMap<u64, u64> {
    HashMap::new()
}

fn main() {}
