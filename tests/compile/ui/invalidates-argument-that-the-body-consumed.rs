use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(get_user(key(&name, ret)))]
fn rename(name: String) -> u64 {
    drop(name);
    1
}

fn key(_: &str, _: &u64) -> u64 {
    1
}

fn main() {}
