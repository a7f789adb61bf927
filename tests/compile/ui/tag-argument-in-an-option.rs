#![allow(unused_variables)]

use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "page:<viewer>", tags = ["viewer:<viewer>"])]
fn page(viewer: Option<u64>) -> u8 {
    1
}

#[redis_invalidates(tag("viewers:<viewers>"))]
fn follow(viewers: Vec<u64>) {}

fn main() {}
