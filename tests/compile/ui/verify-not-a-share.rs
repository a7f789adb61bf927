use redis_cached::redis_cached;

#[redis_cached(ttl = 60, verify = 1.5, key = "a")]
fn above_one() -> u8 {
    1
}

#[redis_cached(ttl = 60, verify = -0.1, key = "a")]
fn negative() -> u8 {
    1
}

#[redis_cached(ttl = 60, verify = "1 %", key = "a")]
fn text() -> u8 {
    1
}

#[redis_cached(ttl = 60, verify = |_| 0.1, key = "a")]
fn closure() -> u8 {
    1
}

#[redis_cached(ttl = 60, verify, key = "a")]
fn bare() -> u8 {
    1
}

#[redis_cached(ttl = 60, verify = 1_u8 + 1, key = "a")]
fn number() -> u8 {
    1
}

#[redis_cached(ttl = 60, invalidated = "yes", key = "a")]
fn says_nothing() -> u8 {
    1
}

fn main() {}
