use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a < b:<id>")]
fn less(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "user:<id")]
fn end(id: u64) -> u64 {
    id
}

fn main() {}
