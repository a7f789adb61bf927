use std::collections::HashSet;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", shape = Set)]
fn a_number() -> u64 {
    1
}

#[redis_cached(ttl = 60, key = "b", shape = SortedSet)]
fn without_scores() -> Result<HashSet<u64>, String> {
    Ok(HashSet::new())
}

#[derive(serde::Serialize, serde::Deserialize)]
struct User {
    id: u64,
}

#[redis_cached(ttl = 60, key = "c:<id>", shape = Hash)]
async fn without_the_derive(id: u64) -> User {
    User { id }
}

fn main() {}
