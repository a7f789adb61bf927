use redis_cached::redis_cached;

#[derive(Debug)]
enum Error {
    NotFound,
}

#[redis_cached(ttl = 60, key = "a", negative = |e| matches!(e, Error::NotFound), negative_ttl = 30)]
async fn value() -> Result<u8, Error> {
    Ok(1)
}

fn main() {}
