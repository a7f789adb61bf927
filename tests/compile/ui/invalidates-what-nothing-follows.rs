use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

use std::future::Future;

#[redis_invalidates(get_user(1))]
fn never() -> ! {
    panic!()
}

#[redis_invalidates(get_user(1))]
fn future() -> impl Future<Output = u8> {
    async { 1 }
}

#[redis_invalidates(get_user(1))]
const fn constant() {}

fn main() {}
