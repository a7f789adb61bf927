use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a")]
pub struct User {
    id: u64,
}

#[redis_cached(ttl = 60, key = "a")]
const ID: u64 = 1;

fn main() {}
