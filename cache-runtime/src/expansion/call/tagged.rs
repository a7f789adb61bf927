//! An entry with tags.

use crate::api::blocking_entry::BlockingEntry;
use crate::api::entry::Entry;
use crate::api::shaped_entry::ShapedEntry;
use crate::engine::core::Core;
use crate::expansion::batch::{Batch, BatchKey, BatchTags, Batched};
use crate::expansion::call::{KeyedEntry, LookedUp, RemoteOnly, WithLocal};
use crate::key::{KeyBuf, KeyBuilder, Pieces, Scalar};
use crate::tags;
use crate::tags::{OpenTag, TagTemplate, Tagging};
use crate::util::maybe_static::MaybeStatic;

/// An entry whose key is complete, and of whose tags one may be being built.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct TaggedEntry<'c, T, L, K> {
    keyed: KeyedEntry<'c, T, L, K>,
    cache: MaybeStatic<Core>,
    tags: Vec<KeyBuf>,
    /// Those in whose names a key of the batch stands, each with its place among all.
    of_keys: Vec<(usize, TagTemplate)>,
    tag: Option<OpenTag>,
}

impl<'c, T, L, K: Pieces> KeyedEntry<'c, T, L, K> {
    /// Begins the entry's first tag with a template's leading text.
    pub fn tag(self, text: &'static str) -> TaggedEntry<'c, T, L, K> {
        self.tagged().tag(text)
    }

    /// The entry's first tag, as a value.
    pub fn typed_tag(self, tag: impl Tagging) -> TaggedEntry<'c, T, L, K> {
        self.tagged().typed_tag(tag)
    }

    /// The tags that the value names.
    pub fn tags_of(self, names: fn(&T) -> Vec<String>) -> TaggedEntry<'c, T, L, K> {
        self.tagged().tags_of(names)
    }

    fn tagged(self) -> TaggedEntry<'c, T, L, K> {
        TaggedEntry {
            cache: self.options.in_use(),
            keyed: self,
            tags: Vec::new(),
            of_keys: Vec::new(),
            tag: None,
        }
    }
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T, L, K: Pieces> TaggedEntry<'_, T, L, K> {
    pub fn tag(mut self, text: &'static str) -> Self {
        self.end();
        self.tag = Some(OpenTag::new(&self.cache.prefix, text));
        self
    }

    pub fn text(mut self, text: &str) -> Self {
        if let Some(tag) = &mut self.tag {
            tag.text(text);
        }
        self
    }

    pub fn arg<P: Scalar + ?Sized>(mut self, part: &P) -> Self {
        if let Some(tag) = &mut self.tag {
            tag.arg(part);
        }
        self
    }

    /// An argument that is secret.
    pub fn secret<P: Scalar + ?Sized>(mut self, part: &P) -> Self {
        self.keyed.options.needs_names(&self.cache.names);
        let name = self.cache.names.name(part);
        if let Some(tag) = &mut self.tag {
            tag.secret(&name);
        }
        self
    }

    pub fn with<R>(self, pieces: impl FnOnce(Self) -> R) -> R {
        pieces(self)
    }

    /// A type parameter, by its full name.
    pub fn type_name<P: ?Sized>(self) -> Self {
        self.arg(std::any::type_name::<P>())
    }

    #[allow(clippy::needless_pass_by_value, reason = "an expression of the user's, as it gives it")]
    pub fn typed_tag(mut self, tag: impl Tagging) -> Self {
        self.end();
        if let Some(named) = tag.named() {
            named.seen();
            self.tags.push(tags::tag(&self.cache.prefix, &named.name));
        }
        self
    }

    pub fn tags_of(mut self, names: fn(&T) -> Vec<String>) -> Self {
        self.keyed.options.hooks.tags_of = Some(names);
        self
    }

    /// The argument of a tag that is different for each key of a batch.
    pub fn each(mut self) -> Self {
        if let Some(tag) = &mut self.tag {
            tag.each(false);
        }
        self
    }

    /// The same for one that is secret.
    pub fn each_secret(mut self) -> Self {
        self.keyed.options.needs_names(&self.cache.names);
        if let Some(tag) = &mut self.tag {
            tag.each(true);
        }
        self
    }

    fn end(&mut self) {
        match self.tag.take().map(OpenTag::end) {
            Some(Ok(tag)) => self.tags.push(tag),
            Some(Err(template)) => self.of_keys.push((self.tags.len() + self.of_keys.len(), template)),
            None => {}
        }
    }

    /// A call for all of `keys`.
    pub fn batch<C: Batched<Key: BatchKey, Value = T>>(
        mut self,
        keys: impl IntoIterator<Item = C::Key>,
    ) -> Batch<C> {
        self.end();
        let of_value = self.keyed.options.hooks.tags_of.is_some();
        let tags = BatchTags { common: self.tags, of_keys: self.of_keys, of_value };
        self.keyed.batch_with(self.cache, &tags, keys)
    }

    #[must_use]
    pub fn build(mut self) -> Entry<T> {
        self.end();
        let KeyedEntry { options, key } = self.keyed;
        let key = KeyBuilder::key(&self.cache.prefix, &key);
        let tags = self.cache.tags(self.tags, options.hooks.tags_of.is_some());
        options.entry(self.cache, key, tags)
    }

    /// The entry of a function with a shape.
    #[must_use]
    pub fn build_shaped<S, C>(self) -> ShapedEntry<T, S, C> {
        ShapedEntry::new(self.build())
    }

    #[must_use]
    pub fn build_blocking(self) -> BlockingEntry<T> {
        BlockingEntry::new(self.build())
    }
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T, K: Pieces> TaggedEntry<'_, T, RemoteOnly, K> {
    #[must_use]
    pub fn look_up(self) -> Entry<T> {
        self.build()
    }
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T, K: Pieces> TaggedEntry<'_, T, WithLocal, K> {
    /// Not by the short way of [`KeyedEntry::look_up`]: whether an entry fits hangs on its tags' nonces, which are looked up too.
    pub fn look_up(self) -> LookedUp<T> {
        LookedUp::of(self.build())
    }
}
