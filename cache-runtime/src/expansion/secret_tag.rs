//! The name of a tag with something secret in it, for whoever invalidates it: it takes the cache whose key for names is used.

use std::borrow::Cow;
use std::sync::Arc;

use crate::api::cache::Cache;
use crate::api::global;
use crate::engine::core::Core;
use crate::key::Scalar;
use crate::tags::{Named, TagName, Tagging, name_of};
use crate::util::maybe_static::MaybeStatic;

/// Begins the name of a tag of the current cache with a template's leading text.
pub fn secret_tag(text: &str) -> SecretTag {
    SecretTag { cache: global::current(), name: name_of(text) }
}

/// The same for a tag of this cache.
pub fn secret_tag_in(cache: &(impl AsRef<Cache> + ?Sized), text: &str) -> SecretTag {
    SecretTag { cache: MaybeStatic::Counted(Arc::clone(&cache.as_ref().0)), name: name_of(text) }
}

/// The name of a tag that an expansion puts together.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct SecretTag {
    cache: MaybeStatic<Core>,
    name: TagName,
}

#[allow(missing_docs, reason = "named by expansions only")]
impl SecretTag {
    pub fn text(mut self, text: &str) -> Self {
        self.name = self.name.text(text);
        self
    }

    pub fn arg<P: Scalar + ?Sized>(mut self, part: &P) -> Self {
        self.name = self.name.arg(part);
        self
    }

    pub fn secret<P: Scalar + ?Sized>(self, part: &P) -> Self {
        let name = self.cache.names.name(part);
        self.text(&name)
    }

    /// A type parameter, by its full name.
    pub fn type_name<P: ?Sized>(mut self) -> Self {
        self.name = self.name.type_name::<P>();
        self
    }

    pub fn end(self) -> SecretTagName {
        SecretTagName { name: self.name.end(), is_known: self.cache.names.are_shared }
    }
}

/// The finished name.
#[derive(Debug)]
pub struct SecretTagName {
    name: String,
    is_known: bool,
}

impl Tagging for SecretTagName {
    fn named(&self) -> Option<Named<'_>> {
        Some(Named { name: Cow::Borrowed(&self.name), lead: None, is_known: self.is_known })
    }
}
