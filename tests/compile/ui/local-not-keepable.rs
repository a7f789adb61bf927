use redis_cached::redis_cached;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct NotClone(u64);

#[redis_cached(ttl = 60, local = "30s", key = "a")]
fn not_clone() -> NotClone {
    NotClone(1)
}

fn main() {}
