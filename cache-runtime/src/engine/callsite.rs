//! One annotated function, as a constant.

use std::ops::Deref;

use super::function::First;
use crate::util::function_id::FunctionId;

/// An annotated function, and its counters in the cache that it was used with first. Made by expansions only.
///
/// An expansion contains it twice, in the function and in its entry function; the location tells which are one.
#[derive(Debug)]
pub struct Callsite {
    id: FunctionId,
    pub(crate) first: First,
    /// `invalidated = …`.
    pub(crate) invalidated: Option<bool>,
}

impl Callsite {
    /// The function `name` in `module`, version 0, without a template.
    #[track_caller]
    #[must_use]
    pub const fn new(module: &'static str, name: &'static str) -> Self {
        Self { id: FunctionId::new(module, name), first: First::new(), invalidated: None }
    }

    /// `key = …`, with `<>` for each argument: becomes part of the fingerprint, so that what another template has put at the same key
    /// is a miss.
    #[must_use]
    pub const fn template(mut self, template: &'static str) -> Self {
        self.id.template = Some(template);
        self
    }

    /// `version = …`: becomes part of the fingerprint, so another version's entries are misses.
    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.id.version = version;
        self
    }

    /// `invalidated = …`: what a difference means that `verify` finds.
    #[must_use]
    pub const fn invalidated(mut self, invalidated: bool) -> Self {
        self.invalidated = Some(invalidated);
        self
    }
}

impl Deref for Callsite {
    type Target = FunctionId;

    fn deref(&self) -> &FunctionId {
        &self.id
    }
}
