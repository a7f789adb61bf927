use redis_cached::{KeyPart, redis_cached};

#[redis_cached(ttl = 60, key = "shape:<shape>")]
fn area(shape: &dyn KeyPart) -> usize {
    1
}

fn main() {}
