use redis_cached::redis_cached;

struct Pool;

#[redis_cached(ttl = 60, key = "user:<pool>:<share>")]
fn in_the_key(pool: &Pool, share: f64) -> u64 {
    1
}

#[redis_cached(ttl = 60)]
fn in_the_default_key(pool: Vec<Pool>, id: u64) -> u64 {
    id
}

fn main() {}
