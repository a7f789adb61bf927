use redis_cached::redis_cached;

#[redis_cached(ttl = 60, sealed = true, key = "a:<id>")]
fn with_a_value(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, saeled, key = "a:<id>")]
fn misspelt(id: u64) -> u64 {
    id
}

fn main() {}
