//! The pieces of an entry's key, and what is built when they are named.

use super::{EntryBuilder, in_use};
use crate::api::blocking_entry::BlockingEntry;
use crate::api::entry::Entry;
use crate::api::shaped_entry::ShapedEntry;
use crate::engine::Call;
use crate::engine::core::Core;
use crate::expansion::batch::{Batch, BatchKey, BatchTags, Batched};
use crate::key::{Arg, Each, EachSecret, End, KeyBuf, KeyBuilder, KeyPart, Pieces, Secret, Text};
use crate::util::maybe_static::MaybeStatic;

/// An entry whose key's pieces are being named.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct KeyedEntry<'c, T, L, K> {
    pub(super) options: EntryBuilder<'c, T, L>,
    pub(super) key: K,
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

    pub(super) fn batch_with<C: Batched<Key: BatchKey, Value = T>>(
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
