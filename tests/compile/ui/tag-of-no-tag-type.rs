#![allow(unused_variables)]

use redis_cached::{Tag, redis_cached, redis_invalidates};

#[derive(Tag)]
#[tag("team:<0>")]
struct Team(u64);

struct City(&'static str);

#[redis_cached(ttl = 60, key = "a:<id>", tags = [id])]
fn a_number(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", tags = [City("x")])]
fn not_declared(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<name>", tags = [Team(name)])]
fn another_type(name: &str) -> u8 {
    1
}

#[redis_invalidates(tag(City("x")))]
fn writer_of_none() {}

#[redis_invalidates(tag(Team(name)))]
fn writer_of_another_type(name: &str) {}

fn main() {}
