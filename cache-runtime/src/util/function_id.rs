//! Which function in the source text: what is known of it at compile time.

use std::panic::Location;

/// An annotated function. Two functions of a module may share a name, the location tells them apart.
#[derive(Debug)]
pub struct FunctionId {
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    /// The key's template, its placeholders without their names. `None`: the key begins with the function's path.
    pub(crate) template: Option<&'static str>,
    pub(crate) version: u32,
    /// The attribute's place.
    pub(crate) location: &'static Location<'static>,
}

impl FunctionId {
    /// The function `name` in `module`, version 0, without a template.
    #[track_caller]
    pub(crate) const fn new(module: &'static str, name: &'static str) -> Self {
        Self { module, name, template: None, version: 0, location: Location::caller() }
    }
}
