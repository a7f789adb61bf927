use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<id>")]
fn user(id: u64) -> u64 {
    let text = String::new();
    text.
}

fn main() {}
