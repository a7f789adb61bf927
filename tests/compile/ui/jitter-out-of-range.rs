use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", jitter = 2.0)]
fn above() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", jitter = -0.1)]
fn below() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", jitter = "10%")]
fn text() -> u8 {
    1
}

fn main() {}
