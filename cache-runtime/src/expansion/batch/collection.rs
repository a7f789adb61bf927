//! What a batch's function takes and returns: keys, and values by their keys.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use crate::key::KeyPart;

/// What a batch's function can return: one value for each key that there is a value for.
#[diagnostic::on_unimplemented(
    message = "a function with `batch` returns a map, and `{Self}` is none",
    label = "this type must be `HashMap<K, V>`, `BTreeMap<K, V>` or `Vec<(K, V)>`",
    note = "return the values by their keys, in one of these types or in a `Result` of one"
)]
pub trait Batched: Sized {
    /// What the argument's items are.
    type Key;
    /// What is stored under each key.
    type Value;

    /// Makes the result of a call.
    fn collected(pairs: impl Iterator<Item = (Self::Key, Self::Value)>) -> Self;

    /// Takes the function's result apart.
    fn pairs(self) -> impl Iterator<Item = (Self::Key, Self::Value)>;
}

impl<K: Eq + Hash, V, S: BuildHasher + Default> Batched for HashMap<K, V, S> {
    type Key = K;
    type Value = V;

    fn collected(pairs: impl Iterator<Item = (K, V)>) -> Self {
        pairs.collect()
    }

    fn pairs(self) -> impl Iterator<Item = (K, V)> {
        self.into_iter()
    }
}

impl<K: Ord, V> Batched for BTreeMap<K, V> {
    type Key = K;
    type Value = V;

    fn collected(pairs: impl Iterator<Item = (K, V)>) -> Self {
        pairs.collect()
    }

    fn pairs(self) -> impl Iterator<Item = (K, V)> {
        self.into_iter()
    }
}

impl<K, V> Batched for Vec<(K, V)> {
    type Key = K;
    type Value = V;

    fn collected(pairs: impl Iterator<Item = (K, V)>) -> Self {
        pairs.collect()
    }

    fn pairs(self) -> impl Iterator<Item = (K, V)> {
        self.into_iter()
    }
}

/// The type of what a batch stores under each key, where the return type does not show it.
pub type ValueOf<C> = <C as Batched>::Value;

/// What a batch can be asked for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a batch",
    label = "this type must be `Clone` and a `KeyPart`",
    note = "derive both: `#[derive(Clone, redis_cached::KeyPart)]`"
)]
pub trait BatchKey: KeyPart + Clone {}

#[diagnostic::do_not_recommend]
impl<K: KeyPart + Clone> BatchKey for K {}

/// The keys of a batch that borrows them.
pub fn cloned<K: BatchKey>(keys: &[K]) -> Vec<K> {
    keys.to_vec()
}

/// Pairs of which it is known how many there are, so that a map is made as large as it has to be at once.
pub(super) struct ExactlySized<P> {
    pub(super) pairs: P,
    pub(super) left: usize,
}

impl<P: Iterator> Iterator for ExactlySized<P> {
    type Item = P::Item;

    fn next(&mut self) -> Option<P::Item> {
        self.left = self.left.saturating_sub(1);
        self.pairs.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
