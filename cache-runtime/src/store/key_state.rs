//! What an operation does to a slot: pure functions of what stands there.
//!
//! They are the protocol as a server carries it out, one step each. [`MemoryStore`](super::MemoryStore) runs them on its
//! entries, and the model checker (`model`) on the slots of its states. Redis runs the same rules as commands and as the
//! scripts in `redis/lua`, which no Rust code can share; the conformance suite holds those to what is said here.

/// What stands in a slot.
pub(crate) trait Content {
    /// What tells one write from any other.
    type Mark: ?Sized;

    fn begins_with(&self, mark: &Self::Mark) -> bool;
}

/// What becomes of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write<C> {
    Keep,
    Put(C),
    Remove,
}

/// Puts a lease where nothing is. Answers what was there.
pub(crate) fn acquire<C>(current: Option<C>, lease: impl FnOnce() -> C) -> (Write<C>, Option<C>) {
    match current {
        Some(content) => (Write::Keep, Some(content)),
        None => (Write::Put(lease()), None),
    }
}

/// Replaces what is there only if it still begins with `mark`: compare-and-set. Answers whether it did.
pub(crate) fn swap<C: Content>(
    current: Option<&C>,
    mark: &C::Mark,
    new: impl FnOnce() -> C,
) -> (Write<C>, bool) {
    if holds(current, mark) { (Write::Put(new()), true) } else { (Write::Keep, false) }
}

/// Removes what is there only if it still begins with `mark`. Without the comparison, one who is late would remove the
/// lease of whoever came after.
pub(crate) fn release<C: Content>(current: Option<&C>, mark: &C::Mark) -> Write<C> {
    if holds(current, mark) { Write::Remove } else { Write::Keep }
}

/// Keeps the nonce of a tag, if one is there, and else puts a new one. Answers which is there then.
pub(crate) fn tag<C, N>(nonce: Option<N>, new: impl FnOnce() -> (C, N)) -> (Write<C>, N) {
    match nonce {
        Some(nonce) => (Write::Keep, nonce),
        None => {
            let (content, nonce) = new();
            (Write::Put(content), nonce)
        }
    }
}

/// Replaces whatever is there.
pub(crate) fn set<C>(new: C) -> Write<C> {
    Write::Put(new)
}

/// Removes whatever is there.
pub(crate) fn remove<C>() -> Write<C> {
    Write::Remove
}

fn holds<C: Content>(current: Option<&C>, mark: &C::Mark) -> bool {
    current.is_some_and(|content| content.begins_with(mark))
}
