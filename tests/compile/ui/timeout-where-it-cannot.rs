use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a:<id>", timeout = "300ms")]
async fn without_a_window(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "a:<id>", stale_while_revalidate = 30, timeout = "300ms")]
async fn with_the_other_window(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "a:<id>", stale_if_error = 60, timeout = "300ms")]
fn blocking(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "a:<ids>", batch = ids, stale_if_error = 60, timeout = "300ms")]
async fn batch(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, key = "a:<id>", stale_if_error = 60, timeout = "never")]
async fn never(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "a:<id>", stale_if_error = 60, timeout = 0.3)]
async fn a_fraction(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "a:<id>", skip(log), stale_if_error = 60, timeout = "300ms")]
async fn of_a_reference(log: &mut Vec<u64>, id: u64) -> u64 {
    log.push(id);
    id
}

fn main() {}
