//! One call for many keys.

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(db))]
async fn users(db: &Pool, ids: &[u64]) -> Result<HashMap<u64, User>, Error> {
    db.fetch(ids).await
}

#[redis_cached(ttl = 60, key = "user:<tenant>:<ids>", batch = ids, negative_ttl = 5)]
fn users_of(tenant: &str, mut ids: Vec<UserId>) -> BTreeMap<UserId, User> {
    ids.sort();
    fetch(tenant, ids)
}

impl Service {
    #[redis_cached(ttl = 60, batch = names, skip(self))]
    async fn by_name(&self, names: impl IntoIterator<Item = String>) -> Vec<(String, User)> {
        self.users.by_name(names).await
    }

    #[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(self))]
    fn by_alias(&mut self, ids: impl Iterator<Item = u64>) -> io::Result<Users> {
        self.users.get(ids)
    }
}

#[redis_cached(ttl = 60, key = "user:<name>:<ids>", batch = ids, skip(db), stale_while_revalidate = 30)]
async fn refreshed(db: &Pool, name: String, ids: &[u64]) -> Result<HashMap<u64, User>, Error> {
    db.fetch(&name, ids).await
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(db), verify = 0.01)]
async fn verified(db: &Pool, ids: &[u64]) -> Result<HashMap<u64, User>, Error> {
    db.fetch(ids).await
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, verify = share(), stale_while_revalidate = 30)]
fn verified_blocking(ids: Vec<u64>) -> Vec<(u64, User)> {
    fetch(ids)
}

#[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, stale_while_revalidate = 30)]
fn refreshed_blocking(mut ids: Vec<u64>) -> Vec<(u64, User)> {
    ids.sort();
    fetch(ids)
}

impl Refreshed {
    #[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(self), stale_while_revalidate = 30)]
    async fn refreshed_method(&self, ids: impl Iterator<Item = u64>) -> HashMap<u64, User> {
        self.users.get(ids).await
    }
}

impl Users for Refreshed {
    #[redis_cached(ttl = 60, key = "user:<ids>", batch = ids, skip(self), stale_while_revalidate = 30, entry = false)]
    fn refreshed_in_a_trait(&self, ids: impl Iterator<Item = u64>) -> HashMap<u64, User> {
        self.users.get(ids)
    }
}

#[redis_cached(ttl = 60, key = "user:<emails:secret>", batch = emails, tags = ["of:<emails:secret>"])]
async fn secrets(emails: &[String]) -> HashMap<String, User> {
    fetch(emails).await
}
