use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(get_user())]
fn rename(id: u64) {
    let _ = id;
}

#[redis_invalidates(get_user(id, 2))]
fn rename_twice(id: u64) {
    let _ = id;
}

fn main() {}
