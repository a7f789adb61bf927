#![allow(unused)]

use redis_cached::{redis_cached, redis_invalidates, redis_updates};

#[redis_cached(ttl = 60, key = "square:<n>")]
fn square(n: u64) -> u64 {
    n * n
}

#[redis_invalidates(for n in numbers {}, for n in numbers { before }, for n in numbers { let m = n; }, for id in numbers { square(id) })]
fn not_targets(numbers: &[u64], id: u64) {}

#[redis_updates(for (n, value) in ret { square(n) })]
fn without_a_value() -> Vec<(u64, u64)> {
    Vec::new()
}

fn main() {}
