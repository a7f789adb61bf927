use std::rc::Rc;

use redis_cached::redis_cached;

#[redis_cached(ttl = 60, local = revalidated, key = "a")]
fn another_form() -> u8 {
    1
}

#[redis_cached(ttl = 60, local = "revalidate", key = "a")]
fn in_quotes() -> u8 {
    1
}

#[redis_cached(ttl = 60, local = revalidate("30s"), key = "a")]
fn with_a_length() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads = verified, local = revalidate, key = "a")]
fn with_replicas() -> u8 {
    1
}

#[redis_cached(ttl = 60, local = revalidate, key = "a")]
fn not_keepable() -> Rc<u8> {
    Rc::new(1)
}

fn main() {}
