#![allow(unused_variables)]

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>", tags = |value: &u8| vec![*value])]
fn not_names(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", tags = |value: &u8| vec![format!("{id}")])]
fn captures(id: u64) -> u8 {
    1
}

fn main() {}
