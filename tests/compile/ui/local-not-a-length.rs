use redis_cached::redis_cached;

#[redis_cached(ttl = 60, local = |_| std::time::Duration::from_secs(1), key = "a")]
fn closure() -> u8 {
    1
}

#[redis_cached(ttl = 60, local = "soon", key = "a")]
fn text() -> u8 {
    1
}

#[redis_cached(ttl = 60, local, key = "a")]
fn bare() -> u8 {
    1
}

#[redis_cached(ttl = 60, local = 0, key = "a")]
fn zero() -> u8 {
    1
}

fn main() {}
