//! Each option by itself.

#[redis_cached(ttl = 3600, key = "user:<id>", skip(db))]
async fn get_user(db: &Pool, id: u64) -> Result<User, sqlx::Error> {
    let row = db.fetch(id).await?;
    Ok(row.into())
}

#[redis_cached(ttl = "1h30m", key = "a")]
async fn ttl_humantime() -> u8 {
    1
}

#[redis_cached(ttl = "1500ms", key = "a")]
async fn ttl_milliseconds() -> u8 {
    1
}

#[redis_cached(ttl = "never", key = "a")]
async fn ttl_never() -> u8 {
    1
}

#[redis_cached(ttl = Duration::from_secs(seconds), key = "a:<id>", skip(seconds))]
async fn ttl_expression(seconds: u64, id: u64) -> u8 {
    1
}

#[redis_cached(ttl = |user: &User| user.ttl, key = "a:<id>")]
async fn ttl_of_value(id: u64) -> User {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "a:<id>", cache = caches.main, skip(caches))]
async fn cache(caches: &Caches, id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", cache_if = |user: &User| user.active)]
async fn cache_if(id: u64) -> User {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "a:<id>", negative_ttl = 30)]
async fn negative_ttl(id: u64) -> Option<User> {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "a:<id>", jitter = 0.1)]
async fn jitter(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", local = revalidate)]
async fn revalidated(id: u64) -> u8 {
    id as u8
}

#[redis_cached(ttl = 60, key = "a:<id>", replica_reads = verified)]
async fn verified_replica_reads(id: u64) -> u8 {
    id as u8
}

#[redis_cached(ttl = 60, key = "a:<id>", replica_reads = "2s")]
async fn bounded_replica_reads(id: u64) -> u8 {
    id as u8
}

#[redis_cached(ttl = 60, key = "a:<id>", sealed)]
async fn sealed(id: u64) -> u8 {
    id as u8
}

#[redis_cached(ttl = 60, key = "a:<id>", max_wait = "500ms")]
async fn max_wait(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", max_size = "64KiB")]
async fn max_size(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", codec = Json)]
async fn codec(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", compress = Zstd)]
async fn compress(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", version = 2)]
async fn version(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", entry = renamed)]
async fn entry_renamed(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", entry = false)]
async fn entry_left_out(id: u64) -> u8 {
    1
}

#[redis_cached(ttl = 60, key = "a:<id>", crate = crate::reexported::cache)]
async fn runtime_renamed(id: u64) -> u8 {
    1
}
