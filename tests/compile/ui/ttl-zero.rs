use redis_cached::redis_cached;

#[redis_cached(ttl = 0, key = "a")]
fn seconds() -> u8 {
    1
}

#[redis_cached(ttl = "0s", key = "a")]
fn text() -> u8 {
    1
}

#[redis_cached(ttl = std::time::Duration::ZERO, key = "a")]
fn constant() -> u8 {
    1
}

#[redis_cached(ttl = std::time::Duration::from_millis(0), key = "a")]
fn call() -> u8 {
    1
}

#[redis_cached(ttl = 60, negative_ttl = 0, key = "a")]
fn negative() -> Option<u8> {
    None
}

fn main() {}
