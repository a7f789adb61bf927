//! One call for many keys.
async fn users(db: &Pool, ids: &[u64]) -> Result<HashMap<u64, User>, Error> {
    let mut batch = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("users", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .each()
        .batch::<HashMap<u64, User>>(::redis_cached::expansion::cloned::<u64>(ids));
    let sharing = ::redis_cached::expansion::Errors::<Error>::NEW.sharing();
    while let ::core::option::Option::Some(missing) = batch.try_missing(sharing).await? {
        #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
        let ids: &[u64] = &missing;
        batch
            .try_compute(
                sharing,
                async {
                    ::redis_cached::expansion::returns!(
                        Result < HashMap < u64, User >, Error >
                    );
                    db.fetch(ids).await
                },
            )
            .await?;
    }
    ::core::result::Result::Ok(batch.finish())
}
/// The cache entry of `users` for these arguments.
#[allow(dead_code)]
fn users_entry(ids: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("users", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&ids)
        .build()
}
fn users_of(tenant: &str, ids: Vec<UserId>) -> BTreeMap<UserId, User> {
    let mut batch = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("users_of", template = "user:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .absent_ttl(::core::time::Duration::from_secs(5))
        .key("user:")
        .arg(tenant)
        .text(":")
        .each()
        .batch::<BTreeMap<UserId, User>>(ids);
    while let ::core::option::Option::Some(missing) = batch.missing_blocking() {
        #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
        let mut ids: Vec<UserId> = missing;
        batch
            .compute_blocking(|| -> BTreeMap<UserId, User> {
                ids.sort();
                fetch(tenant, ids)
            });
    }
    batch.finish()
}
/// The cache entry of `users_of` for these arguments.
#[allow(dead_code)]
fn users_of_entry(tenant: &str, ids: &UserId) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("users_of", template = "user:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .absent_ttl(::core::time::Duration::from_secs(5))
        .key("user:")
        .arg(tenant)
        .text(":")
        .arg(ids)
        .build()
}
impl Service {
    async fn by_name(
        &self,
        names: impl IntoIterator<Item = String>,
    ) -> Vec<(String, User)> {
        let mut batch = ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_name"))
            .ttl(::core::time::Duration::from_secs(60))
            .default_key()
            .each()
            .end()
            .batch::<Vec<(String, User)>>(names);
        while let ::core::option::Option::Some(missing) = batch.missing().await {
            #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
            let names = missing;
            batch
                .compute(async {
                    ::redis_cached::expansion::returns!(Vec < (String, User) >);
                    self.users.by_name(names).await
                })
                .await;
        }
        batch.finish()
    }
    /// The cache entry of `by_name` for these arguments.
    #[allow(dead_code, clippy::ptr_arg)]
    fn by_name_entry(names: &String) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_name"))
            .ttl(::core::time::Duration::from_secs(60))
            .default_key()
            .arg(names)
            .end()
            .build()
    }
    fn by_alias(&mut self, ids: impl Iterator<Item = u64>) -> io::Result<Users> {
        let mut batch = ::redis_cached::expansion::entry::<
            ::redis_cached::expansion::ValueOf<Users>,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_alias", template = "user:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("user:")
            .each()
            .batch::<Users>(ids);
        let sharing = ::redis_cached::expansion::Errors::<
            ::redis_cached::expansion::ErrorOf<io::Result<Users>>,
        >::NEW
            .sharing();
        while let ::core::option::Option::Some(missing) = batch
            .try_missing_blocking(sharing)?
        {
            #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
            let ids = ::core::iter::IntoIterator::into_iter(missing);
            batch
                .try_compute_blocking(
                    sharing,
                    || -> io::Result<Users> { self.users.get(ids) },
                )?;
        }
        ::core::result::Result::Ok(batch.finish())
    }
    /// The cache entry of `by_alias` for these arguments.
    #[allow(dead_code)]
    fn by_alias_entry(
        ids: u64,
    ) -> ::redis_cached::Entry<::redis_cached::expansion::ValueOf<Users>> {
        ::redis_cached::expansion::entry::<
            ::redis_cached::expansion::ValueOf<Users>,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_alias", template = "user:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("user:")
            .arg(&ids)
            .build()
    }
}
