#![allow(unused_variables)]

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>", tags = "org:<id>")]
fn not_a_list(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", tags = [])]
fn empty(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", tags = [5, "x", ["y"]])]
fn not_a_template(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", tags = ["org:<orgg>", "{id}", ""], skip(org))]
fn wrong_templates(org: u64, id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", tags = |a: &u8, b: &u8| vec![])]
fn closure_parameters(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", tags = [|a: &u8| vec![], "x", |a: &u8| vec![]])]
fn two_closures(id: u64) -> u8 {
    1
}

fn main() {}
