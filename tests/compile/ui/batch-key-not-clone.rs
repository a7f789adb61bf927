#![allow(unused)]

use std::collections::HashMap;

use redis_cached::{KeyPart, redis_cached};

#[derive(PartialEq, Eq, Hash, KeyPart)]
struct Id(u64);

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids)]
fn users(ids: &[Id]) -> HashMap<Id, String> {
    HashMap::new()
}

fn main() {}
