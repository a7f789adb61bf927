use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(entry(get_user(id)))]
fn rename(id: u64) {
    let _ = id;
}

fn main() {}
