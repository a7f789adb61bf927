use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "a", compress = "lz4")]
fn text() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", compress = Gzip)]
fn unknown() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", compress)]
fn bare() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", compress = Lz4, compress = Zstd)]
fn doubled() -> u8 {
    1
}

fn main() {}
