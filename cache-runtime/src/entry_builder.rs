//! From an expansion to an [`Entry`]: the one chain of calls that every expansion consists of.

mod tagged;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batch::{Batch, BatchKey, Batched};
use crate::blocking_entry::BlockingEntry;
use crate::cache::{Cache, Inner};
use crate::codec::Codec;
use crate::codec::compress::Compression;
use crate::decision::Policy;
use crate::engine::Call;
use crate::entry::fingerprint;
use crate::entry::none::is_none;
use crate::entry_handle::{Entry, Hooks};
use crate::global;
use crate::key::{KeyBuf, KeyBuilder, KeyPart};
use crate::local::Keep;
use crate::shared::Shared;
use crate::site::Site;
use crate::stats::Function;

pub use tagged::TaggedEntry;

/// A type whose values can be cached: everything that serde can write and read back as an owned value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "this type must be `serde::Serialize` and `serde::Deserialize`",
    note = "derive them: `#[derive(serde::Serialize, serde::Deserialize)]`; a value that borrows cannot be read back: return an owned one"
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

/// A type whose values can be kept decoded, for all threads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in this process",
    label = "`local` needs a type that is `Clone`, `Send`, `Sync` and owns its data",
    note = "derive `Clone`, or return an `Arc` of it, which also makes a hit cost nothing but a count"
)]
pub trait Keepable: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Keepable for T {}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is taken for a `Result`, because its name ends so, and is none",
    label = "a type whose name ends in `Result` must be one",
    note = "give the type another name, or return it under an alias: `type Found = {Self};`"
)]
/// A `Result`, whatever name it goes by: how an expansion names the types inside an alias.
pub trait Fallible {
    /// The type of `Ok`.
    type Ok;
    /// The type of `Err`.
    type Error;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Error = E;
}

/// The type of `Ok` of a `Result` alias.
pub type OkOf<R> = <R as Fallible>::Ok;

/// The type of `Err` of a `Result` alias.
pub type ErrorOf<R> = <R as Fallible>::Error;

/// Begins the entry of a call of `site`'s function, which returns `T` and encodes with `C`.
#[inline]
pub fn entry<T: Cacheable, C: Codec>(site: &'static Site) -> EntryBuilder<T> {
    EntryBuilder {
        site,
        cache: None,
        policy: Policy::NONE,
        fingerprint: fingerprint::for_codec::<T, C>,
        hooks: Hooks {
            codec: C::ID,
            encode: C::encode::<T>,
            decode: C::decode::<T>,
            compression: None,
            is_none: is_none::<T>,
            ttl_with: None,
            cache_if: None,
            local: None,
            tags_of: None,
        },
    }
}

/// An entry's options. The attribute's documentation says what each means.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct EntryBuilder<T> {
    site: &'static Site,
    cache: Option<Shared<Inner>>,
    policy: Policy,
    fingerprint: fn() -> u64,
    hooks: Hooks<T>,
}

#[allow(missing_docs, reason = "named after the options, and by expansions only")]
impl<T> EntryBuilder<T> {
    #[inline]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.policy.ttl = ttl;
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

    #[inline]
    pub fn early_refresh(mut self, beta: f64) -> Self {
        self.policy.early_refresh = beta;
        self
    }

    #[inline]
    pub fn local(mut self, keep: Duration) -> Self
    where
        T: Keepable,
    {
        self.policy.local = keep;
        self.hooks.local = Some(Keep::new());
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

    /// `negative_ttl` of a batch: also for keys that the function does not return, so the type need not have a `None`.
    #[inline]
    pub fn absent_ttl(mut self, ttl: Duration) -> Self {
        self.policy.negative_ttl = Some(ttl);
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
    pub fn cache(mut self, cache: &(impl AsRef<Cache> + ?Sized)) -> Self {
        self.cache = Some(Shared::Counted(Arc::clone(&cache.as_ref().0)));
        self
    }

    /// Begins a key with a template's leading text.
    #[inline]
    pub fn key(self, text: &str) -> KeyedEntry<T> {
        self.keyed(|prefix, _| KeyBuilder::template(prefix, text))
    }

    /// Begins a key with the function's path, which `closure`, the name of a closure's type in the function, tells.
    pub fn default_key(self, closure: &str) -> KeyedEntry<T> {
        self.keyed(|prefix, site| KeyBuilder::path(prefix, closure, site.name))
    }

    #[inline]
    fn keyed(self, key: impl FnOnce(&str, &Site) -> KeyBuilder) -> KeyedEntry<T> {
        let cache = self.cache.unwrap_or_else(global::current);
        let key = key(&cache.prefix, self.site);
        let function = cache.functions.get(self.site, self.fingerprint);
        KeyedEntry { cache, function, key, policy: self.policy, hooks: self.hooks }
    }
}

/// An entry whose key is being built.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct KeyedEntry<T> {
    cache: Shared<Inner>,
    function: Shared<Function>,
    key: KeyBuilder,
    policy: Policy,
    hooks: Hooks<T>,
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T> KeyedEntry<T> {
    #[inline]
    pub fn text(self, text: &str) -> Self {
        self.with_key(|key| key.text(text))
    }

    #[inline]
    pub fn arg<P: KeyPart + ?Sized>(self, part: &P) -> Self {
        self.with_key(|key| key.arg(part))
    }

    /// The key is written in a place of its own: a reference to a part of this would keep the compiler from taking the rest
    /// apart, and each step of the chain would copy all of it.
    #[inline]
    fn with_key(self, write: impl FnOnce(&mut KeyBuilder)) -> Self {
        let Self { cache, function, mut key, policy, hooks } = self;
        write(&mut key);
        Self { cache, function, key, policy, hooks }
    }

    /// The argument that is different for each key of a batch.
    pub fn each(mut self) -> Self {
        self.key.each();
        self
    }

    /// A type parameter, by its full name.
    pub fn type_name<P: ?Sized>(self) -> Self {
        self.arg(std::any::type_name::<P>())
    }

    /// Ends a default key.
    pub fn end(self) -> Self {
        self.with_key(KeyBuilder::close)
    }

    #[must_use]
    #[inline]
    pub fn build(self) -> Entry<T> {
        let call = Call {
            cache: self.cache,
            function: self.function,
            key: self.key.finish(),
            policy: self.policy,
            tags: None,
        };
        Entry::new(call, self.hooks)
    }

    /// A call for all of `keys`.
    pub fn batch<C: Batched<Key: BatchKey, Value = T>>(
        self,
        keys: impl IntoIterator<Item = C::Key>,
    ) -> Batch<C> {
        let key = KeyBuf::new();
        let call = Call { cache: self.cache, function: self.function, key, policy: self.policy, tags: None };
        Batch::new(Entry::new(call, self.hooks), self.key.template_of_many(), keys)
    }

    #[must_use]
    #[inline]
    pub fn build_blocking(self) -> BlockingEntry<T> {
        BlockingEntry::new(self.build())
    }
}
