use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(get_user(name))]
fn rename(name: &str) {
    let _ = name;
}

#[redis_invalidates(get_user(&name))]
fn rename_by_reference(name: &str) {
    let _ = name;
}

#[redis_invalidates(get_user(ret))]
fn create() -> Result<String, u8> {
    Ok(String::new())
}

fn main() {}
