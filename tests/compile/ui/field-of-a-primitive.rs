use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<id.value>:<text.0>")]
fn value(id: u64, text: &str) -> u64 {
    id + text.len() as u64
}

fn main() {}
