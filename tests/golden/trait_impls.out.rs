//! Where no second function can stand.
impl Users for Repo {
    async fn get(&self, id: u64) -> Result<User, Error> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("get", template = "user:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("user:")
            .arg(&id)
            .look_up()
            .get_or_try_compute_sharing(
                ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
                async move {
                    ::redis_cached::expansion::returns!(Result < User, Error >);
                    self.fetch(id).await
                },
            )
            .await
    }
    /// What `#[async_trait]` makes of the same.
    fn boxed<'life0, 'async_trait>(
        &'life0 self,
        id: u64,
    ) -> ::core::pin::Pin<
        Box<
            dyn ::core::future::Future<
                Output = Result<User, Error>,
            > + ::core::marker::Send + 'async_trait,
        >,
    >
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        ::std::boxed::Box::pin(async move {
            ::redis_cached::expansion::entry::<
                User,
                ::redis_cached::codec::Bincode,
            >(::redis_cached::expansion::callsite!("boxed", template = "user:<>"))
                .ttl(::core::time::Duration::from_secs(60))
                .cache(&self.cache)
                .key("user:")
                .arg(&id)
                .look_up()
                .get_or_try_compute_sharing(
                    ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
                    {
                        Box::pin(async move {
                            if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<
                                Result<User, Error>,
                            > {
                                return __ret;
                            }
                            let __self = self;
                            let id = id;
                            let __ret: Result<User, Error> = { __self.fetch(id).await };
                            __ret
                        })
                    },
                )
                .await
        })
    }
}
trait Provided {
    async fn get(&self, id: u64) -> User {
        ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("get", template = "<type>:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .type_name::<Self>()
            .text(":")
            .arg(&id)
            .look_up()
            .get_or_compute(async move {
                ::redis_cached::expansion::returns!(User);
                self.fetch(id).await
            })
            .await
    }
    /// The cache entry of `get` for these arguments.
    #[allow(dead_code)]
    fn get_entry(id: u64) -> ::redis_cached::Entry<User> {
        ::redis_cached::expansion::entry::<
            User,
            ::redis_cached::codec::Bincode,
        >(::redis_cached::expansion::callsite!("get", template = "<type>:<>"))
            .ttl(::core::time::Duration::from_secs(60))
            .key("")
            .type_name::<Self>()
            .text(":")
            .arg(&id)
            .build()
    }
}
