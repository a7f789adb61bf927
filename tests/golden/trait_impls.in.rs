//! Where no second function can stand.

impl Users for Repo {
    #[redis_cached(ttl = 60, key = "user:<id>", skip(self), entry = false)]
    async fn get(&self, id: u64) -> Result<User, Error> {
        self.fetch(id).await
    }

    /// What `#[async_trait]` makes of the same.
    #[redis_cached(ttl = 60, key = "user:<id>", skip(self), cache = self.cache, entry = false)]
    fn boxed<'life0, 'async_trait>(
        &'life0 self,
        id: u64,
    ) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<User, Error>> + ::core::marker::Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<Result<User, Error>> {
                return __ret;
            }
            let __self = self;
            let id = id;
            let __ret: Result<User, Error> = { __self.fetch(id).await };
            __ret
        })
    }
}

trait Provided {
    #[redis_cached(ttl = 60, key = "<Self>:<id>", skip(self))]
    async fn get(&self, id: u64) -> User {
        self.fetch(id).await
    }
}
