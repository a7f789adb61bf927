use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(get_user(1))]
struct User;

trait Users {
    #[redis_invalidates(get_user(1))]
    fn rename(&self);
}

fn main() {}
