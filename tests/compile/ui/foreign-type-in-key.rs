use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "value:<value>")]
fn of(value: serde_json::Value) -> u64 {
    1
}

fn main() {}
