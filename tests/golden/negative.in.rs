//! Errors that are remembered.

#[redis_cached(ttl = 3600, negative = |e| matches!(e, Error::NotFound), negative_ttl = 30, key = "a:<id>")]
async fn chosen(id: u64) -> Result<User, Error> {
    fetch(id).await
}

#[redis_cached(ttl = |user: &User| user.ttl(), cache_if = User::is_known, tags = |user: &User| user.tags(), negative = Error::is_final, negative_ttl = 30, local = 5, key = "b:<id>")]
fn with_closures_of_the_value(id: u64) -> io::Result<User> {
    fetch(id)
}

#[redis_cached(ttl = 3600, stale_while_revalidate = 60, negative = Error::is_final, negative_ttl = 30, key = "c:<id>")]
async fn in_the_background(id: u64) -> AppResult<User> {
    fetch(id).await
}

#[redis_cached(ttl = 3600, negative = |e| matches!(e, Error::NotFound), negative_ttl = 30, key = "a:<ids>", batch = ids)]
async fn many(ids: &[u64]) -> HashMap<u64, Result<User, Error>> {
    fetch_all(ids).await
}
