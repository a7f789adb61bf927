use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", cache = url, skip(url))]
fn value(url: &str) -> u8 {
    1
}

fn main() {}
