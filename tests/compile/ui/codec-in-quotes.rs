use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", codec = "json")]
fn text() -> u8 {
    1
}

fn main() {}
