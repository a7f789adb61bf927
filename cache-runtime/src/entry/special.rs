//! Whether there is a value at all, which is what `negative_ttl` is about, and whether it is an `Err` that no type told of.
//!
//! Why ask serde and not the type? The type may be an alias, a newtype or generic, and the attribute sees only tokens.
//! The value itself says which method of a serializer it calls first; nothing of it is walked.

pub use crate::codec::null::Special;
pub(crate) use crate::codec::null::special;

#[cfg(test)]
mod tests {
    use super::{Special, special};
    use serde::Serialize;
    use std::sync::Arc;

    fn is_none<T: Serialize + ?Sized>(value: &T) -> bool {
        special(value) == Some(Special::None)
    }

    fn is_err<T: Serialize + ?Sized>(value: &T) -> bool {
        special(value) == Some(Special::Err)
    }

    #[derive(Serialize)]
    struct Newtype<T>(T);

    #[derive(Serialize)]
    enum Enum {
        None,
        Some(Option<u8>),
    }

    /// Fails the test if it is looked into.
    struct Untouchable;

    impl Serialize for Untouchable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("walked");
        }
    }

    #[test]
    fn only_a_top_level_none_is_none() {
        assert!(is_none(&None::<u32>));
        assert!(is_none(&Arc::new(None::<u32>)));
        assert!(is_none(&Box::new(&None::<u32>)));
        assert!(is_none(&Newtype(Newtype(None::<u32>))));
        assert!(is_none(&None::<Option<u32>>));

        assert!(!is_none(&Some(1)));
        assert!(!is_none(&Some(None::<u32>)));
        assert!(!is_none(&Some(())));
        assert!(!is_none(&()));
        assert!(!is_none(&Enum::None));
        assert!(!is_none(&Enum::Some(None)));
        assert!(!is_none(&Vec::<u8>::new()));
        assert!(!is_none(&""));
        assert!(!is_none(&(None::<u8>,)));
        assert!(!is_none(&std::net::Ipv4Addr::LOCALHOST));
    }

    #[test]
    fn an_err_is_found_through_what_wraps_it() {
        type Nested = Result<Result<Option<u8>, u8>, u8>;
        assert!(is_err(&Err::<u8, u8>(1)));
        assert!(is_err(&Err::<u8, ()>(())));
        assert!(is_err(&Box::new(Some(Arc::new(Newtype(Err::<u8, u8>(1)))))));
        assert!(is_err(&Nested::Ok(Err(1))) && is_err(&Nested::Err(1)));
        assert!(is_none(&Nested::Ok(Ok(None))));
        assert!(special(&Nested::Ok(Ok(Some(1)))).is_none());
        assert!(special(&Some(Ok::<Option<u8>, u8>(None))).is_none());
        // Part of a value.
        assert!(special(&vec![Err::<u8, u8>(1)]).is_none());
        assert!(special(&(Err::<u8, u8>(1),)).is_none());
    }

    #[test]
    fn the_value_is_not_walked() {
        assert!(!is_none(&Some(vec![Untouchable])));
        assert!(!is_none(&vec![Untouchable]));
        assert!(!is_none(&(Untouchable, 1)));
        assert!(!is_none(&std::collections::BTreeMap::from([(1, Untouchable)])));
    }
}
