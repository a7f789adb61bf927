#![allow(unused)]

use redis_cached::{redis_cached, redis_invalidates, redis_updates};

#[redis_cached(ttl = 60, key = "square:<n>")]
fn square(n: u64) -> u64 {
    n * n
}

#[redis_invalidates(for name in names { square(name) })]
fn elements_of_another_type(names: &[String]) {}

#[redis_invalidates(for n in number { square(n) })]
fn no_collection(number: u64) {}

#[redis_updates(for n in ret { square(n.0) })]
fn values_of_another_type() -> Vec<(u64, String)> {
    Vec::new()
}

fn main() {}
