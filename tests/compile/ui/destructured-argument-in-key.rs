use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<a>:<b>")]
fn value((a, b): (u64, u64)) -> u64 {
    a + b
}

fn main() {}
