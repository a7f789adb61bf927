//! Many users by their ids: as one batch, and as so many calls at once. What is stored is what the single functions store.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use redis_cached::redis_cached;

use super::bare::{Bare, BareNoDelay, decode, key};
use super::{Memoized, This, User, compute_each, text};

/// A function of many users' ids that finds its values in Redis.
pub(crate) trait Many: Send + Sync + 'static {
    const NAME: &'static str;

    /// Calls the function. An error is the library's own, or that a user was not there.
    fn users(&self, ids: &[u64]) -> impl Future<Output = Result<HashMap<u64, User>, String>> + Send;
}

/// The entries of the function that [`This`] calls.
#[redis_cached(ttl = 3600, key = "bench:this:user:<ids>", batch = ids)]
async fn users(ids: &[u64]) -> HashMap<u64, User> {
    compute_each(ids)
}

/// The yardstick: one `MGET` of the driver's, as it comes or with `TCP_NODELAY`, decoded by hand.
pub(crate) struct Mget<const NO_DELAY: bool>(MultiplexedConnection);

/// A `GET` for each, all of them at once.
pub(crate) struct Gets(Bare);

/// redis-cached's function with `batch`, over the global cache.
pub(crate) struct ThisBatch;

/// redis-cached's function for one user, called for each, all calls at once.
pub(crate) struct ThisEach(This);

impl Mget<false> {
    pub(crate) fn over(bare: &Bare) -> Self {
        Self(bare.connection())
    }
}

impl Mget<true> {
    pub(crate) fn over(bare: &BareNoDelay) -> Self {
        Self(bare.connection())
    }
}

impl Gets {
    pub(crate) fn over(bare: Bare) -> Self {
        Self(bare)
    }
}

impl ThisEach {
    pub(crate) fn over(this: This) -> Self {
        Self(this)
    }
}

impl<const NO_DELAY: bool> Many for Mget<NO_DELAY> {
    const NAME: &'static str = if NO_DELAY { "redis-rs, MGET, no delay" } else { "redis-rs, MGET" };

    async fn users(&self, ids: &[u64]) -> Result<HashMap<u64, User>, String> {
        let keys: Vec<String> = ids.iter().map(|id| key(*id)).collect();
        let values: Vec<Option<Vec<u8>>> = self.0.clone().mget(keys).await.map_err(text)?;
        // As fast as it can be done by hand: the map is made for as many at once.
        let mut users = HashMap::with_capacity(ids.len());
        for (id, bytes) in ids.iter().zip(values) {
            // What is not there would be computed; here it is missed by whoever looks at the result.
            if let Some(bytes) = bytes {
                users.insert(*id, decode(&bytes)?);
            }
        }
        Ok(users)
    }
}

impl Many for Gets {
    const NAME: &'static str = "redis-rs, GET each";

    async fn users(&self, ids: &[u64]) -> Result<HashMap<u64, User>, String> {
        each(&self.0, ids).await
    }
}

impl Many for ThisBatch {
    const NAME: &'static str = "redis-cached, batch";

    async fn users(&self, ids: &[u64]) -> Result<HashMap<u64, User>, String> {
        Ok(users(ids).await)
    }
}

impl Many for ThisEach {
    const NAME: &'static str = "redis-cached, a call each";

    async fn users(&self, ids: &[u64]) -> Result<HashMap<u64, User>, String> {
        each(&self.0, ids).await
    }
}

/// In one task, as a program does it that has a list of ids.
async fn each(one: &impl Memoized, ids: &[u64]) -> Result<HashMap<u64, User>, String> {
    let calls = ids.iter().map(|id| async { Ok::<_, String>((*id, one.user(*id).await?)) });
    Ok(try_join_all(calls).await?.into_iter().collect())
}
