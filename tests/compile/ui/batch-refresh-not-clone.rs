#![allow(unused)]

use std::collections::HashMap;
use std::rc::Rc;

use redis_cached::redis_cached;

struct Pool;

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(pool), stale_while_revalidate = 30)]
async fn users(pool: &Pool, ids: &[u64]) -> HashMap<u64, String> {
    HashMap::new()
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, stale_while_revalidate = 30)]
fn users_by_name(ids: Vec<Rc<str>>) -> HashMap<Rc<str>, String> {
    HashMap::new()
}

fn main() {}
