use redis_cached::{redis_cached, redis_updates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_updates(get_user(1))]
fn number() -> u64 {
    1
}

#[redis_updates(get_user(1))]
fn maybe() -> Result<Option<String>, u8> {
    Ok(None)
}

#[redis_updates(get_user(1), value = 7)]
fn other() -> String {
    String::new()
}

#[redis_cached(ttl = 60, key = "count")]
fn count() -> u64 {
    1
}

#[redis_updates(get_user(1), count())]
fn two() -> String {
    String::new()
}

fn main() {}
