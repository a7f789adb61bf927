use std::collections::HashMap;

use redis_cached::redis_cached;

#[derive(serde::Serialize, serde::Deserialize)]
enum Error {
    NotFound,
}

#[redis_cached(ttl = 60, key = "a", negative = |e| matches!(e, Error::NotFound))]
async fn for_how_long() -> Result<u8, Error> {
    Ok(1)
}

#[redis_cached(ttl = 60, key = "a", negative = |e| matches!(e, Error::NotFound), negative_ttl = 30)]
async fn no_result() -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a", negative = true, negative_ttl = 30)]
async fn no_closure() -> Result<u8, Error> {
    Ok(1)
}

#[redis_cached(ttl = 60, key = "a:<id>", negative = |e| id == 1, negative_ttl = 30)]
async fn an_argument(id: u8) -> Result<u8, Error> {
    Ok(id)
}

#[redis_cached(ttl = 60, key = "a:<ids>", negative = |_| true, negative_ttl = 30, batch = ids)]
async fn values_that_are_none(ids: &[u8]) -> Result<HashMap<u8, u8>, Error> {
    Ok(ids.iter().map(|id| (*id, 1)).collect())
}

fn main() {}
