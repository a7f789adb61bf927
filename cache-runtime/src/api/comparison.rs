//! Whether two values of a type are the same.
//!
//! Both are compared as they come out of the codec: what a type does not write (`#[serde(skip)]`) is no difference. Equal bytes are equal
//! values. Other bytes are not yet a difference: a `HashMap` is written in another order each time. So where the type has `PartialEq`, that
//! decides, and where it has none, values whose bytes differ from one encoding to the next cannot be compared.

use std::marker::PhantomData;
use std::ops::Deref;

use crate::api::entry::Hooks;

/// How often bytes are written anew to see whether they stay the same. The entries of a map that have two orders come out in one of them by
/// chance, each time, with a probability of a half.
const ENCODINGS: usize = 16;
/// What a payload may claim to be stored in, so that it may have as many elements as there are: these bytes are this process's own.
const STORED: usize = 1 << 26;

/// How values are compared.
#[allow(missing_debug_implementations, reason = "a function")]
pub struct Comparison<T>(Option<fn(&T, &T) -> bool>);

impl<T> Comparison<T> {
    /// For types of which nothing is known.
    pub(crate) const BYTES: Self = Self(None);

    /// Whether two payloads are of the same value. `None` if that cannot be told.
    pub(crate) fn are_same(self, hooks: &Hooks<T>, a: &[u8], b: &[u8]) -> Option<bool> {
        if a == b {
            return Some(true);
        }
        let decoded = |payload: &[u8]| (hooks.decode)(payload, payload.len().max(STORED)).ok();
        if let Self(Some(are_equal)) = self {
            return Some(are_equal(&decoded(a)?, &decoded(b)?));
        }
        let stays = |payload: &[u8]| {
            (0..ENCODINGS).all(|_| {
                decoded(payload)
                    .and_then(|value| encoded(hooks, &value))
                    .is_some_and(|again| again == payload)
            })
        };
        (stays(a) && stays(b)).then_some(false)
    }
}

impl<T> Clone for Comparison<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Comparison<T> {}

/// The bytes of a value, if its codec can write it.
pub(crate) fn encoded<T>(hooks: &Hooks<T>, value: &T) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    (hooks.encode)(value, &mut bytes).ok()?;
    Some(bytes)
}

/// Finds out whether `T` has `PartialEq`, as [`Keeping`](crate::local::Keeping) finds out whether it is an `Arc`.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
pub struct Comparing<T>(ComparingBytes<T>);

/// Types that are not known to have `PartialEq`.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
pub struct ComparingBytes<T>(PhantomData<fn() -> T>);

impl<T> Comparing<T> {
    /// The only value.
    pub const NEW: Self = Self(ComparingBytes(PhantomData));
}

impl<T: PartialEq> Comparing<T> {
    /// By the type's own equality.
    pub fn how(&self) -> Comparison<T> {
        Comparison(Some(T::eq))
    }
}

impl<T> ComparingBytes<T> {
    /// By what is written.
    pub fn how(&self) -> Comparison<T> {
        Comparison::BYTES
    }
}

impl<T> Deref for Comparing<T> {
    type Target = ComparingBytes<T>;

    fn deref(&self) -> &ComparingBytes<T> {
        &self.0
    }
}

#[cfg(all(test, feature = "bincode"))]
mod tests {
    use std::collections::{HashMap, HashSet};

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::codec::Bincode;

    /// Without `PartialEq`.
    #[derive(Serialize, Deserialize)]
    struct Opaque<T>(T);

    macro_rules! same {
        ($ty:ty: $a:expr, $b:expr) => {{
            let hooks = Hooks::of::<Bincode>();
            let [a, b]: [$ty; 2] = [$a, $b];
            let bytes = |value| encoded(&hooks, &value).expect("bytes");
            Comparing::<$ty>::NEW.how().are_same(&hooks, &bytes(a), &bytes(b))
        }};
    }

    fn map(entries: u64) -> HashMap<u64, u64> {
        (0..entries).map(|entry| (entry, entry)).collect()
    }

    #[test]
    fn equality_decides_where_there_is_one() {
        assert_eq!(same!(u64: 1, 1), Some(true));
        assert_eq!(same!(u64: 1, 2), Some(false));
        assert_eq!(same!(HashMap<u64, u64>: map(40), map(40)), Some(true));
        assert_eq!(same!(HashMap<u64, u64>: map(40), map(41)), Some(false));
        assert_eq!(same!(HashSet<u64>: (0..40).collect(), (0..40).rev().collect()), Some(true));
        // Not a number is not itself, and the value is the same.
        assert_eq!(same!(f64: f64::NAN, f64::NAN), Some(true));
    }

    #[test]
    fn bytes_decide_where_they_can() {
        assert_eq!(same!(Opaque<u64>: Opaque(1), Opaque(1)), Some(true));
        assert_eq!(same!(Opaque<u64>: Opaque(1), Opaque(2)), Some(false));
        assert_eq!(
            same!(Opaque<Vec<u64>>: Opaque((0..40).collect()), Opaque((0..40).rev().collect())),
            Some(false)
        );
        // The order of a map says nothing, and neither does that it differs.
        assert_eq!(same!(Opaque<HashMap<u64, u64>>: Opaque(map(40)), Opaque(map(40))), None);
        assert_eq!(same!(Opaque<HashMap<u64, u64>>: Opaque(map(40)), Opaque(map(41))), None);
        assert_eq!(same!(Opaque<HashMap<u64, u64>>: Opaque(map(1)), Opaque(map(0))), Some(false));
    }

    #[test]
    fn what_is_not_written_is_no_difference() {
        #[derive(Serialize, Deserialize, PartialEq)]
        struct Partly {
            written: u64,
            #[serde(skip)]
            skipped: u64,
        }
        let partly = |skipped| Partly { written: 1, skipped };
        assert_eq!(same!(Partly: partly(1), partly(2)), Some(true));
    }

    #[test]
    fn a_type_parameter_is_compared_by_what_is_known_of_it() {
        fn how<T>() -> Comparison<T> {
            Comparing::<T>::NEW.how()
        }
        fn by_equality<T: PartialEq>() -> Comparison<T> {
            Comparing::<T>::NEW.how()
        }
        assert!(how::<u64>().0.is_none() && by_equality::<u64>().0.is_some());
    }
}
