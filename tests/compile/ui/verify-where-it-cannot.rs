use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<ids>", batch = ids, verify = 0.01)]
async fn batch(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, key = "a:<id>", skip(log), verify = 0.01)]
async fn of_a_reference(log: &mut Vec<u64>, id: u64) -> u64 {
    log.push(id);
    id
}

fn main() {}
