//! The entry of a target, as its entry function gives it: of a value in one string, or of one in parts.

use crate::api::entry::Entry;
use crate::api::shaped_entry::ShapedEntry;

/// The entry of a `T`, with a shape or without.
#[diagnostic::on_unimplemented(
    message = "a target here is an `Entry<{T}>`, and this is a `{Self}`",
    label = "not an `Entry<{T}>`",
    note = "name the function, `get_user(id)`; in `entry(…)` stands an expression that gives its entry, `entry(get_user_entry(id))`",
    note = "all entries that one `#[redis_updates]` names become the same value"
)]
pub trait TargetEntry<T> {
    /// That of the whole value.
    fn whole(self) -> Entry<T>;
}

#[diagnostic::do_not_recommend]
impl<T> TargetEntry<T> for Entry<T> {
    fn whole(self) -> Self {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T, S, C> TargetEntry<T> for ShapedEntry<T, S, C> {
    fn whole(self) -> Entry<T> {
        self.into_entry()
    }
}
