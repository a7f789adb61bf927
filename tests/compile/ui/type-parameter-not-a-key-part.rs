use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "row:<T>:<id>")]
fn row<T>(id: T) -> u64 {
    1
}

fn main() {}
