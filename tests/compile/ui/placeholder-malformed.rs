use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<id.>:<>:< id >:<0>")]
fn value(id: u64) -> u64 {
    id
}

fn main() {}
