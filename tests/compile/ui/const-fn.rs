use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a")]
const fn value() -> u8 {
    1
}

fn main() {}
