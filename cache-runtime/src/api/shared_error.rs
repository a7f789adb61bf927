//! How the errors of a function get to others: to callers that waited, as clones, and into the log.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use crate::engine::flight::SharedError;

/// What can be done with the errors of a function.
#[allow(missing_debug_implementations, reason = "a few functions")]
pub struct Sharing<E> {
    clones: Option<Clones<E>>,
    reason: Option<fn(&E) -> String>,
}

struct Clones<E> {
    pack: fn(&E) -> SharedError,
    unpack: fn(&SharedError) -> Option<E>,
}

impl<E> Sharing<E> {
    /// For errors of which nothing is known.
    pub const NONE: Self = Self { clones: None, reason: None };

    pub(crate) fn pack(self, error: &E) -> Option<SharedError> {
        self.clones.map(|clones| (clones.pack)(error))
    }

    pub(crate) fn unpack(self, error: &SharedError) -> Option<E> {
        self.clones.and_then(|clones| (clones.unpack)(error))
    }

    /// What the error says.
    pub(crate) fn reason(self, error: &E) -> Option<String> {
        self.reason.map(|reason| reason(error))
    }

    fn of(clones: Option<Clones<E>>, reason: Option<fn(&E) -> String>) -> Self {
        Self { clones, reason }
    }
}

impl<E> Clone for Sharing<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Sharing<E> {}

impl<E: Shareable> Clones<E> {
    fn some() -> Option<Self> {
        Some(Self {
            pack: |error| Arc::new(error.clone()),
            unpack: |error| error.downcast_ref::<E>().cloned(),
        })
    }
}

impl<E> Clone for Clones<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Clones<E> {}

/// An error of which other callers can have a clone.
pub trait Shareable: Clone + Send + Sync + 'static {}

impl<E: Clone + Send + Sync + 'static> Shareable for E {}

// With `#`, by which the errors of `anyhow` and `eyre` name their causes.
fn displayed<E: Display>(error: &E) -> String {
    format!("{error:#}")
}

fn debugged<E: Debug>(error: &E) -> String {
    format!("{error:?}")
}

/// Finds out what `E` can do, without asking the user: `Errors::<E>::NEW.sharing()` is the method of this type where its bounds
/// hold, and where they do not, that of the first type behind it whose bounds do, each a dereference away.
macro_rules! levels {
    ($($(#[$doc:meta])* $level:ident -> $next:ident: $($bound:ident)+ => $clones:expr, $reason:expr;)*) => {$(
        $(#[$doc])*
        #[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
        pub struct $level<E>($next<E>);

        impl<E> $level<E> {
            /// The only value.
            pub const NEW: Self = Self($next::NEW);
        }

        impl<E: $($bound +)+> $level<E> {
            /// What can be done with the errors.
            pub fn sharing(&self) -> Sharing<E> {
                Sharing::of($clones, $reason)
            }
        }

        impl<E> Deref for $level<E> {
            type Target = $next<E>;

            fn deref(&self) -> &$next<E> {
                &self.0
            }
        }
    )*};
}

levels! {
    /// Errors that can be cloned, and say for people what they are.
    Errors -> ClonedDebug: Shareable Display => Clones::some(), Some(displayed);
    /// Errors that can be cloned, and say for programmers what they are.
    ClonedDebug -> Cloned: Shareable Debug => Clones::some(), Some(debugged);
    /// Errors that can be cloned.
    Cloned -> Unshared: Shareable => Clones::some(), None;
    /// Errors that cannot be cloned, or must not be since they borrow, and say for people what they are.
    Unshared -> UnsharedDebug: Display => None, Some(displayed);
    /// Errors that cannot be cloned, and say for programmers what they are.
    UnsharedDebug -> Unknown: Debug => None, Some(debugged);
}

/// Errors of which nothing is known.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
pub struct Unknown<E>(PhantomData<fn() -> E>);

impl<E> Unknown<E> {
    /// The only value.
    pub const NEW: Self = Self(PhantomData);

    /// Nothing can be done with the errors.
    pub fn sharing(&self) -> Sharing<E> {
        Sharing::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Silent;

    #[derive(Debug)]
    struct Debugged;

    struct Unspeakable;

    #[derive(Clone)]
    struct Borrowed<'a>(&'a str);

    impl Display for Borrowed<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    #[test]
    fn what_an_error_can_do_is_found_out() {
        let display = Errors::<String>::NEW.sharing();
        assert!(
            display.pack(&"a".into()).is_some_and(|error| display.unpack(&error).as_deref() == Some("a"))
        );
        assert_eq!(display.reason(&"a".into()).as_deref(), Some("a"));
        let debug = Errors::<Option<u8>>::NEW.sharing();
        assert!(debug.pack(&None).is_some());
        assert_eq!(debug.reason(&Some(1)).as_deref(), Some("Some(1)"));
        let silent = Errors::<Silent>::NEW.sharing();
        assert!(silent.pack(&Silent).is_some() && silent.reason(&Silent).is_none());
        let debugged = Errors::<Debugged>::NEW.sharing();
        assert!(debugged.pack(&Debugged).is_none());
        assert_eq!(debugged.reason(&Debugged).as_deref(), Some("Debugged"));
        let unspeakable = Errors::<Unspeakable>::NEW.sharing();
        assert!(unspeakable.pack(&Unspeakable).is_none() && unspeakable.reason(&Unspeakable).is_none());
    }

    #[test]
    fn what_borrows_is_not_shared_and_has_a_reason() {
        let text = String::from("why");
        let borrowed = Unshared::NEW.sharing();
        assert!(borrowed.pack(&Borrowed(&text)).is_none());
        assert_eq!(borrowed.reason(&Borrowed(&text)).as_deref(), Some("why"));
    }
}
