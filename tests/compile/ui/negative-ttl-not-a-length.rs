use redis_cached::redis_cached;

#[redis_cached(ttl = 60, negative_ttl = "never", key = "a")]
fn never() -> Option<u8> {
    None
}

#[redis_cached(ttl = 60, negative_ttl = |_| std::time::Duration::from_secs(1), key = "a")]
fn closure() -> Option<u8> {
    None
}

fn main() {}
