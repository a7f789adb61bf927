use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", crate = "my::cache")]
fn value() -> u8 {
    1
}

fn main() {}
