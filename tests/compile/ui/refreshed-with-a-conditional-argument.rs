use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "value:<id>", stale_while_revalidate = 30)]
fn value(#[cfg(all())] id: u64) -> u64 {
    id
}

fn main() {}
