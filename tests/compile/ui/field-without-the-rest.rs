#![allow(unused)]

use redis_cached::redis_cached;

struct Query {
    text: String,
    sort: u8,
}

struct Path<T>(T);

#[redis_cached(ttl = 60, key = "search:<query.text>")]
fn search(query: Query) -> u64 {
    1
}

#[redis_cached(ttl = 60, key = "search:<query.text>:<query.sort>:<pair.0>")]
fn by_reference(query: &Query, pair: &(u8, u8)) -> u64 {
    1
}

#[redis_cached(ttl = 60, key = "search:<query.text>")]
fn in_a_pattern(Path(query): Path<Query>) -> u64 {
    1
}

#[redis_cached(ttl = 60, key = "search:<query.text>:<query>", skip(query))]
fn twice(query: Query) -> u64 {
    1
}

fn main() {}
