use redis_cached::{KeyPart, redis_cached};

macro_rules! any {
    () => {
        impl KeyPart
    };
}

#[redis_cached(ttl = 60, key = "len:<x>")]
fn describe(x: Vec<any!()>) -> usize {
    x.len()
}

fn main() {}
