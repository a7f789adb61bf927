#![allow(unused_variables)]

use redis_cached::{Tag, redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "\u{1}tags")]
fn key() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", tags = ["a\u{1}"], group = "\x01")]
fn tags() -> u8 {
    1
}

#[redis_invalidates(tag("\u{1}"), group("a\u{1}b"))]
fn writer() {}

#[derive(Tag)]
#[tag("a\u{1}<0>")]
struct Typed(u8);

fn main() {}
