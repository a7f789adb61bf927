//! `tags` and `group`: what follows the key in the chain.
async fn of_arguments(org: Org, id: u64) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("of_arguments", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .tag("org:")
        .arg(&org)
        .tag("users")
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(User);
            fetch(id).await
        })
        .await
}
/// The cache entry of `of_arguments` for these arguments.
#[allow(dead_code)]
fn of_arguments_entry(org: &Org, id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("of_arguments", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .tag("org:")
        .arg(org)
        .tag("users")
        .build()
}
fn of_value(id: u64) -> Result<User, Error> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("of_value", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .tags_of(|user: &User| vec![format!("team:{}", user.team)])
        .build_blocking()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
            move || { fetch(id) },
        )
}
/// The cache entry of `of_value` for these arguments.
#[allow(dead_code)]
fn of_value_entry(id: u64) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("of_value", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .tags_of(|user: &User| vec![format!("team:{}", user.team)])
        .build()
}
async fn group() -> Vec<User> {
    ::redis_cached::expansion::Returned::<Vec<User>>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        Vec<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("group"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .end()
        .tag("group:users")
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(Vec < User >);
            fetch().await
        })
        .await
}
/// The cache entry of `group` for these arguments.
#[allow(dead_code)]
fn group_entry() -> ::redis_cached::Entry<Vec<User>> {
    ::redis_cached::expansion::entry::<
        Vec<User>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("group"))
        .ttl(::core::time::Duration::from_secs(60))
        .default_key()
        .end()
        .tag("group:users")
        .build()
}
impl<T: KeyPart> Repo<T> {
    async fn method<K: Kind>(&self, id: u64) -> User {
        ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("method", template = "m:<type>:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("m:")
            .type_name::<K>()
            .text(":")
            .arg(&id)
            .tag("")
            .arg(&self.tenant)
            .text(":")
            .type_name::<Self>()
            .text(":")
            .type_name::<K>()
            .tag("x")
            .tag("group:users")
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(User);
                fetch(id).await
            })
            .await
    }
    /// The cache entry of `method` for these arguments.
    #[allow(dead_code)]
    fn method_entry<K: Kind>(&self, id: u64) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("method", template = "m:<type>:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("m:")
            .type_name::<K>()
            .text(":")
            .arg(&id)
            .tag("")
            .arg(&self.tenant)
            .text(":")
            .type_name::<Self>()
            .text(":")
            .type_name::<K>()
            .tag("x")
            .tag("group:users")
            .build()
    }
}
