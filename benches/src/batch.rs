//! A batch of hits: the values of many keys are in Redis, and every call finds all of them there.
//!
//! The peers have nothing for many keys at once, so they are not here: with them it is a call for each key, which `hit`
//! measures.

use std::hint::black_box;
use std::sync::Arc;

use crate::contenders::{
    Bare, BareNoDelay, Gets, Many, Memoized, Mget, This, ThisBatch, ThisEach, computed, warm,
};
use redis_cached_benches::Failure;
use redis_cached_benches::harness::{Contender, Runner, compare};
use redis_cached_benches::options::Options;
use redis_cached_benches::table::Report;

/// How many keys are one batch.
const BATCH: u64 = 100;
/// As in `hit`. More than a batch, so that no id is in one twice.
const KEYS: u64 = 1024;
/// How many tasks call at once: each is worth a hundred of `hit`'s.
const TASKS: [usize; 3] = [1, 4, 16];

/// A contender of which every call must find all that it asks for.
struct Found<M>(M);

impl<M: Many> Contender for Found<M> {
    const NAME: &'static str = M::NAME;

    async fn once(&self, index: u64) -> Result<(), String> {
        let ids: [u64; BATCH as usize] = std::array::from_fn(|at| (index * BATCH + at as u64) % KEYS);
        let before = computed();
        let users = black_box(self.0.users(&ids).await?);
        if computed() != before {
            return Err("a call was no hit".into());
        }
        // As many as were asked for, under their own ids; one stands for what each of them is.
        let last = ids[ids.len() - 1];
        match users.get(&last) {
            Some(user) if user.id == last && users.len() == ids.len() => Ok(()),
            _ => Err(format!("{} users of {BATCH}, or not those that were asked for", users.len())),
        }
    }
}

pub(crate) async fn run(options: &Options, url: &str) -> Result<Report, Failure> {
    let (bare, no_delay) = (Bare::connect(url).await?, BareNoDelay::connect(url).await?);
    let this = This::connect(url).await?;
    warm(&bare, KEYS).await;
    warm(&this, KEYS).await;
    this.flush().await;
    let contenders: [Box<dyn Runner>; 5] = [
        Box::new(Arc::new(Found(Mget::<false>::over(&bare)))),
        Box::new(Arc::new(Found(Mget::<true>::over(&no_delay)))),
        Box::new(Arc::new(Found(Gets::over(bare)))),
        Box::new(Arc::new(Found(ThisBatch))),
        Box::new(Arc::new(Found(ThisEach::over(this)))),
    ];
    let title = format!(
        "{BATCH} hits of a small struct in Redis as one operation: {} rounds of {:?} for each contender, {} workers",
        options.rounds,
        options.slice,
        options.workers()
    );
    Ok(compare(&title, options, ("tasks", &TASKS), &contenders).await?)
}
