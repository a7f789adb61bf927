use redis_cached::redis_cached;

#[redis_cached(ttl = std::time::Duration::from_secs(a), key = "a", skip(a))]
fn value((a, b): (u64, u64)) -> u64 {
    a + b
}

fn main() {}
