#![allow(unused)]

use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "user:<tenant>:<ids>", batch = ids)]
async fn users(tenant: String, ids: &[u64]) -> HashMap<u64, String> {
    let tenant = tenant.into_bytes();
    HashMap::new()
}

fn main() {}
