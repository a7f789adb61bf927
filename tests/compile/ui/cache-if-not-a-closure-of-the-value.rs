use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<id>", cache_if = |id, value| id == value)]
fn two(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "<id>", cache_if = true)]
fn literal(id: u64) -> u64 {
    id
}

fn main() {}
