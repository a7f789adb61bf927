use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates]
fn rename(id: u64) {
    let _ = id;
}

#[redis_invalidates(before)]
fn forget(id: u64) {
    let _ = id;
}

#[redis_invalidates(id + 1, "get_user")]
fn add(id: u64) {
    let _ = id;
}

fn main() {}
