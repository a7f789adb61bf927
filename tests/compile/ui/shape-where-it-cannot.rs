use std::collections::{HashMap, HashSet};

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", shape = Set, local = "30s")]
fn with_local() -> HashSet<u64> {
    HashSet::new()
}

#[redis_cached(ttl = 60, key = "a", shape = Set, local = revalidate)]
fn with_copies() -> HashSet<u64> {
    HashSet::new()
}

#[redis_cached(ttl = 60, key = "a", shape = Set, compress = Lz4)]
fn compressed() -> HashSet<u64> {
    HashSet::new()
}

#[redis_cached(ttl = 60, key = "a:<ids>", shape = Set, batch = ids)]
fn in_a_batch(ids: &[u64]) -> HashMap<u64, HashSet<u64>> {
    ids.iter().map(|id| (*id, HashSet::new())).collect()
}

#[redis_cached(ttl = 60, key = "a", shape = Set, replica_reads = verified)]
fn from_replicas() -> HashSet<u64> {
    HashSet::new()
}

#[redis_cached(ttl = 60, key = "a", shape = Set, negative = |error| error.is_empty(), negative_ttl = 5)]
fn with_errors() -> Result<HashSet<u64>, String> {
    Ok(HashSet::new())
}

#[redis_cached(ttl = 60, key = "a", shape = Set, tags = ["a", |ids: &HashSet<u64>| vec![ids.len().to_string()]])]
fn with_tags_of_the_value() -> HashSet<u64> {
    HashSet::new()
}

fn main() {}
