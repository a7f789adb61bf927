use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<T.name>:<id.value>:<other.value>")]
fn value<T>(id: T, other: impl Sized) -> u64 {
    drop((id, other));
    1
}

fn main() {}
