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
