use std::collections::HashMap;

use redis_cached::redis_cached;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct User;

#[redis_cached(ttl = 60, key = "a", negative = |_| true, negative_ttl = 30)]
async fn one() -> User {
    User
}

#[redis_cached(ttl = 60, key = "a:<ids>", negative = |_| true, negative_ttl = 30, batch = ids)]
async fn many(ids: &[u8]) -> HashMap<u8, User> {
    ids.iter().map(|id| (*id, User)).collect()
}

fn main() {}
