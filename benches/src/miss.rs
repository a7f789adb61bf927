//! A miss: nobody has asked for the key before. The function takes no time, so all of it is the library's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached_test_support::RedisServer;

use crate::contenders::{Bare, BareNoDelay, Memoized, PeerCached, PeerHitbox, This, computed};
use redis_cached_benches::Failure;
use redis_cached_benches::harness::{Contender, Runner, TASKS, Turn, compare};
use redis_cached_benches::options::Options;
use redis_cached_benches::table::Report;

/// The id that comes next, for all contenders.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A contender of which every call must be a miss.
struct Miss<M>(M);

impl<M: Memoized> Contender for Miss<M> {
    const NAME: &'static str = M::NAME;

    async fn once(&self, _: u64) -> Result<(), String> {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let before = computed();
        let user = self.0.user(id).await?;
        match computed() - before {
            // With one task this is sure; with many, a call that computed nothing hides behind the others.
            0 => Err("a call was a hit".into()),
            _ if user.id == id => Ok(()),
            _ => Err(format!("asked for user {id}, got {}", user.id)),
        }
    }

    /// A value that is not stored yet is no work done.
    async fn finish(&self) {
        self.0.flush().await;
    }
}

/// A contender that finds an empty server each turn: values pile up, and the last would have the fullest one.
struct Emptied<'a, R> {
    server: &'a RedisServer,
    runner: R,
}

impl<R: Runner> Runner for Emptied<'_, R> {
    fn name(&self) -> &'static str {
        self.runner.name()
    }

    fn turn(&self, callers: usize, slice: Duration) -> Turn<'_> {
        self.server.flush_all();
        self.runner.turn(callers, slice)
    }
}

/// The server is emptied again and again: it must be our own.
pub(crate) async fn run(options: &Options, server: &RedisServer) -> Result<Report, Failure> {
    let url = server.url();
    let contenders = [
        emptied(server, Bare::connect(&url).await?),
        emptied(server, BareNoDelay::connect(&url).await?),
        emptied(server, PeerCached::connect(&url)),
        emptied(server, PeerHitbox::connect(&url)?),
        emptied(server, This::connect(&url).await?),
    ];
    let title = format!(
        "A miss of a small struct, computed and stored: {} rounds of {:?} for each contender, {} workers",
        options.rounds,
        options.slice,
        options.workers()
    );
    Ok(compare(&title, options, ("tasks", &TASKS), &contenders).await?)
}

fn emptied(server: &RedisServer, contender: impl Memoized) -> Box<dyn Runner + '_> {
    Box::new(Emptied { server, runner: Arc::new(Miss(contender)) })
}
