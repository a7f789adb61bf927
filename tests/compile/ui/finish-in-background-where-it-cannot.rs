use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>", finish_in_background = true)]
fn blocking(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "a:<ids>", batch = ids, finish_in_background = true)]
async fn batch(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, key = "a:<id>", finish_in_background = "yes")]
async fn text(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "a:<id>", finish_in_background)]
async fn bare(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "a:<id>", skip(log), finish_in_background = true)]
async fn of_a_reference(log: &mut Vec<u64>, id: u64) -> u64 {
    log.push(id);
    id
}

fn main() {}
