use std::collections::{HashMap, HashSet};

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "filter:<filter>:<ids>")]
fn filtered(filter: &HashMap<String, u8>, ids: Vec<HashSet<u64>>) -> u64 {
    1
}

fn main() {}
