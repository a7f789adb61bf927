//! An entry with tags.

use std::sync::Arc;

use super::KeyedEntry;
use crate::blocking_entry::BlockingEntry;
use crate::engine::Call;
use crate::entry_handle::Entry;
use crate::key::{KeyBuf, KeyBuilder, KeyPart};
use crate::tags::{self, Tags};

/// An entry whose key is complete, and of whose tags one may be being built.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct TaggedEntry<T> {
    keyed: KeyedEntry<T>,
    tags: Vec<KeyBuf>,
    tag: Option<KeyBuilder>,
}

impl<T> KeyedEntry<T> {
    /// Begins the entry's first tag with a template's leading text.
    pub fn tag(self, text: &str) -> TaggedEntry<T> {
        self.tagged().tag(text)
    }

    /// The tags that the value names.
    pub fn tags_of(self, names: fn(&T) -> Vec<String>) -> TaggedEntry<T> {
        self.tagged().tags_of(names)
    }

    fn tagged(self) -> TaggedEntry<T> {
        TaggedEntry { keyed: self, tags: Vec::new(), tag: None }
    }
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T> TaggedEntry<T> {
    pub fn tag(mut self, text: &str) -> Self {
        self.end();
        let mut tag = KeyBuilder::template(&self.keyed.cache.prefix, tags::TAG);
        tag.text(text);
        self.tag = Some(tag);
        self
    }

    pub fn text(mut self, text: &str) -> Self {
        if let Some(tag) = &mut self.tag {
            tag.text(text);
        }
        self
    }

    pub fn arg<P: KeyPart + ?Sized>(mut self, part: &P) -> Self {
        if let Some(tag) = &mut self.tag {
            tag.arg(part);
        }
        self
    }

    /// A type parameter, by its full name.
    pub fn type_name<P: ?Sized>(self) -> Self {
        self.arg(std::any::type_name::<P>())
    }

    pub fn tags_of(mut self, names: fn(&T) -> Vec<String>) -> Self {
        self.keyed.hooks.tags_of = Some(names);
        self
    }

    fn end(&mut self) {
        self.tags.extend(self.tag.take().map(KeyBuilder::finish));
    }

    #[must_use]
    pub fn build(mut self) -> Entry<T> {
        self.end();
        let KeyedEntry { cache, function, key, policy, hooks } = self.keyed;
        let tags = Tags::new(self.tags, &cache.prefix, hooks.tags_of.is_some());
        let call = Call { cache, function, key: key.finish(), policy, tags: Some(Arc::new(tags)) };
        Entry::new(call, hooks)
    }

    #[must_use]
    pub fn build_blocking(self) -> BlockingEntry<T> {
        BlockingEntry::new(self.build())
    }
}
