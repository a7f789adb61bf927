//! From an expansion to an [`Entry`]: the one chain of calls that every expansion consists of.

mod keyed;
mod local_fast_path;
mod tagged;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::api::cache::Cache;
use crate::api::entry::{Entry, Hooks};
use crate::api::global;
use crate::codec::Codec;
use crate::codec::compress;
use crate::codec::compress::Compression;
use crate::engine::Call;
use crate::engine::callsite::Callsite;
use crate::engine::core::Core;
use crate::engine::function::Identify;
use crate::entry::identity;
use crate::entry::special::Special;
use crate::expansion::bounds::{Cacheable, Nullable};
use crate::key::{KeyBuf, Path, SecretNames, Template};
use crate::local::Keep;
use crate::policy::ttl::Ttl;
use crate::policy::{LocalCopies, NO_MAX_AGE, NO_TIMEOUT, Needs, PROLONGED, Policy};
use crate::shape::{self, InShape, Shape};
use crate::store::vocabulary::ReplicaReads;
use crate::tags::Tags;
use crate::util::maybe_static::MaybeStatic;

pub use keyed::KeyedEntry;
pub use local_fast_path::{LookedUp, RemoteEntry};
pub use tagged::TaggedEntry;

/// Begins the entry of a call of the function at a `callsite!`, which returns `T` and encodes with `C`.
#[inline]
pub fn entry<T: Cacheable, C: Codec>(callsite: (&'static Callsite, impl Fn())) -> EntryBuilder<'static, T> {
    let (site, here) = callsite;
    beside::<T, C, _>(site, &here)
}

#[inline]
fn beside<T: Cacheable, C: Codec, H>(site: &'static Callsite, _: &H) -> EntryBuilder<'static, T> {
    begun::<T, C, H>(site)
}

/// The same, where `H` is the type of a closure in the function.
#[inline]
pub(super) fn begun<T: Cacheable, C: Codec, H>(site: &'static Callsite) -> EntryBuilder<'static, T> {
    EntryBuilder {
        site,
        here: std::any::type_name::<H>(),
        cache: None,
        policy: Policy::NONE,
        identify: identity::of::<T, C, H>,
        hooks: Hooks::of::<C>(),
        place: PhantomData,
    }
}

/// The same for a function with the option `shape`.
#[inline]
pub fn shaped_entry<T: Cacheable + InShape<S>, C: Codec, S: Shape>(
    callsite: (&'static Callsite, impl Fn()),
) -> EntryBuilder<'static, T> {
    let (site, here) = callsite;
    begun_in_shape::<T, C, S, _>(site, &here)
}

fn begun_in_shape<T: Cacheable + InShape<S>, C: Codec, S: Shape, H>(
    site: &'static Callsite,
    _: &H,
) -> EntryBuilder<'static, T> {
    let begun = begun::<T, C, H>(site);
    EntryBuilder {
        policy: Policy { shape: Some(shape::kind::<S>()), ..begun.policy },
        identify: identity::of_shaped::<T, C, H, S>,
        hooks: Hooks::of_shape::<C, S>(),
        ..begun
    }
}

/// The place of values that are in Redis alone.
#[derive(Debug)]
pub struct RemoteOnly;

/// The place of values that this process keeps too: `local`.
#[derive(Debug)]
pub struct WithLocal;

/// An entry's options. The attribute's documentation says what each means.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct EntryBuilder<'c, T, L = RemoteOnly> {
    site: &'static Callsite,
    /// The name of a closure's type in the function.
    here: &'static str,
    cache: Option<&'c Arc<Core>>,
    policy: Policy,
    identify: Identify,
    hooks: Hooks<T>,
    place: PhantomData<L>,
}

#[allow(missing_docs, reason = "named after the options, and by expansions only")]
impl<'c, T, L> EntryBuilder<'c, T, L> {
    #[inline]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.policy.ttl = Ttl::Expires(ttl);
        self
    }

    /// `ttl = "never"`: no length of time says that, however long.
    #[inline]
    pub fn never_expires(mut self) -> Self {
        self.policy.ttl = Ttl::Never;
        self
    }

    #[inline]
    pub fn ttl_with(mut self, ttl: fn(&T) -> Duration) -> Self {
        self.hooks.ttl_with = Some(ttl);
        self
    }

    #[inline]
    pub fn jitter(mut self, share: f64) -> Self {
        self.policy.jitter = share;
        self
    }

    #[inline]
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.policy.stale_while_revalidate = window;
        self
    }

    #[inline]
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.policy.stale_if_error = window;
        self
    }

    /// The most bytes that an entry may have, should that be less than the cache's limit.
    #[inline]
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.policy.max_size = bytes;
        self.hooks.decompressed = usize::try_from(bytes).unwrap_or(usize::MAX).max(compress::LIMIT);
        self
    }

    #[inline]
    pub fn early_refresh(mut self, beta: f64) -> Self {
        self.policy.early_refresh = beta;
        self
    }

    #[inline]
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.policy.max_wait = Some(max_wait);
        self
    }

    #[inline]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout_millis = u32::try_from(timeout.as_millis()).unwrap_or(NO_TIMEOUT);
        self
    }

    /// `replica_reads = verified`.
    #[inline]
    pub fn verified_replica_reads(mut self) -> Self {
        self.policy.replica_reads = Some(ReplicaReads::Verified);
        self
    }

    #[inline]
    pub fn replica_reads(mut self, bound: Duration) -> Self {
        self.policy.replica_reads = Some(ReplicaReads::bounded(bound));
        self
    }

    #[inline]
    pub fn local(self, length: Duration, keep: Keep<T>) -> EntryBuilder<'c, T, WithLocal> {
        let Self { site, here, cache, mut policy, identify, mut hooks, .. } = self;
        policy.local = LocalCopies::Tracked(length);
        hooks.local = Some(keep);
        EntryBuilder { site, here, cache, policy, identify, hooks, place: PhantomData }
    }

    /// `local = revalidate`. Redis is asked each time, so the entry takes the way of values that are in Redis alone.
    #[inline]
    pub fn revalidate(mut self, keep: Keep<T>) -> Self {
        self.policy.local = LocalCopies::Revalidated;
        self.hooks.local = Some(keep);
        self
    }

    /// After `ttl` and `local`: a value in this process is served for a part of the TTL at most, since Redis is to hear of hits.
    #[inline]
    pub fn sliding(mut self) -> Self {
        self.policy.sliding = true;
        if let (Ttl::Expires(ttl), LocalCopies::Tracked(length)) = (self.policy.ttl, self.policy.local) {
            self.policy.local = LocalCopies::Tracked(length.min(ttl / PROLONGED));
        }
        self
    }

    /// A part of a second counts as a whole one.
    #[inline]
    pub fn max_age(mut self, age: Duration) -> Self {
        let seconds = age.as_secs() + u64::from(age.subsec_nanos() > 0);
        self.policy.max_age_secs = u32::try_from(seconds).unwrap_or(NO_MAX_AGE);
        self
    }

    #[inline]
    pub fn conditional(mut self) -> Self {
        self.policy.conditional = true;
        self
    }

    #[inline]
    pub fn sealed(mut self) -> Self {
        self.policy.needs = Needs::Keyring;
        self
    }

    #[inline]
    pub fn negative_ttl(mut self, ttl: Duration) -> Self
    where
        T: Nullable,
    {
        self.policy.negative_ttl = Some(ttl);
        self
    }

    /// `negative_ttl` of a batch, where it is also for keys that the function does not return, and of `negative`: the type need not have a
    /// `None`.
    #[inline]
    pub fn absent_ttl(mut self, ttl: Duration) -> Self {
        self.policy.negative_ttl = Some(ttl);
        self
    }

    /// Which results are errors that are remembered: [`kind_of`](super::kind_of) tells.
    #[inline]
    pub fn negative(mut self, kind: fn(&T) -> Option<Special>) -> Self {
        self.hooks.special = kind;
        self
    }

    #[inline]
    pub fn cache_if(mut self, wanted: fn(&T) -> bool) -> Self {
        self.hooks.cache_if = Some(wanted);
        self
    }

    #[inline]
    pub fn compress(mut self, compression: Compression) -> Self {
        self.hooks.compression = Some(compression);
        self
    }

    #[inline]
    pub fn cache(mut self, cache: &'c (impl AsRef<Cache> + ?Sized)) -> Self {
        self.cache = Some(&cache.as_ref().0);
        self
    }

    /// Begins a key with a template's leading text.
    #[inline]
    pub fn key(self, text: &str) -> KeyedEntry<'c, T, L, Template<'_>> {
        KeyedEntry { options: self, key: Template(text) }
    }

    /// Begins a key with the function's path.
    #[inline]
    pub fn default_key(self) -> KeyedEntry<'c, T, L, Path> {
        let Self { site, here, .. } = self;
        KeyedEntry { options: self, key: Path { site, here } }
    }
}

/// The cache that the option names, or the one of the scope or the program.
#[inline]
fn in_use(cache: Option<&Arc<Core>>) -> MaybeStatic<Core> {
    cache.map_or_else(global::current, |cache| MaybeStatic::Counted(Arc::clone(cache)))
}

impl<T, L> EntryBuilder<'_, T, L> {
    /// Something secret is called so.
    fn needs_names(&mut self, names: &SecretNames) {
        if !names.are_shared {
            self.policy.needs = Needs::KeyForNames;
        }
    }

    #[inline]
    fn in_use(&self) -> MaybeStatic<Core> {
        in_use(self.cache)
    }

    #[inline]
    fn entry(self, cache: MaybeStatic<Core>, mut key: KeyBuf, tags: Option<Arc<Tags>>) -> Entry<T> {
        let function = cache.function_of(self.site, self.identify, &mut key);
        Entry::new(Call { cache, function, key, policy: self.policy, tags }, self.hooks)
    }
}
