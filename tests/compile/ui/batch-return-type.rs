#![allow(unused)]

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids)]
fn list(ids: &[u64]) -> Vec<String> {
    Vec::new()
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids)]
async fn one(ids: &[u64]) -> Result<String, ()> {
    Ok(String::new())
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids)]
fn borrowed(ids: &[u64]) -> &'static [(u64, String)] {
    &[]
}

fn main() {}
