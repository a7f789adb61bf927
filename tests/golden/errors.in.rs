//! Whatever is wrong, the function comes out as it was written, with every error and without a companion.

#[redis_cached(ttl = 0, key = "user:{id}", jitter = 2)]
pub async fn get_user(db: &Pool, id: u64) -> Result<User, sqlx::Error> {
    let user = db.fetch(id).await?;
    Ok(user)
}
