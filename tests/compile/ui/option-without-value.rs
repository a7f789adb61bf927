use redis_cached::redis_cached;

#[redis_cached(ttl, key = "a")]
fn bare() -> u8 {
    1
}

#[redis_cached(ttl(60), key = "a")]
fn parentheses() -> u8 {
    1
}

#[redis_cached(ttl =, key = "a")]
fn nothing() -> u8 {
    1
}

fn main() {}
