use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "row:<id>")]
fn row<T: Default, const N: usize>(id: u64) -> u64 {
    id
}

fn main() {}
