use redis_cached::{redis_cached, redis_updates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_updates(get_user(1), tag("org"), group("lists"), before, valu = 1)]
fn save() -> String {
    String::new()
}

#[redis_updates]
fn nothing() -> String {
    String::new()
}

fn main() {}
