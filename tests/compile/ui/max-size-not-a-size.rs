use redis_cached::redis_cached;

#[redis_cached(ttl = 60, max_size = 0, key = "a")]
fn zero() -> u8 {
    1
}

#[redis_cached(ttl = 60, max_size = "64M", key = "a")]
fn unit() -> u8 {
    1
}

#[redis_cached(ttl = 60, max_size = |_| 5, key = "a")]
fn closure() -> u8 {
    1
}

#[redis_cached(ttl = 60, max_size, key = "a")]
fn bare() -> u8 {
    1
}

#[redis_cached(ttl = 60, max_size = 5_u8 + 1, key = "a")]
fn number() -> u8 {
    1
}

fn main() {}
