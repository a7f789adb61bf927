use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<id>", cache_if = |value| *value > id)]
fn value(id: u64) -> u64 {
    id
}

fn main() {}
