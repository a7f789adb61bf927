use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(get_user(user_id), tag("org:<og>"))]
fn rename(id: u64, org: &str) {
    let _ = (id, org);
}

fn main() {}
