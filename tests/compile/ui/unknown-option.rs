use redis_cached::redis_cached;

#[redis_cached(tll = 60, ttl = 60, key = "a")]
fn near() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", frobnicate(a, b))]
fn far() -> u8 {
    1
}

fn main() {}
