use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a")]
fn iterator() -> impl Iterator<Item = u8> {
    [1].into_iter()
}

#[redis_cached(ttl = 60, key = "a")]
fn future() -> impl Future<Output = u8> {
    async { 1 }
}

fn main() {}
