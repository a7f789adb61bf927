#![allow(unused_variables)]

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>", group = "users:<id>")]
fn template(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", group = users)]
fn not_text(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", group = "")]
fn empty(id: u64) -> u8 {
    1
}

fn main() {}
