//! One annotated function, as a constant.

use std::panic::Location;

use crate::stats::First;

/// What is known of an annotated function at compile time. Made by expansions only.
#[derive(Debug)]
pub struct Site {
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    /// The key's template, its placeholders without their names. `None`: the key begins with the function's path.
    pub(crate) template: Option<&'static str>,
    pub(crate) version: u32,
    /// The attribute's place. An expansion contains the site twice, in the function and in its companion, and two
    /// functions of a module may share a name; this tells which sites are one.
    pub(crate) location: &'static Location<'static>,
    pub(crate) first: First,
}

impl Site {
    /// The function `name` in `module`, version 0, without a template.
    #[track_caller]
    #[must_use]
    pub const fn new(module: &'static str, name: &'static str) -> Self {
        Self { module, name, template: None, version: 0, location: Location::caller(), first: First::new() }
    }

    /// `key = …`, with `<>` for each argument: becomes part of the fingerprint, so that what another template has put at the same key
    /// is a miss.
    #[must_use]
    pub const fn template(mut self, template: &'static str) -> Self {
        self.template = Some(template);
        self
    }

    /// `version = …`: becomes part of the fingerprint, so another version's entries are misses.
    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }
}
