#![allow(unused_variables)]

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>", tags = ["org:<org>"])]
fn get(org: u64, id: u64) -> u8 {
    1
}

fn main() {}
