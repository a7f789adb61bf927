use redis_cached::redis_cached;

#[redis_cached(ttl = 60 key = "a")]
fn comma() -> u8 {
    1
}

#[redis_cached("a", ttl = 60)]
fn no_name() -> u8 {
    1
}

fn main() {}
