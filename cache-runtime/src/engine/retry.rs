//! The task that retries, until nothing is left or the cache is gone.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::core::Core;
use super::operation::is_done;
use super::removal::{remove, unlink};
use super::retry_queue::{Key, Try};
use crate::error::{Error, ErrorKind};
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor;
use crate::store::Store;
use crate::store::vocabulary::CasToken;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How many tags are removed by one command.
const TAGS_AT_ONCE: usize = 512;
/// How many entries are removed at once, each by a command of its own: one may be refused, or at a server that is away, where others are not.
const ENTRIES_AT_ONCE: usize = 64;
/// How many refusals end a round.
const REFUSALS: usize = 16;

/// Has the removal of one value retried, which failed. Whatever else is there by then stays.
pub(super) fn left_behind(cache: &Arc<Core>, name: &str, value: CasToken) {
    if cache.pending.left_behind(name, value) {
        start(cache);
    }
}

/// Starts the task, on the library's runtime: the caller's may end before Redis is back.
pub(super) fn start(cache: &Arc<Core>) {
    let pending = &cache.pending;
    match library_runtime() {
        Ok(library) => drop(library.spawn(work_off(Arc::downgrade(cache), Arc::clone(&pending.hurry)))),
        Err(_) => pending.is_not_running(),
    }
}

async fn work_off(cache: Weak<Core>, hurry: Arc<Notify>) {
    let mut pause = FIRST_PAUSE;
    for number in 0.. {
        let _ = tokio::time::timeout(pause, hurry.notified()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let Some(cache) = cache.upgrade() else { return };
        let Some((tags, entries)) = cache.pending.due() else { return cache.pending.end_round() };
        if retry(&cache, &tags, entries, number).await {
            pause = FIRST_PAUSE;
        }
        cache.pending.end_round();
    }
}

/// One try of all that is pending.
#[derive(Default)]
struct Round {
    /// Whether Redis has taken anything.
    has_taken: bool,
    refusals: usize,
}

impl Round {
    /// Counts an outcome; whether there is a point in going on.
    fn goes_on(&mut self, done: Result<(), Error>) -> bool {
        let Err(error) = done else {
            self.has_taken = true;
            return true;
        };
        self.refusals += 1;
        // Where Redis is silent or away the others would fail alike.
        !matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) && self.refusals < REFUSALS
    }
}

/// Retries all; whether Redis has taken anything.
async fn retry(cache: &Core, tags: &[String], mut entries: Vec<String>, number: usize) -> bool {
    let mut round = Round::default();
    // Together, so that the key of any tag is removed before them, once for all: whoever names a tag by a value compares it.
    for tags in tags.chunks(TAGS_AT_ONCE) {
        let keys: Vec<Key<'_>> = tags.iter().map(|name| Key::Tag(name)).collect();
        if !round.goes_on(retry_keys(cache, &keys).await) {
            // The entries may be on other servers.
            break;
        }
    }
    // From others on in each round, so that those which are refused do not keep the rest waiting.
    let first = number.wrapping_mul(ENTRIES_AT_ONCE) % entries.len().max(1);
    entries.rotate_left(first);
    for names in entries.chunks(ENTRIES_AT_ONCE) {
        let keys: Vec<[Key<'_>; 1]> = names.iter().map(|name| [Key::Entry(name)]).collect();
        let tried = executor::all(keys.iter().map(|key| retry_keys(cache, key))).await;
        // Where all of them fail the others would, too.
        let go_on: Vec<bool> = tried.into_iter().map(|done| round.goes_on(done)).collect();
        if !go_on.contains(&true) {
            break;
        }
    }
    round.has_taken
}

/// Retries what is at these keys: any number of tags, or one entry.
async fn retry_keys(cache: &Core, keys: &[Key<'_>]) -> Result<(), Error> {
    let pending = &cache.pending;
    // A number of its own, for whoever takes over meanwhile.
    let (number, now) = (pending.number(), Instant::now());
    let begun = keys.iter().map(|key| (*key, pending.begin_try(*key, now)));
    let tries: Vec<(Key<'_>, Try)> = begun.filter_map(|(key, begun)| Some((key, begun?))).collect();
    let done = match &tries[..] {
        [] => return Ok(()),
        [(Key::Entry(name), Try { hold: Some(hold), .. })] => remove(cache, name, Some(*hold)).await,
        [(Key::Entry(name), Try { only: Some(value), .. })] => {
            cache.store.release(&[(name, *value)], now + cache.deadline).await
        }
        tries => {
            let keys: Vec<Key<'_>> = tries.iter().map(|(key, _)| *key).collect();
            unlink(cache, &keys).await
        }
    };
    // Its caller has heard of its failure already, and a failover repeats it.
    let done = if is_done(&done) { Ok(()) } else { done };
    if let (Ok(()), Some(tier)) = (&done, &cache.tier) {
        // Before they are settled: a reader that finds nothing pending any more, and was answered before the removal, is kept out.
        let keys: Vec<Key<'_>> = tries.iter().map(|(key, _)| *key).collect();
        cache.names(&keys).iter().for_each(|name| tier.forget(name.as_bytes()));
    }
    for (key, tried) in &tries {
        let is_remembered = || tried.only.is_some() || pending.acknowledged(&[*key], number, tried.hold);
        pending.end_try(*key, tried.number, done.is_ok() && is_remembered());
    }
    done
}
