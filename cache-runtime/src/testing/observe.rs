//! What calls were, for a test to look at.

use std::fmt;
use std::sync::Arc;

use crate::api::cache::Cache;
use crate::engine::callsite::Callsite;
use crate::engine::core::Core;
use crate::engine::observation::{CallSource, Observation, Recorder, sync_within, within};
use crate::util::function_id::FunctionId;

/// One call, or for a batch those of its keys that went one way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedCall {
    /// Module and name, as in [`Stats`](crate::Stats).
    pub function: String,
    /// The keys, the cache's prefix included: one, or several of a batch that were computed together.
    pub keys: Vec<String>,
    /// Where the value came from.
    pub source: CallSource,
    /// Whether another cached function's body made the call.
    pub is_nested: bool,
}

/// What calls were, in the order in which it became known.
///
/// A call may be in it twice: with `stale_if_error` as [`Computed`](CallSource::Computed), when the body runs, and as
/// [`Stale`](CallSource::Stale), when it has failed, or is slower than `timeout`, and an older value is served.
#[derive(Debug, Clone, Default)]
pub struct ObservedCalls {
    calls: Vec<ObservedCall>,
    /// The caches, with the counters' rows of those functions.
    rows: String,
}

/// Runs `future`, and tells what the annotated calls were that it made itself, those of its tasks left out.
///
/// ```
/// # use redis_cached::{redis_cached, testing::{self, CallSource}};
/// # #[redis_cached(ttl = 60, key = "square:<n>")]
/// # async fn square(n: u64) -> u64 { n * n }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # testing::cache().scope(async {
/// let (value, calls) = testing::observe(square(12)).await;
/// assert_eq!((value, calls.last()), (144, Some(CallSource::Computed)));
/// # }).await }
/// ```
pub async fn observe<F: Future>(future: F) -> (F::Output, ObservedCalls) {
    let recorder = Recorder::new();
    let output = within(Some(Arc::clone(&recorder)), future).await;
    (output, ObservedCalls::of(&recorder))
}

/// [`observe`] for blocking functions.
///
/// ```
/// # use redis_cached::{redis_cached, testing::{self, CallSource}};
/// # #[redis_cached(ttl = 60, key = "square:<n>")]
/// # fn square(n: u64) -> u64 { n * n }
/// # testing::cache().sync_scope(|| {
/// let (value, calls) = testing::sync_observe(|| square(12));
/// assert_eq!((value, calls.last()), (144, Some(CallSource::Computed)));
/// # });
/// ```
pub fn sync_observe<R>(work: impl FnOnce() -> R) -> (R, ObservedCalls) {
    let recorder = Recorder::new();
    let output = sync_within(&recorder, work);
    (output, ObservedCalls::of(&recorder))
}

impl ObservedCalls {
    pub(super) fn of(recorder: &Recorder) -> Self {
        let seen = recorder.seen();
        let call = |Observation { site, keys, source, depth, .. }: &Observation| ObservedCall {
            function: name(site),
            keys: keys.clone(),
            source: *source,
            is_nested: *depth > recorder.depth(),
        };
        Self { calls: seen.iter().map(call).collect(), rows: rows(&seen) }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ObservedCall> {
        self.calls.iter()
    }

    /// Those of one function, by its name or by its path: `"get_user"`, `"shop::users::get_user"`.
    ///
    /// ```
    /// # use redis_cached::{redis_cached, testing};
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// # testing::cache().sync_scope(|| {
    /// let (_, calls) = testing::sync_observe(|| square(12));
    /// assert_eq!(calls.of_function("square").count(), 1);
    /// # });
    /// ```
    pub fn of_function(&self, name: &str) -> impl Iterator<Item = &ObservedCall> {
        let is_meant = move |call: &&ObservedCall| {
            call.function == name
                || call.function.strip_suffix(name).is_some_and(|module| module.ends_with("::"))
        };
        self.calls.iter().filter(is_meant)
    }

    /// How many bodies ran, those left out that other cached functions' bodies have called.
    #[must_use]
    pub fn computes(&self) -> usize {
        self.outermost().filter(|call| call.source == CallSource::Computed).count()
    }

    /// Where the last value came from that the observed code itself asked for; `None` if it made no cached call.
    #[must_use]
    pub fn last(&self) -> Option<CallSource> {
        self.outermost().last().map(|call| call.source)
    }

    /// Those that the observed code makes itself, and no other cached function's body.
    pub(super) fn outermost(&self) -> impl Iterator<Item = &ObservedCall> {
        self.calls.iter().filter(|call| !call.is_nested)
    }

    /// The counters of these functions, as a table.
    pub(super) fn rows(&self) -> &str {
        &self.rows
    }
}

impl fmt::Display for ObservedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.calls.is_empty() {
            return f.write_str("  no cached function was called by this task\n");
        }
        for ObservedCall { function, keys, source, is_nested } in &self.calls {
            let indent = if *is_nested { "    " } else { "  " };
            writeln!(f, "{indent}{function} [{}]: {}", keys.join(", "), said(*source))?;
        }
        Ok(())
    }
}

fn said(source: CallSource) -> &'static str {
    match source {
        CallSource::Local => "a hit in this process",
        CallSource::Store => "a hit",
        CallSource::Stale => "a stale value was served",
        CallSource::Waited => "waited for another caller's computation",
        CallSource::Computed => "the body ran",
    }
}

fn name(FunctionId { module, name, .. }: &FunctionId) -> String {
    format!("{module}::{name}")
}

/// The rows of the functions that were seen, cache by cache.
fn rows(seen: &[Observation]) -> String {
    let mut caches: Vec<&Arc<Core>> = Vec::new();
    for observation in seen {
        if !caches.iter().any(|cache| Arc::ptr_eq(cache, &observation.cache)) {
            caches.push(&observation.cache);
        }
    }
    let sites: Vec<&Callsite> = seen.iter().map(|seen| seen.site).collect();
    caches.iter().map(|cache| rows_of(cache, &sites)).collect()
}

/// The counters of these functions in one cache, as a table.
pub(super) fn rows_of(cache: &Arc<Core>, sites: &[&Callsite]) -> String {
    let names: Vec<String> = sites.iter().map(|site| name(site)).collect();
    let is_meant = |function: &str| {
        // With the line behind it, where a module has two functions of one name.
        let is_it = |name: &String| function == name || function.starts_with(&format!("{name} ("));
        names.iter().any(is_it)
    };
    let mut stats = Cache(Arc::clone(cache)).stats();
    stats.functions.retain(|row| is_meant(&row.function));
    format!("{stats}\n")
}
