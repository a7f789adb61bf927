use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<user_id>:<i>", skip(user_ids))]
fn near(user_ids: u64, id: u64) -> u64 {
    user_ids + id
}

#[redis_cached(ttl = 60, key = "<a>")]
fn none() -> u64 {
    1
}

fn main() {}
