//! Whatever is wrong, the function comes out as it was written, with every error and without a companion.
pub async fn get_user(db: &Pool, id: u64) -> Result<User, sqlx::Error> {
    let user = db.fetch(id).await?;
    Ok(user)
}
::core::compile_error! {
    "with a `ttl` of zero nothing is ever found again: write seconds, `ttl = 3600`, or a length of time, `ttl = \"1h30m\"`"
}
::core::compile_error! {
    "`jitter` is a share of the TTL, a literal from 0 to 1: write `jitter = 0.1` for up to 10 %"
}
::core::compile_error! {
    "`{id}` is text and would be the same for every call: write `<id>` for the argument (braces mark what Redis Cluster hashes, as in \"{user:<id>}:orders\")"
}
::core::compile_error! {
    "the argument `db` is not in the key, so calls that differ in it alone would be given each other's results: add `<db>` to the key, or `skip(db)` if the result does not depend on it"
}
