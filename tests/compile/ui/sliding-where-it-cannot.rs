use redis_cached::redis_cached;

#[redis_cached(ttl = "never", sliding, key = "a:<id>")]
fn never(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, sliding = true, key = "a:<id>")]
fn with_a_value(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, sliding, early_refresh = 1.0, replica_reads = verified, key = "a:<id>")]
fn with_both(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, sliding, tags = |id: &u64| vec![id.to_string()], key = "a:<id>")]
fn with_tags_of_values(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = |id: &u64| std::time::Duration::from_secs(*id), sliding, local = "10s", key = "a:<id>")]
fn with_local(id: u64) -> u64 {
    id
}

fn main() {}
