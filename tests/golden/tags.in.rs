//! `tags` and `group`: what follows the key in the chain.

#[redis_cached(ttl = 60, key = "user:<id>", skip(org), tags = ["org:<org>", "users"])]
async fn of_arguments(org: Org, id: u64) -> User {
    fetch(id).await
}

#[redis_cached(ttl = 60, key = "user:<id>", tags = |user: &User| vec![format!("team:{}", user.team)])]
fn of_value(id: u64) -> Result<User, Error> {
    fetch(id)
}

#[redis_cached(ttl = 60, group = "users")]
async fn group() -> Vec<User> {
    fetch().await
}

impl<T: KeyPart> Repo<T> {
    #[redis_cached(ttl = 60, key = "m:<K>:<id>", skip(self), tags = ["<self.tenant>:<Self>:<K>", "x"], group = "users")]
    async fn method<K: Kind>(&self, id: u64) -> User {
        fetch(id).await
    }
}
