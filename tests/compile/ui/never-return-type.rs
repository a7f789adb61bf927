use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a")]
fn never() -> ! {
    loop {}
}

fn main() {}
