use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(tag(5), tag(), tag("a", "b"), tag(""), tag("org:<org"), tag("{id}"))]
fn rename(id: u64, name: &str) {
    let _ = (id, name);
}

fn main() {}
