//! A function that may run once more in the background, and one that need not.

#[redis_cached(ttl = 60, key = "user:<id>:<name>", skip(db), stale_while_revalidate = "30s", stale_if_error = "1h")]
async fn refreshed(db: &Pool, id: u64, name: &str) -> Result<User, Error> {
    db.fetch(id, name).await
}

#[redis_cached(ttl = 60, key = "user:<id>", stale_while_revalidate = 30)]
fn refreshed_blocking(id: u64) -> User {
    fetch(id)
}

impl Service {
    #[redis_cached(ttl = 60, key = "user:<id>", skip(self), stale_while_revalidate = 30)]
    async fn refreshed_method(&self, id: UserId) -> Option<User> {
        self.users.get(&id).cloned()
    }
}

#[redis_cached(ttl = 60, key = "user:<id>", local = "30s")]
async fn kept(id: u64) -> Result<Arc<User>, Error> {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "user:<id>", stale_if_error = 600, early_refresh = 1)]
async fn early(id: u64) -> Result<User, Error> {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "user:<id>", skip(db), finish_in_background = true)]
async fn finished(db: &Pool, id: u64) -> Result<User, Error> {
    db.fetch(id).await
}

#[redis_cached(ttl = 1800, sliding, key = "session:<id>", local = "30s")]
async fn sliding(id: u64) -> Option<User> {
    fetch(id).await
}

#[redis_cached(ttl = 1800, sliding, max_age = "1d", key = "session:<id>")]
async fn sliding_for_a_day(id: u64) -> Option<User> {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "user:<id>", skip(db), stale_if_error = "1h", timeout = "300ms")]
async fn in_time(db: &Pool, id: u64) -> Result<User, Error> {
    db.fetch(id).await
}

#[redis_cached(ttl = 60, key = "user:<id>", skip(db), verify = 0.01, invalidated = true)]
async fn verified(db: &Pool, id: u64) -> Result<User, Error> {
    db.fetch(id).await
}

#[redis_cached(ttl = 60, key = "user:<id>", verify = SHARE, stale_while_revalidate = 30)]
fn verified_blocking(id: u64) -> User {
    fetch(id)
}

#[redis_cached(ttl = 60, key = "page:<url>", stale_if_error = "1d", conditional = old)]
async fn conditional(url: &str) -> Result<Page, Error> {
    match (fetch(url, old.as_ref().map(|page| &page.etag)).await?, old) {
        (None, Some(old)) => Ok(old.not_modified()),
        (page, _) => page.ok_or(Error::NotModified),
    }
}

#[redis_cached(ttl = 60, key = "page:<url>", stale_while_revalidate = "1d", conditional = old)]
fn conditional_blocking(url: &str) -> Page {
    fetch(url, old)
}

impl Site {
    #[redis_cached(ttl = 60, key = "page:<url>", skip(self), stale_while_revalidate = "1d", conditional = old)]
    async fn conditional_method(&self, url: String) -> Page {
        self.fetch(url, old).await
    }
}
