//! redis-cached.

use redis_cached::{Cache, redis_cached};

use super::{Blocking, Memoized, User, compute, computed_at_once};
use redis_cached_benches::Failure;

#[redis_cached(ttl = 3600, key = "bench:this:user:<id>")]
async fn user(id: u64) -> User {
    compute(id).await
}

#[redis_cached(ttl = 3600, key = "bench:this:user:<id>")]
fn blocking_user(id: u64) -> User {
    computed_at_once(id)
}

#[redis_cached(ttl = 3600, key = "bench:this:user:<id>", cache = cache, skip(cache))]
async fn user_in(cache: &Cache, id: u64) -> User {
    compute(id).await
}

#[redis_cached(ttl = 3600, sliding, key = "bench:sliding:user:<id>", cache = cache, skip(cache))]
async fn sliding_user_in(cache: &Cache, id: u64) -> User {
    compute(id).await
}

#[redis_cached(ttl = 3600, stale_if_error = 60, key = "bench:windowed:user:<id>", cache = cache, skip(cache))]
async fn windowed_user_in(cache: &Cache, id: u64) -> User {
    compute(id).await
}

pub(crate) struct This;

pub(crate) struct ThisBlocking;

impl This {
    pub(crate) async fn connect(url: &str) -> Result<Self, redis_cached::Error> {
        Cache::connect(url).await?.set_global()?;
        Ok(Self)
    }
}

impl ThisBlocking {
    /// Nothing is connected yet, and no runtime is in play: so it is in a program without one.
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        Cache::builder().url(url).connect_lazy()?.set_global()?;
        Ok(Self)
    }
}

impl Memoized for This {
    const NAME: &'static str = "redis-cached";

    async fn user(&self, id: u64) -> Result<User, String> {
        Ok(user(id).await)
    }

    async fn flush(&self) {
        Cache::global().flush().await.expect("stored");
    }
}

impl Blocking for ThisBlocking {
    const NAME: &'static str = "redis-cached";
    type Own = ();

    fn own(&self) -> Result<(), String> {
        Ok(())
    }

    fn user(&self, (): &mut (), id: u64) -> Result<User, String> {
        Ok(blocking_user(id))
    }
}

/// Three servers that know nothing of each other, each with a third of the keys: what it costs to talk to three instead of one.
pub(crate) struct Apart(pub(crate) [Cache; 3]);

impl Memoized for Apart {
    const NAME: &'static str = "redis://, three apart";

    async fn user(&self, id: u64) -> Result<User, String> {
        let [first, second, third] = &self.0;
        let cache = match id % 3 {
            0 => first,
            1 => second,
            _ => third,
        };
        Ok(user_in(cache, id).await)
    }
}

/// The same function by a cache of its own, for each way to reach Redis, and for options that a hit may pay for.
macro_rules! ways {
    ($($way:ident: $name:literal $user:ident,)*) => {
        $(
            pub(crate) struct $way(pub(crate) Cache);

            impl Memoized for $way {
                const NAME: &'static str = $name;

                async fn user(&self, id: u64) -> Result<User, String> {
                    Ok($user(&self.0, id).await)
                }
            }
        )*
    };
}

ways! {
    ByTcp: "redis://" user_in,
    ByTls: "rediss://" user_in,
    ByCluster: "redis+cluster://" user_in,
    Sliding: "with sliding" sliding_user_in,
    Windowed: "with stale_if_error" windowed_user_in,
}
