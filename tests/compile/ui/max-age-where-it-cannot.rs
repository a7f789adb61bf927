use redis_cached::redis_cached;

#[redis_cached(ttl = 60, max_age = "1d", key = "a:<id>")]
fn without_sliding(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = "1h", sliding, max_age = 3600, key = "a:<id>")]
fn no_longer_than_the_ttl(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, sliding, max_age = "never", key = "a:<id>")]
fn never(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, sliding, max_age = 0, key = "a:<id>")]
fn zero(id: u64) -> u64 {
    id
}

fn main() {}
