//! Spawned where the compiler's recursion limit is the default one: a cached function that calls cached functions is a future within futures,
//! and a runtime asks of all of them whether they can be sent.
#![deny(warnings)]

use std::collections::HashMap;

use redis_cached::{Cache, redis_cached};

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids, stale_while_revalidate = 60)]
async fn many(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, key = "innermost:<id>", local = 10, stale_if_error = 60)]
async fn innermost(id: u64) -> Result<u64, String> {
    many(&[id]).await.get(&id).copied().ok_or_else(String::new)
}

#[redis_cached(ttl = 60, key = "inner:<id>", tags = ["of:<id>"], negative_ttl = 5)]
async fn inner(id: u64) -> Option<u64> {
    innermost(id).await.ok()
}

#[redis_cached(ttl = 60, key = "middle:<id>", local = revalidate, early_refresh = 1.0)]
async fn middle(id: u64) -> Option<u64> {
    inner(id).await
}

#[redis_cached(ttl = 60, key = "outer:<id>", stale_while_revalidate = 60)]
async fn outer(id: u64) -> Option<u64> {
    middle(id).await
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cache = Cache::memory();
    let spawned = runtime.block_on(async { tokio::spawn(async move { cache.scope(outer(7)).await }).await });
    assert_eq!(spawned.unwrap(), Some(7));
}
