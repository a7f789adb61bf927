#![allow(unused_variables)]

use redis_cached::redis_cached;

struct Org;

#[redis_cached(ttl = 60, key = "a:<id>", skip(org), tags = ["org:<org>"])]
fn get(org: Org, id: u64) -> u8 {
    1
}

fn main() {}
