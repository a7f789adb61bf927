//! What the elements of a value are that is stored in a shape.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What an element can be.
pub trait Element: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned + Send + 'static> Element for E {}

/// A set, and what its members are: `HashSet<M>`, `BTreeSet<M>`, and an `Option`, a `Box` or an `Arc` of one.
pub trait HasMembers {
    /// The type of a member.
    type Member: Element;
}

/// Members with scores, and what they are: `Vec<(M, f64)>`, `HashMap<M, f64>`, `BTreeMap<M, f64>`, and an `Option`, a `Box` or an `Arc` of one.
pub trait HasScores {
    /// The type of a member.
    type Member: Element;
}

/// A map, and what its keys and values are: `HashMap<K, V>`, `BTreeMap<K, V>`, and an `Option`, a `Box` or an `Arc` of one.
pub trait HasEntries {
    /// The type of a key.
    type Key: Element;
    /// The type of a value.
    type Value: Element;
}

/// A list, and what its elements are: `Vec<E>`, `VecDeque<E>`, and an `Option`, a `Box` or an `Arc` of one.
pub trait HasElements {
    /// The type of an element.
    type Element: Element;
}

impl<M: Element, B> HasMembers for HashSet<M, B> {
    type Member = M;
}

impl<M: Element> HasMembers for BTreeSet<M> {
    type Member = M;
}

impl<M: Element> HasScores for Vec<(M, f64)> {
    type Member = M;
}

impl<M: Element, B> HasScores for HashMap<M, f64, B> {
    type Member = M;
}

impl<M: Element> HasScores for BTreeMap<M, f64> {
    type Member = M;
}

impl<K: Element, V: Element, B> HasEntries for HashMap<K, V, B> {
    type Key = K;
    type Value = V;
}

impl<K: Element, V: Element> HasEntries for BTreeMap<K, V> {
    type Key = K;
    type Value = V;
}

impl<E: Element> HasElements for Vec<E> {
    type Element = E;
}

impl<E: Element> HasElements for VecDeque<E> {
    type Element = E;
}

macro_rules! wrappers {
    ($($wrapper:ident)*) => {
        $(
            impl<T: HasMembers> HasMembers for $wrapper<T> {
                type Member = T::Member;
            }

            impl<T: HasScores> HasScores for $wrapper<T> {
                type Member = T::Member;
            }

            impl<T: HasEntries> HasEntries for $wrapper<T> {
                type Key = T::Key;
                type Value = T::Value;
            }

            impl<T: HasElements> HasElements for $wrapper<T> {
                type Element = T::Element;
            }
        )*
    };
}
wrappers!(Option Box Arc);
