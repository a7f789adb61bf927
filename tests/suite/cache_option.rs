//! `cache`: an expression over the arguments and `self`.

use std::sync::Arc;

use redis_cached::{Cache, redis_cached};

struct Repository {
    cache: Cache,
    tenant: String,
}

impl Repository {
    #[redis_cached(ttl = 60, key = "<self.tenant>:<id>", cache = self.cache)]
    async fn load(&self, id: u64) -> String {
        format!("{} {id}", self.tenant)
    }
}

#[redis_cached(ttl = 60, key = "borrowed:<id>", cache = context.1, skip(context))]
async fn from_argument(context: &(u8, Cache), id: u64) -> u64 {
    id + u64::from(context.0)
}

#[redis_cached(ttl = 60, key = "shared:<id>", cache = cache, skip(cache))]
async fn named_cache(cache: Arc<Cache>, id: u64) -> usize {
    // The argument is the user's: the expansion must neither move nor shadow it.
    id as usize + Arc::strong_count(&cache)
}

#[tokio::test]
async fn each_call_uses_the_cache_that_the_expression_names() {
    let repository = Repository { cache: Cache::memory(), tenant: "acme".into() };
    assert_eq!(repository.load(1).await, "acme 1");
    assert_eq!(repository.load_entry(1).key(), "acme:1");
    assert_eq!(repository.load_entry(1).get().await.unwrap().as_deref(), Some("acme 1"));
    assert_eq!(repository.cache.stats().functions[0].stored, 1);

    let context = (1, Cache::memory());
    assert_eq!((from_argument(&context, 1).await, from_argument(&context, 1).await), (2, 2));
    assert_eq!(from_argument_entry(&context, 1).get().await.unwrap(), Some(2));
    assert_eq!(context.1.stats().functions[0].hits, 1);

    let shared = Arc::new(Cache::memory());
    assert_eq!(named_cache(Arc::clone(&shared), 1).await, 3);
    assert_eq!(named_cache_entry(&shared, 1).get().await.unwrap(), Some(3));
}
