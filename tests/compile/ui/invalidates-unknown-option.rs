use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(get_user(id), befor, on_eror, cahce = 1, value = 2, get_user)]
fn rename(id: u64) {
    let _ = id;
}

#[redis_invalidates(get_user(id), before, before)]
fn rename_twice(id: u64) {
    let _ = id;
}

// The function is still there.
fn call() {
    rename(1);
}

fn main() {}
