use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "a:<id>")]
async fn get(id: u8) -> u8 {
    id
}

struct Error;

#[redis_invalidates(get(id), strict)]
async fn an_error_that_it_cannot_become(id: u8) -> Result<u8, Error> {
    Ok(id)
}

#[redis_invalidates(get(id), strict)]
async fn no_result(id: u8) -> u8 {
    id
}

#[redis_invalidates(get(id), strikt)]
async fn misspelt(id: u8) -> Result<u8, redis_cached::Error> {
    Ok(id)
}

fn main() {}
