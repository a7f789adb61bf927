use redis_cached::redis_cached;

#[redis_cached(ttl = 60, max_wait = |_| std::time::Duration::from_secs(1), key = "a")]
fn closure() -> u8 {
    1
}

#[redis_cached(ttl = 60, max_wait = "never", key = "a")]
fn never() -> u8 {
    1
}

#[redis_cached(ttl = 60, max_wait = 0.5, key = "a")]
fn fraction() -> u8 {
    1
}

#[redis_cached(ttl = 60, max_wait, key = "a")]
fn bare() -> u8 {
    1
}

#[redis_cached(ttl = 60, max_wait = 5_u8 + 1, key = "a")]
fn number() -> u8 {
    1
}

fn main() {}
