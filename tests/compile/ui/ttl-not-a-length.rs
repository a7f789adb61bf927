use redis_cached::redis_cached;

#[redis_cached(ttl = 1.5, key = "a")]
fn fraction() -> u8 {
    1
}

#[redis_cached(ttl = 90s, key = "a")]
fn unit() -> u8 {
    1
}

#[redis_cached(ttl = -1, key = "a")]
fn negative() -> u8 {
    1
}

#[redis_cached(ttl = true, key = "a")]
fn flag() -> u8 {
    1
}

fn main() {}
