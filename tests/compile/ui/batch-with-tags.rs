#![allow(unused)]

use std::collections::HashMap;

use redis_cached::{Tag, redis_cached};

#[derive(Debug, Clone, PartialEq, Eq, Hash, redis_cached::KeyPart)]
struct UserId {
    org: u64,
    id: u64,
}

#[redis_cached(
    ttl = 60,
    key = "user:<ids>",
    batch = ids,
    tags = ["org:<ids.org>", "pair:<ids>:<ids>", City(ids)]
)]
async fn users(ids: &[UserId]) -> HashMap<UserId, String> {
    HashMap::new()
}

#[derive(Tag)]
#[tag("city:<0>")]
struct City(u64);

fn main() {}
