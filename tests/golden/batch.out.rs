//! One call for many keys.
async fn users(db: &Pool, ids: &[u64]) -> Result<HashMap<u64, User>, Error> {
    let errors = ::redis_cached::expansion::Errors::<Error>::NEW.sharing();
    let mut batch = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("users", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .each()
        .batch::<HashMap<u64, User>>(::redis_cached::expansion::cloned::<u64>(ids));
    while let ::core::option::Option::Some(missing) = batch.try_missing(errors).await? {
        #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
        let ids: &[u64] = &missing;
        batch
            .try_compute(
                errors,
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
        let errors = ::redis_cached::expansion::Errors::<
            ::redis_cached::expansion::ErrorOf<io::Result<Users>>,
        >::NEW
            .sharing();
        let mut batch = ::redis_cached::expansion::entry::<
            ::redis_cached::expansion::ValueOf<Users>,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("by_alias", template = "user:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("user:")
            .each()
            .batch::<Users>(ids);
        while let ::core::option::Option::Some(missing) = batch
            .try_missing_blocking(errors)?
        {
            #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
            let ids = ::core::iter::IntoIterator::into_iter(missing);
            batch
                .try_compute_blocking(
                    errors,
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
async fn refreshed(
    db: &Pool,
    name: String,
    ids: &[u64],
) -> Result<HashMap<u64, User>, Error> {
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = async |
        db: &Pool,
        name: String,
        ids: &[u64],
    | -> Result<HashMap<u64, User>, Error> {
        ::redis_cached::expansion::returns!(Result < HashMap < u64, User >, Error >);
        db.fetch(&name, ids).await
    };
    let errors = ::redis_cached::expansion::Errors::<Error>::NEW.sharing();
    let mut batch = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("refreshed", template = "user:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .arg(&name)
        .text(":")
        .each()
        .batch::<HashMap<u64, User>>(::redis_cached::expansion::cloned::<u64>(ids))
        .begin()
        .await
        .try_refresh(
            errors,
            || {
                let (db, name) = (
                    ::redis_cached::expansion::owned::<Pool, _>(db),
                    ::redis_cached::expansion::owned::<String, _>(&name),
                );
                move |missing| async move {
                    compute(
                            ::core::borrow::Borrow::<Pool>::borrow(&db),
                            name,
                            ::core::borrow::Borrow::<[u64]>::borrow(&missing),
                        )
                        .await
                }
            },
        );
    while let ::core::option::Option::Some(missing) = batch.try_missing(errors).await? {
        batch
            .try_compute(
                errors,
                compute(
                    db,
                    ::redis_cached::expansion::owned::<String, _>(&name),
                    ::core::borrow::Borrow::<[u64]>::borrow(&missing),
                ),
            )
            .await?;
    }
    ::core::result::Result::Ok(batch.finish())
}
/// The cache entry of `refreshed` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn refreshed_entry(name: &String, ids: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("refreshed", template = "user:<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .arg(name)
        .text(":")
        .arg(&ids)
        .build()
}
async fn verified(db: &Pool, ids: &[u64]) -> Result<HashMap<u64, User>, Error> {
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = async |db: &Pool, ids: &[u64]| -> Result<HashMap<u64, User>, Error> {
        ::redis_cached::expansion::returns!(Result < HashMap < u64, User >, Error >);
        db.fetch(ids).await
    };
    let errors = ::redis_cached::expansion::Errors::<Error>::NEW.sharing();
    let share: f64 = 0.01;
    let mut batch = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("verified", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .each()
        .batch::<HashMap<u64, User>>(::redis_cached::expansion::cloned::<u64>(ids))
        .begin()
        .await
        .try_verify(
            share,
            ::redis_cached::expansion::Comparing::<User>::NEW.how(),
            || {
                let (db,) = (::redis_cached::expansion::owned::<Pool, _>(db),);
                move |missing| async move {
                    compute(
                            ::core::borrow::Borrow::<Pool>::borrow(&db),
                            ::core::borrow::Borrow::<[u64]>::borrow(&missing),
                        )
                        .await
                }
            },
        );
    while let ::core::option::Option::Some(missing) = batch.try_missing(errors).await? {
        batch
            .try_compute(
                errors,
                compute(db, ::core::borrow::Borrow::<[u64]>::borrow(&missing)),
            )
            .await?;
    }
    ::core::result::Result::Ok(batch.finish())
}
/// The cache entry of `verified` for these arguments.
#[allow(dead_code)]
fn verified_entry(ids: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("verified", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&ids)
        .build()
}
fn verified_blocking(ids: Vec<u64>) -> Vec<(u64, User)> {
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = |ids: Vec<u64>| -> Vec<(u64, User)> { fetch(ids) };
    let share: f64 = share();
    let mut batch = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("verified_blocking", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .each()
        .batch::<Vec<(u64, User)>>(ids)
        .begin_blocking()
        .verify_blocking(
            share,
            ::redis_cached::expansion::Comparing::<User>::NEW.how(),
            || move |missing| compute(missing),
        )
        .refresh_blocking(|| move |missing| compute(missing));
    while let ::core::option::Option::Some(missing) = batch.missing_blocking() {
        batch.compute_blocking(|| compute(missing));
    }
    batch.finish()
}
/// The cache entry of `verified_blocking` for these arguments.
#[allow(dead_code)]
fn verified_blocking_entry(ids: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("verified_blocking", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .arg(&ids)
        .build()
}
fn refreshed_blocking(ids: Vec<u64>) -> Vec<(u64, User)> {
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = |mut ids: Vec<u64>| -> Vec<(u64, User)> {
        ids.sort();
        fetch(ids)
    };
    let mut batch = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("refreshed_blocking", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .each()
        .batch::<Vec<(u64, User)>>(ids)
        .begin_blocking()
        .refresh_blocking(|| move |missing| compute(missing));
    while let ::core::option::Option::Some(missing) = batch.missing_blocking() {
        batch.compute_blocking(|| compute(missing));
    }
    batch.finish()
}
/// The cache entry of `refreshed_blocking` for these arguments.
#[allow(dead_code)]
fn refreshed_blocking_entry(ids: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("refreshed_blocking", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("user:")
        .arg(&ids)
        .build()
}
impl Refreshed {
    async fn refreshed_method(
        &self,
        ids: impl Iterator<Item = u64>,
    ) -> HashMap<u64, User> {
        let mut batch = ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("refreshed_method", template = "user:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .stale_while_revalidate(::core::time::Duration::from_secs(30))
            .key("user:")
            .each()
            .batch::<HashMap<u64, User>>(ids)
            .begin()
            .await
            .refresh(|| {
                let (this,) = (::redis_cached::expansion::owned::<Self, _>(self),);
                move |missing| async move {
                    Self::__redis_cached_refreshed_method(
                            ::core::borrow::Borrow::<Self>::borrow(&this),
                            ::core::iter::IntoIterator::into_iter(missing),
                        )
                        .await
                }
            });
        while let ::core::option::Option::Some(missing) = batch.missing().await {
            batch
                .compute(
                    Self::__redis_cached_refreshed_method(
                        self,
                        ::core::iter::IntoIterator::into_iter(missing),
                    ),
                )
                .await;
        }
        batch.finish()
    }
    /// The cache entry of `refreshed_method` for these arguments.
    #[allow(dead_code)]
    fn refreshed_method_entry(ids: u64) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("refreshed_method", template = "user:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .stale_while_revalidate(::core::time::Duration::from_secs(30))
            .key("user:")
            .arg(&ids)
            .build()
    }
    #[doc(hidden)]
    #[allow(dead_code)]
    async fn __redis_cached_refreshed_method(
        &self,
        ids: impl Iterator<Item = u64>,
    ) -> HashMap<u64, User> {
        self.users.get(ids).await
    }
}
impl Users for Refreshed {
    fn refreshed_in_a_trait(
        &self,
        ids: impl Iterator<Item = u64>,
    ) -> HashMap<u64, User> {
        #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
        let compute = |
            this: &Self,
            ids: ::std::vec::IntoIter<u64>,
        | -> HashMap<u64, User> { this.users.get(ids) };
        let mut batch = ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(
                ::redis_cached::expansion::callsite!(
                    "refreshed_in_a_trait", template = "user:<>"
                ),
            )
            .ttl(::core::time::Duration::from_secs(60))
            .stale_while_revalidate(::core::time::Duration::from_secs(30))
            .key("user:")
            .each()
            .batch::<HashMap<u64, User>>(ids)
            .begin_blocking()
            .refresh_blocking(|| {
                let (this,) = (::redis_cached::expansion::owned::<Self, _>(self),);
                move |missing| compute(
                    ::core::borrow::Borrow::<Self>::borrow(&this),
                    ::core::iter::IntoIterator::into_iter(missing),
                )
            });
        while let ::core::option::Option::Some(missing) = batch.missing_blocking() {
            batch
                .compute_blocking(|| compute(
                    self,
                    ::core::iter::IntoIterator::into_iter(missing),
                ));
        }
        batch.finish()
    }
}
async fn secrets(emails: &[String]) -> HashMap<String, User> {
    let mut batch = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("secrets", template = "user:<:secret>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .each_secret()
        .tag("of:")
        .each_secret()
        .batch::<
            HashMap<String, User>,
        >(::redis_cached::expansion::cloned::<String>(emails));
    while let ::core::option::Option::Some(missing) = batch.missing().await {
        #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
        let emails: &[String] = &missing;
        batch
            .compute(async {
                ::redis_cached::expansion::returns!(HashMap < String, User >);
                fetch(emails).await
            })
            .await;
    }
    batch.finish()
}
/// The cache entry of `secrets` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn secrets_entry(emails: &String) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("secrets", template = "user:<:secret>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .secret(emails)
        .tag("of:")
        .secret(emails)
        .build()
}
