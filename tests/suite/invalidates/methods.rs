//! Writers that are methods, also of traits, and generic.

use async_trait::async_trait;
use redis_cached::{Cache, KeyPart, redis_cached, redis_invalidates};

use super::{
    UserId, by_id, by_id_entry, by_name, by_name_entry, by_number, by_number_entry, of, of_entry, rename,
    tick,
};
use crate::{Failed, User, both, user};

struct Repository {
    cache: Cache,
    tenant: String,
    saved: u64,
}

impl Repository {
    #[redis_cached(ttl = 600, key = "<self.tenant>:<id>", cache = self.cache)]
    async fn get(&self, id: u64) -> u64 {
        let _ = id;
        tick()
    }

    #[redis_cached(ttl = 600, key = "count")]
    async fn count() -> u64 {
        tick()
    }

    #[redis_invalidates(self.get(id), Self::count())]
    async fn save(&self, id: u64) -> u64 {
        id
    }

    /// `&mut self`, and targets that are known only afterwards.
    #[redis_invalidates(self.get(ret.id), by_name(tenant, &ret.name))]
    async fn create(&mut self, tenant: String, user: User) -> Result<User, Failed> {
        self.saved += 1;
        drop(tenant);
        Ok(user)
    }
}

#[tokio::test]
async fn methods_invalidate_methods_each_in_its_own_cache() {
    let (_server, caches) = both().await;
    let [own, global, ..] = caches;
    let mut repository = Repository { cache: own.clone(), tenant: "acme".into(), saved: 0 };
    global
        .scope(async {
            let before = (repository.get(7).await, Repository::count().await);
            let name = by_name("acme".into(), "user 7").await;
            own.flush().await.unwrap();
            repository.save(7).await;
            let after = (repository.get(7).await, Repository::count().await);
            assert!(before.0 != after.0 && before.1 != after.1);
            own.flush().await.unwrap();
            assert_eq!(repository.create("acme".into(), user(7)).await, Ok(user(7)));
            assert_ne!(repository.get(7).await, after.0);
            assert_ne!(by_name("acme".into(), "user 7").await, name);
            assert_eq!((Repository::count().await, repository.saved), (after.1, 1));
        })
        .await;
}

trait Native {
    fn save(&self, id: u64) -> impl Future<Output = Result<u64, Failed>> + Send;
}

#[async_trait]
trait Boxed {
    async fn store(&self, id: UserId) -> Result<UserId, Failed>;
}

impl Native for Repository {
    #[redis_invalidates(by_number(id))]
    async fn save(&self, id: u64) -> Result<u64, Failed> {
        Ok(id)
    }
}

#[async_trait]
impl Boxed for Repository {
    #[redis_invalidates(by_id(id), by_number(ret.0))]
    async fn store(&self, id: UserId) -> Result<UserId, Failed> {
        tokio::task::yield_now().await;
        Ok(id)
    }
}

#[tokio::test]
async fn methods_of_traits_invalidate() {
    let cache = Cache::memory();
    let repository = Repository { cache: cache.clone(), tenant: String::new(), saved: 0 };
    let calls = async {
        let before = (by_number(8).await, by_id(UserId(8)).await);
        cache.flush().await.unwrap();
        Native::save(&repository, 8).await.unwrap();
        let between = (by_number(8).await, by_id(UserId(8)).await);
        assert!(between.0 != before.0 && between.1 == before.1);
        cache.flush().await.unwrap();
        repository.store(UserId(8)).await.unwrap();
        assert!(by_number(8).await != between.0 && by_id(UserId(8)).await != between.1);
    };
    cache.scope(calls).await;
}

#[redis_invalidates(of::<T, K>(key), of::<u8, UserId>(UserId(1)))]
async fn forget<T: Send + Sync, K: KeyPart + Send + Sync>(key: K) {
    let _ = key;
}

#[tokio::test]
async fn generic_functions_name_their_parameters() {
    let cache = Cache::memory();
    let calls = async {
        let of_three =
            async || [of::<u8, _>(5_u64).await, of::<u16, _>(5_u64).await, of::<u8, _>(UserId(1)).await];
        let before = of_three().await;
        cache.flush().await.unwrap();
        forget::<u16, u64>(5).await;
        let after = of_three().await;
        assert_eq!([0, 1, 2].map(|at| before[at] == after[at]), [true, false, false]);
    };
    cache.scope(calls).await;
}

#[test]
fn futures_are_still_send() {
    fn check<T: Send>(_: &T) {}
    check(&rename(1, String::new(), "", false));
    check(&forget::<u8, u64>(1));
    let mut repository = Repository { cache: Cache::memory(), tenant: String::new(), saved: 0 };
    check(&repository.save(1));
    check(&Native::save(&repository, 1));
    check(&repository.store(UserId(1)));
    check(&repository.create(String::new(), user(1)));
}
