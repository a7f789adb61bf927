use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", ttl = 30)]
fn value() -> u8 {
    1
}

fn main() {}
