use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<a><b>-<c>")]
fn value(a: u64, b: u64, c: u64) -> u64 {
    a + b + c
}

fn main() {}
