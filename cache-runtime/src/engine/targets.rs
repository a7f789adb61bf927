//! What is removed together: entries and tags of any caches, of whatever type the values are.

use std::collections::HashSet;
use std::mem::take;
use std::sync::Arc;

use super::callsite::Callsite;
use super::core::{Core, by_cache};
use super::function::Function;
use super::kept_out::lacks_key_for_names;
use super::operation::{is_done, remove_all};
use super::retry_queue::Key;
use super::{Call, Operation};
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::runtime::executor::all;
use crate::tags;
use crate::tags::{Named, Tagging};
use crate::util::hashing::Seeded;
use crate::util::maybe_static::MaybeStatic;

/// How many keys [`InvalidationTargets::remove_in_steps`] removes by one command, during which Redis serves nobody else.
const STEP: usize = 1_024;

/// Keys that are removed together.
#[derive(Default)]
pub(crate) struct InvalidationTargets {
    targets: Vec<InvalidationTarget>,
    /// The tags among them, each with the address of its cache: a source names the same for thousands of changes. Made for the first, since the
    /// seed of a set is not free.
    tags: Option<HashSet<(usize, KeyBuf), Seeded>>,
    /// Why something could not be named, and so is not among them.
    nameless: Option<Error>,
}

/// One key of one cache.
struct InvalidationTarget {
    cache: MaybeStatic<Core>,
    key: KeyBuf,
    /// Whose entry it is, and whose statistics count a failure; a tag is no function's.
    function: Option<MaybeStatic<Function>>,
}

impl InvalidationTargets {
    pub(crate) fn len(&self) -> usize {
        self.targets.len()
    }

    /// The entry of a call.
    pub(crate) fn add_entry(&mut self, call: &Call) {
        if let Err(error) = call.named() {
            return self.add_nameless(call.cache(), Some(call.function.site), error);
        }
        call.function.is_invalidated();
        let function = Some(call.function.clone());
        self.targets.push(InvalidationTarget { cache: call.cache.clone(), key: call.key.clone(), function });
    }

    /// A tag, if there is one.
    pub(crate) fn add_tag(&mut self, cache: &MaybeStatic<Core>, tag: &impl Tagging) {
        match tag.named() {
            Some(Named { name, lead, is_known: true }) => self.add_name(cache, &name, lead),
            Some(Named { name, .. }) if !cache.is_disabled => {
                let error = lacks_key_for_names(&format!("a tag that begins like `{}`", beginning(&name)));
                self.add_nameless(cache, None, error);
            }
            _ => {}
        }
    }

    fn add_nameless(&mut self, cache: &Core, site: Option<&Callsite>, error: Error) {
        cache.log(site, &error, format_args!("it is not invalidated"));
        self.nameless.get_or_insert(error);
    }

    fn add_name(&mut self, cache: &MaybeStatic<Core>, name: &str, lead: Option<&str>) {
        if lead.is_none() {
            tags::report_if_unknown(name);
        }
        let key = tags::tag(&cache.prefix, name);
        // The targets hold the cache, so its address is nobody else's.
        let tags = self.tags.get_or_insert_with(HashSet::default);
        if tags.insert((Arc::as_ptr(cache.arc()).addr(), key.clone())) {
            self.targets.push(InvalidationTarget { cache: cache.clone(), key, function: None });
        }
    }

    pub(crate) fn clear(&mut self) {
        self.targets.clear();
        (self.tags, self.nameless) = (None, None);
    }

    /// Removes all, each cache's by one command, all caches' at the same time: a frozen one keeps none waiting. What fails is counted, logged, and
    /// retried in the background.
    ///
    /// # Errors
    /// The first failure.
    pub(crate) fn remove(&self) -> impl Future<Output = Result<(), Error>> {
        // Not an async function around another, whose futures would be one within the other.
        remove(&self.targets, self.nameless.clone())
    }

    /// The same for however many there are, by as many commands as that takes. What is done at the primary is done, whatever its replicas have.
    ///
    /// # Errors
    /// The first failure, which ends it.
    pub(crate) async fn remove_in_steps(&self) -> Result<(), Error> {
        for step in self.targets.chunks(STEP) {
            let done = remove_of_each_cache(step).await;
            done.into_iter().find(|done| !is_done(done)).unwrap_or(Ok(()))?;
        }
        self.nameless.clone().map_or(Ok(()), Err)
    }

    /// Removes all in the background. Nothing is left.
    pub(crate) fn remove_in_background(&mut self) {
        self.tags = None;
        for (cache, targets) in by_cache(take(&mut self.targets), |target| &target.cache) {
            // Noted first: until Redis has taken it, this process does not use the entries, and if there is no room for the
            // work here, `pending` does it.
            let keys: Vec<Key<'_>> = targets.iter().map(InvalidationTarget::key).collect();
            drop(Operation::begin(cache.arc(), &keys, None));
            let begun = cache.background.store(0, |under_way| async move {
                drop(remove(&targets, None).await);
                drop(under_way);
            });
            drop(begun);
        }
    }
}

impl InvalidationTarget {
    fn key(&self) -> Key<'_> {
        match self.function {
            Some(_) => Key::entry(&self.key),
            None => Key::Tag(&self.key),
        }
    }
}

async fn remove(targets: &[InvalidationTarget], nameless: Option<Error>) -> Result<(), Error> {
    remove_of_each_cache(targets).await.into_iter().chain(nameless.map(Err)).collect()
}

/// What a name has before the part that is secret, as far as its text tells.
fn beginning(name: &str) -> &str {
    name.split_inclusive(':').next().unwrap_or(name)
}

fn remove_of_each_cache(targets: &[InvalidationTarget]) -> impl Future<Output = Vec<Result<(), Error>>> {
    let caches = by_cache(targets, |target| &target.cache);
    all(caches.into_iter().map(remove_of_one_cache))
}

async fn remove_of_one_cache(
    (cache, targets): (MaybeStatic<Core>, Vec<&InvalidationTarget>),
) -> Result<(), Error> {
    let keys: Vec<Key<'_>> = targets.iter().map(|target| target.key()).collect();
    let done = remove_all(cache.arc(), &keys).await;
    if let Err(error) = &done {
        let functions = || targets.iter().filter_map(|target| target.function.as_ref());
        functions().for_each(|function| function.counters.store_errors.count());
        // One failure, one line.
        failed(&cache, functions().next().map(|function| function.site), error);
    }
    done
}

/// Logs a failure of an invalidation, or of a write in its place.
pub(crate) fn failed(cache: &Core, site: Option<&Callsite>, error: &Error) {
    let consequence = match error.kind() {
        ErrorKind::NotReplicated => "a failover may lose it",
        _ => "what was to be invalidated is tried again",
    };
    cache.log(site, error, format_args!("{consequence}"));
}
