use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", codec = Yaml)]
fn unknown() -> u8 {
    1
}

fn main() {}
