use std::collections::HashMap;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, conditional = old, key = "a:<id>")]
fn without_a_window(id: u64) -> u64 {
    old.map_or(id, |old| old.not_modified())
}

#[redis_cached(ttl = 60, stale_if_error = "1h", conditional = |old| old, key = "a:<id>")]
fn not_a_name(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, stale_if_error = "1h", conditional = id, key = "a:<id>")]
fn of_an_argument(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, stale_if_error = "1h", conditional = old, key = "a:<ids>", batch = ids)]
fn of_many(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, stale_if_error = "1h", conditional = old, tags = |id: &u64| vec![id.to_string()], key = "a:<id>")]
fn with_tags_of_values(id: u64) -> u64 {
    id
}

// What cannot be made without an older value cannot be said without one.
#[redis_cached(ttl = 60, stale_if_error = "1h", conditional = old, key = "a:<id>")]
fn nothing_old(id: u64) -> u64 {
    old.not_modified()
}

fn main() {}
