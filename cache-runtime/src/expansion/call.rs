//! From an expansion to an [`Entry`]: the one chain of calls that every expansion consists of.

mod local_fast_path;
mod tagged;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::blocking_entry::BlockingEntry;
use crate::api::cache::Cache;
use crate::api::entry::{Entry, Hooks};
use crate::api::global;
use crate::api::shaped_entry::ShapedEntry;
use crate::codec::Codec;
use crate::codec::compress;
use crate::codec::compress::Compression;
use crate::engine::Call;
use crate::engine::callsite::Callsite;
use crate::engine::core::Core;
use crate::engine::function::Identify;
use crate::entry::identity;
use crate::entry::special::Special;
use crate::expansion::batch::{Batch, BatchKey, BatchTags, Batched};
use crate::key::{
    Arg, Each, EachSecret, End, KeyBuf, KeyBuilder, KeyPart, Path, Pieces, Secret, SecretNames, Template,
    Text,
};
use crate::local::Keep;
use crate::policy::ttl::Ttl;
use crate::policy::{LocalCopies, NO_MAX_AGE, NO_TIMEOUT, Needs, PROLONGED, Policy};
use crate::shape::{self, InShape, Shape};
use crate::store::vocabulary::ReplicaReads;
use crate::tags::Tags;
use crate::util::maybe_static::MaybeStatic;

pub use local_fast_path::{LookedUp, RemoteEntry};
pub use tagged::TaggedEntry;

/// A type whose values can be cached: everything that serde can write and read back as an owned value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "this type must be `serde::Serialize` and `serde::Deserialize`",
    note = "derive them: `#[derive(serde::Serialize, serde::Deserialize)]`; a value that borrows cannot be read back: return an owned one",
    note = "a type parameter in it needs `T: serde::Serialize + serde::de::DeserializeOwned`"
)]
pub trait Cacheable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Cacheable for T {}

/// A type that has a `None`, which `negative_ttl` is about.
#[diagnostic::on_unimplemented(
    message = "`negative_ttl` needs a function that returns `Option<T>` or `Result<Option<T>, E>`, and `{Self}` has no `None`",
    label = "leave out `negative_ttl`, or return an `Option`"
)]
pub trait Nullable {}

impl<T> Nullable for Option<T> {}
impl<T: Nullable> Nullable for Box<T> {}
impl<T: Nullable> Nullable for Arc<T> {}
impl<T: Nullable> Nullable for std::rc::Rc<T> {}

/// A `Result`, whatever name it goes by: how an expansion names the types inside an alias.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is taken for a `Result` and is none",
    label = "this must be a `Result`",
    note = "a generic type whose name ends in `Result` must be one: return it under another name, `type Found = {Self};`, or write `entry = false`",
    note = "`negative` needs one, since it is about its errors"
)]
pub trait Fallible {
    /// The type of `Ok`.
    type Ok;
    /// The type of `Err`.
    type Error;

    /// The same by reference.
    ///
    /// # Errors
    /// Where it is an error.
    fn as_result(&self) -> Result<&Self::Ok, &Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Error = E;

    #[inline]
    fn as_result(&self) -> Result<&T, &E> {
        self.as_ref()
    }
}

/// The type of `Ok` of a `Result` alias.
pub type OkOf<R> = <R as Fallible>::Ok;

/// The type of `Err` of a `Result` alias.
pub type ErrorOf<R> = <R as Fallible>::Error;

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

/// An entry whose key's pieces are being named.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct KeyedEntry<'c, T, L, K> {
    options: EntryBuilder<'c, T, L>,
    key: K,
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<'c, T, L, K: Pieces> KeyedEntry<'c, T, L, K> {
    #[inline]
    pub fn text(self, text: &str) -> KeyedEntry<'c, T, L, Text<'_, K>> {
        KeyedEntry { options: self.options, key: Text(self.key, text) }
    }

    #[inline]
    pub fn arg<P: KeyPart + ?Sized>(self, part: &P) -> KeyedEntry<'c, T, L, Arg<'_, K, P>> {
        KeyedEntry { options: self.options, key: Arg::new(self.key, part) }
    }

    /// An argument that may not be there: `pieces` names it, or gives back what it is given.
    #[inline]
    pub fn with<R>(self, pieces: impl FnOnce(Self) -> R) -> R {
        pieces(self)
    }

    /// The argument that is different for each key of a batch.
    pub fn each(self) -> KeyedEntry<'c, T, L, Each<K>> {
        KeyedEntry { options: self.options, key: Each(self.key) }
    }

    /// An argument that is secret.
    #[inline(never)]
    pub fn secret<P: KeyPart + ?Sized>(mut self, part: &P) -> KeyedEntry<'c, T, L, Secret<K>> {
        let cache = self.options.in_use();
        self.options.needs_names(&cache.names);
        KeyedEntry { options: self.options, key: Secret(self.key, cache.names.name(part)) }
    }

    /// The same for the argument that is different for each key of a batch.
    pub fn each_secret(self) -> KeyedEntry<'c, T, L, EachSecret<K>> {
        KeyedEntry { options: self.options, key: EachSecret(self.key) }
    }

    /// A type parameter, by its full name.
    #[inline]
    pub fn type_name<P: ?Sized>(self) -> KeyedEntry<'c, T, L, Arg<'static, K, str>> {
        self.arg(std::any::type_name::<P>())
    }

    /// Ends a default key.
    #[inline]
    pub fn end(self) -> KeyedEntry<'c, T, L, End<K>> {
        KeyedEntry { options: self.options, key: End(self.key) }
    }

    #[must_use]
    #[inline]
    pub fn build(self) -> Entry<T> {
        // Taken apart as in `look_up`.
        let Self { options, key: pieces } = self;
        let EntryBuilder { site, cache, policy, identify, hooks, .. } = options;
        let cache = in_use(cache);
        let mut key = KeyBuilder::key(&cache.prefix, &pieces);
        let function = cache.function_of(site, identify, &mut key);
        let tags = cache.shared_tags.clone();
        Entry::new(Call { cache, function, key, policy, tags }, hooks)
    }

    /// The entry of a function with a shape.
    #[must_use]
    pub fn build_shaped<S, C>(self) -> ShapedEntry<T, S, C> {
        ShapedEntry::new(self.build())
    }

    /// A call for all of `keys`.
    pub fn batch<C: Batched<Key: BatchKey, Value = T>>(
        self,
        keys: impl IntoIterator<Item = C::Key>,
    ) -> Batch<C> {
        let cache = self.options.in_use();
        self.batch_with(cache, &BatchTags { common: Vec::new(), of_keys: Vec::new(), of_value: false }, keys)
    }

    fn batch_with<C: Batched<Key: BatchKey, Value = T>>(
        mut self,
        cache: MaybeStatic<Core>,
        tags: &BatchTags,
        keys: impl IntoIterator<Item = C::Key>,
    ) -> Batch<C> {
        let mut template = KeyBuilder::of(&cache.prefix, &self.key).template_of_many();
        if template.is_secret() {
            template.call_parts(&cache.names);
            self.options.needs_names(&cache.names);
        }
        self.options.hooks.serves_absence = true;
        let entry = self.options.entry(cache, KeyBuf::new(), None);
        entry.call().put_into_bucket(&mut template);
        Batch::new(entry, template, tags, keys)
    }

    #[must_use]
    #[inline]
    pub fn build_blocking(self) -> BlockingEntry<T> {
        BlockingEntry::new(self.build())
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
