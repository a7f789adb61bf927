use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", entry = "value_entry")]
fn text() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", entry = true)]
fn flag() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", entry = itself)]
fn itself() -> u8 {
    1
}

fn main() {}
