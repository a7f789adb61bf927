use redis_cached::redis_cached;

#[redis_cached(ttl = |id, value| std::time::Duration::from_secs(id + value), key = "a:<id>")]
fn two(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = || std::time::Duration::from_secs(1), key = "a:<id>")]
fn none(id: u64) -> u64 {
    id
}

fn main() {}
