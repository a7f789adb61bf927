//! A hit: the value is in Redis, and every call finds it there.

use std::sync::Arc;

use crate::contenders::{Bare, BareNoDelay, Memoized, PeerCached, PeerHitbox, This, hit, warm};
use redis_cached_benches::Failure;
use redis_cached_benches::harness::{Contender, Runner, TASKS, compare};
use redis_cached_benches::options::Options;
use redis_cached_benches::table::Report;

/// As many values as are asked for. Enough that nothing depends on one of them, few enough to be stored in a moment.
const KEYS: u64 = 1024;

/// A contender of which every call must be a hit.
struct Hit<M>(M);

impl<M: Memoized> Contender for Hit<M> {
    const NAME: &'static str = M::NAME;

    async fn once(&self, index: u64) -> Result<(), String> {
        hit(&self.0, index % KEYS).await
    }
}

pub(crate) async fn run(options: &Options, url: &str) -> Result<Report, Failure> {
    let contenders = [
        warmed(Bare::connect(url).await?).await,
        warmed(BareNoDelay::connect(url).await?).await,
        warmed(PeerCached::connect(url)).await,
        warmed(PeerHitbox::connect(url)?).await,
        warmed(This::connect(url).await?).await,
    ];
    let title = format!(
        "A hit of a small struct in Redis: {} rounds of {:?} for each contender, {} workers",
        options.rounds,
        options.slice,
        options.workers()
    );
    Ok(compare(&title, options, ("tasks", &TASKS), &contenders).await?)
}

/// All of its values are there from now on.
pub(crate) async fn warmed(contender: impl Memoized) -> Box<dyn Runner> {
    warm(&contender, KEYS).await;
    Box::new(Arc::new(Hit(contender)))
}
