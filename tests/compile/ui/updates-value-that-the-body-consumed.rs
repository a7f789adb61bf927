use redis_cached::{redis_cached, redis_updates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_updates(get_user(1), value = name)]
fn save(name: String) {
    drop(name);
}

fn main() {}
