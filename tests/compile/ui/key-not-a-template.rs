use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = format!("user:{id}"))]
fn expression(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "")]
fn empty() -> u64 {
    1
}

fn main() {}
