use redis_cached::redis_cached;

#[redis_cached(ttl = "3600", key = "a")]
fn no_unit() -> u8 {
    1
}

#[redis_cached(ttl = "2 fortnights", key = "a")]
fn unknown_unit() -> u8 {
    1
}

fn main() {}
