use redis_cached::redis_cached;

const TTL: u64 = 60;

#[redis_cached(ttl = TTL, key = "a")]
fn expression() -> u8 {
    1
}

#[redis_cached(ttl = |_| 60, key = "a")]
fn closure() -> u8 {
    1
}

fn main() {}
