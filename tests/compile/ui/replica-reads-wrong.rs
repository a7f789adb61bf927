use redis_cached::redis_cached;

#[redis_cached(ttl = 60, replica_reads = Verified, key = "a")]
fn in_capitals() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads = "verified", key = "a")]
fn in_quotes() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads, key = "a")]
fn bare() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads = 0, key = "a")]
fn zero() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads = "never", key = "a")]
fn never() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads = "2 parsecs", key = "a")]
fn no_length() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads = true, key = "a")]
fn a_truth() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads = verified, local = "30s", key = "a")]
fn with_local() -> u8 {
    1
}

#[redis_cached(ttl = 60, replica_reads = 5_u8 + 1, key = "a")]
fn a_number() -> u8 {
    1
}

fn main() {}
