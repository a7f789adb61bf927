//! In an `impl` of a trait no second function can stand: `entry = false` keeps the entry inside.

use async_trait::async_trait;
use redis_cached::{Cache, redis_cached};

use crate::{Failed, User, user};

trait Native {
    fn load(&self, id: u64) -> impl Future<Output = Result<User, Failed>> + Send;
    fn plain(&self, id: u64) -> u64;
    fn associated(id: u64) -> u64;
}

#[async_trait]
trait Boxed: Send + Sync {
    async fn load(&self, id: u64) -> Result<User, Failed>;
    async fn named(&mut self, name: &str) -> String;
    async fn count() -> u8
    where
        Self: Sized;
}

struct Repository {
    tenant: String,
}

impl Native for Repository {
    #[redis_cached(ttl = 60, key = "<self.tenant>:native:<id>", entry = false)]
    async fn load(&self, id: u64) -> Result<User, Failed> {
        if id == 0 {
            return Err(Failed("native"));
        }
        Ok(user(id))
    }

    #[redis_cached(ttl = 60, skip(self), entry = false)]
    fn plain(&self, id: u64) -> u64 {
        id
    }

    #[redis_cached(ttl = 60, entry = false)]
    fn associated(id: u64) -> u64 {
        id + 1
    }
}

#[async_trait]
impl Boxed for Repository {
    #[redis_cached(ttl = 60, key = "<self.tenant>:boxed:<id>", entry = false)]
    async fn load(&self, id: u64) -> Result<User, Failed> {
        tokio::task::yield_now().await;
        if id == 0 {
            return Err(Failed("boxed"));
        }
        Ok(user(id))
    }

    #[redis_cached(ttl = 60, key = "named:<name>", skip(self), entry = false)]
    async fn named(&mut self, name: &str) -> String {
        self.tenant.push('!');
        format!("{} {name}", self.tenant)
    }

    #[redis_cached(ttl = 60, entry = false)]
    async fn count() -> u8 {
        7
    }
}

#[tokio::test]
async fn methods_of_traits_are_cached() {
    let cache = Cache::memory();
    let repository = Repository { tenant: "acme".into() };
    let mut renamed = Repository { tenant: "acme".into() };
    cache
        .scope(async {
            for _ in 0..2 {
                assert_eq!(Native::load(&repository, 1).await, Ok(user(1)));
                assert_eq!(Native::load(&repository, 0).await, Err(Failed("native")));
                assert_eq!(repository.plain(3), 3);
                assert_eq!(Repository::associated(3), 4);
                let boxed: &dyn Boxed = &repository;
                assert_eq!(boxed.load(1).await, Ok(user(1)));
                assert_eq!(boxed.load(0).await, Err(Failed("boxed")));
                assert_eq!(renamed.named("x").await, "acme! x");
                assert_eq!(<Repository as Boxed>::count().await, 7);
            }
        })
        .await;
    assert_eq!(renamed.tenant, "acme!");
    let hits: u64 = cache.stats().functions.iter().map(|function| function.hits).sum();
    assert_eq!(hits, 6);
}

#[test]
fn a_boxed_future_is_still_send() {
    fn check<T: Send>(_: &T) {}
    let repository = Repository { tenant: String::new() };
    check(&Boxed::load(&repository, 1));
    check(&Native::load(&repository, 1));
}
