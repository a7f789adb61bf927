//! `Cache::follow`: the changes of a data source, as invalidations.
//!
//! The order of steps is the promise: a source hears that changes are done only after Redis has acknowledged their invalidations. Whoever goes away in
//! between leaves changes that are not acknowledged, which the source gives again; to invalidate them twice costs a miss.

mod source;
mod touched;

use std::any::type_name;
use std::convert::Infallible;
use std::time::Duration;

pub use self::source::{Change, ChangeSource};
pub use self::touched::Touched;
use super::cache::Cache;
use super::global;
use crate::engine::following::RunningFollower;
use crate::runtime::executor;

/// How long a follower waits after a failure before it tries again; twice as long after the next one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Cache {
    /// Invalidates what a data source says has changed: for writers that do not run this program, such as SQL by hand and other services, and for a process that
    /// dies between its commit and its invalidation.
    ///
    /// `touches` says which entries and tags a change concerns. It is called with an empty [`Touched`] and returns it. Entry functions within it give
    /// entries of this cache, where the function has no option `cache`.
    ///
    /// ```
    /// # use redis_cached::{Cache, Change, ChangeSource, redis_cached};
    /// # #[derive(Clone)] struct Pool;
    /// # struct Outbox;
    /// # impl Outbox { fn new(_: Pool) -> Self { Self } }
    /// # impl ChangeSource for Outbox {
    /// #     type Payload = UserChanged;
    /// #     type Error = std::io::Error;
    /// #     async fn next(&mut self) -> Result<Vec<Change<UserChanged>>, Self::Error> { std::future::pending().await }
    /// #     async fn acknowledge(&mut self) -> Result<(), Self::Error> { Ok(()) }
    /// # }
    /// struct UserChanged {
    ///     id: u64,
    ///     org: u64,
    /// }
    ///
    /// #[redis_cached(ttl = "1h", key = "user:<id>", skip(db), group = "users")]
    /// async fn get_user(db: &Pool, id: u64) -> Result<String, std::io::Error> {
    ///     // … ask the database …
    /// #   let _ = db;
    /// #   Ok(id.to_string())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let (cache, pool) = (Cache::memory(), Pool);
    /// let outbox = Outbox::new(pool);
    /// let follower = tokio::spawn(cache.follow(outbox, |change, touched| match change {
    ///     Change::Known(UserChanged { id, org }) => touched.entry(get_user_entry(id)).tag(format!("org:{org}")),
    ///     Change::Unknown => touched.group("users"),
    /// }));
    /// // … when the program ends, at whatever moment …
    /// follower.abort();
    /// # }
    /// ```
    ///
    /// The future never ends. Spawn it, or poll it beside the program's other work. It may be dropped at any time: what is not acknowledged then is given again to the next
    /// follower of the source. Several processes may follow one source. Where the closure panics the future does, too; the change is not acknowledged.
    ///
    /// A change costs what its invalidation costs: the changes that a source gives at once take one round trip for each 1,024 keys.
    ///
    /// # Errors
    /// None: what fails is counted in [`Stats::changes`](crate::Stats), logged once for each outage, and tried again after 50 ms, then twice as long, and at most a second. While Redis
    /// cannot be reached the follower asks for no further changes, the source keeps them, and this cache does not use what they concern as far as it knows of
    /// them. Nothing is acknowledged before Redis has acknowledged the invalidation; where replicas are waited for
    /// ([`invalidations_wait`](crate::CacheBuilder::invalidations_wait)) and too few have it, the primary's word suffices.
    pub fn follow<S, F>(&self, source: S, touches: F) -> impl Future<Output = Infallible> + Send + use<S, F>
    where
        S: ChangeSource,
        F: FnMut(Change<S::Payload>, Touched) -> Touched + Send,
    {
        let cache = self.clone();
        async move { follow(&cache, source, touches).await }
    }
}

async fn follow<S: ChangeSource>(
    cache: &Cache,
    mut source: S,
    mut touches: impl FnMut(Change<S::Payload>, Touched) -> Touched,
) -> Infallible {
    let follower = cache.0.following.begin();
    let mut followed = FollowedSource { name: type_name::<S>(), follower, pause: FIRST_PAUSE };
    loop {
        let changes = match source.next().await {
            Ok(changes) => changes,
            Err(error) => {
                followed.failed("is not heard", &error.to_string()).await;
                continue;
            }
        };
        if changes.is_empty() {
            // A source that has nothing and does not wait is not to take the thread.
            executor::yield_now().await;
        } else {
            followed.follower.is_behind();
            let given = changes.len();
            let unknown = changes.iter().filter(|change| matches!(change, Change::Unknown)).count();
            let touched = global::as_current(cache, || {
                changes.into_iter().fold(Touched::by(cache), |touched, change| touches(change, touched))
            });
            while let Err(error) = touched.invalidate().await {
                followed.failed("has changes that are not invalidated", &error.to_string()).await;
            }
            followed.invalidated(given, unknown);
            if let Err(error) = source.acknowledge().await {
                // It gives them again.
                followed.failed("does not take an acknowledgement", &error.to_string()).await;
                continue;
            }
        }
        followed.is_up_to_date();
    }
}

/// How it goes with one source.
struct FollowedSource<'a> {
    name: &'static str,
    follower: RunningFollower<'a>,
    pause: Duration,
}

impl FollowedSource<'_> {
    /// Tells of a failure, and waits.
    async fn failed(&mut self, how: &str, error: &str) {
        self.follower.is_behind();
        self.follower.following.failures.count();
        if self.pause == FIRST_PAUSE {
            log::warn!("the source `{}` {how}: {error}; it is tried again until it works", self.name);
        } else {
            log::debug!("the source `{}` {how}: {error}", self.name);
        }
        if let Err(error) = executor::sleep(self.pause).await {
            // Without the library's thread there are no timers, and it would ask without pause.
            log::error!("the source `{}` is followed no further: {error}", self.name);
            std::future::pending::<()>().await;
        }
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    fn invalidated(&mut self, changes: usize, unknown: usize) {
        let following = self.follower.following;
        following.changes.add(changes as u64);
        following.unknown.add(unknown as u64);
    }

    fn is_up_to_date(&mut self) {
        self.follower.is_up_to_date();
        if self.pause != FIRST_PAUSE {
            log::info!("the source `{}` is followed again", self.name);
            self.pause = FIRST_PAUSE;
        }
    }
}
