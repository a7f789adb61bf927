use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(get_user(id), on_error)]
fn infallible(id: u64) {
    let _ = id;
}

#[redis_invalidates(get_user(*ret), before, on_error)]
fn create() -> Result<u64, u8> {
    Ok(1)
}

fn main() {}
