//! The arguments of a target, as its entry's function takes them.
//!
//! That function takes integers, `bool` and `char` by value and everything else by reference, and an attribute that names it
//! cannot see which. So each argument is handed over as a reference, and the type that is wanted picks what becomes of it.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// A reference that can become the argument `P`.
#[diagnostic::on_unimplemented(
    message = "a target takes a `{P}` here, and this is what `{Self}` points to",
    label = "not a `{P}`"
)]
pub trait Argument<P> {
    /// The argument.
    fn argument(self) -> P;
}

/// Hands `value` over by value or by reference, whichever is wanted.
#[must_use]
pub fn arg<'a, T: ?Sized, P>(value: &'a T) -> P
where
    &'a T: Argument<P>,
{
    value.argument()
}

#[diagnostic::do_not_recommend]
impl<'a, T: ?Sized> Argument<&'a T> for &'a T {
    fn argument(self) -> &'a T {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Copy> Argument<T> for &T {
    fn argument(self) -> T {
        *self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Copy> Argument<T> for &&T {
    fn argument(self) -> T {
        **self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Copy> Argument<T> for &&mut T {
    fn argument(self) -> T {
        **self
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: ?Sized> Argument<&'a T> for &'a &mut T {
    fn argument(self) -> &'a T {
        self
    }
}

/// What an owner lends, as a function's own argument would be lent: `&String` where `&str` is wanted, …
macro_rules! lent {
    ($([$($generics:tt)*] $owner:ty => $lent:ty),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl<'a, $($generics)*> Argument<&'a $lent> for &'a $owner {
            fn argument(self) -> &'a $lent {
                self
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'a, $($generics)*> Argument<&'a $lent> for &&'a $owner {
            fn argument(self) -> &'a $lent {
                *self
            }
        }
    )*};
}

lent! {
    [] String => str,
    [T] Vec<T> => [T],
    [T, const N: usize] [T; N] => [T],
    [T: ?Sized] Box<T> => T,
    [T: ?Sized] Rc<T> => T,
    [T: ?Sized] Arc<T> => T,
    [T: ToOwned + ?Sized] Cow<'_, T> => T,
}

/// An argument that is needed when the body, which may consume it, is over.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is needed after the body, which may consume it, and cannot be cloned",
    label = "a target that mentions `ret` needs a clone of its other arguments",
    note = "derive `Clone`, or take this from `ret` too"
)]
pub trait CloneForLater: ToOwned {}

#[diagnostic::do_not_recommend]
impl<T: ToOwned + ?Sized> CloneForLater for T {}

/// A clone for after the body.
#[must_use]
pub fn kept<T: CloneForLater + ?Sized>(argument: &T) -> T::Owned {
    argument.to_owned()
}

/// Runs a blocking body, whose `return` and `?` end it and not the function around it.
pub fn run<R>(body: impl FnOnce() -> R) -> R {
    body()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u64) -> u64 {
        number
    }

    fn text(text: &str) -> &str {
        text
    }

    fn list(list: &[u8]) -> usize {
        list.len()
    }

    fn owner(owner: &String) -> &String {
        owner
    }

    fn parameter<T: std::fmt::Display>(value: &T) -> String {
        value.to_string()
    }

    #[test]
    fn what_is_wanted_picks_how_it_is_handed_over() {
        let (id, name, mut count) = (7_u64, "ann".to_owned(), 8_u64);
        let (borrowed, slice) = (&id, &name[..]);
        let numbers = [number(arg(&id)), number(arg(&borrowed)), number(arg(&7)), number(arg(&&mut count))];
        assert_eq!(numbers, [7, 7, 7, 8]);
        let cow = Cow::Borrowed("ann");
        let texts = [
            text(arg(&name)),
            text(arg(&&name)),
            text(arg(&slice)),
            text(arg(&"ann")),
            text(arg(slice)),
            text(arg(&cow)),
        ];
        assert_eq!(texts, ["ann"; 6]);
        assert_eq!(owner(arg(&name)), "ann");
        assert_eq!([list(arg(&vec![1, 2])), list(arg(&[1, 2])), list(arg(&&[1_u8, 2][..]))], [2; 3]);
        assert_eq!(parameter::<u64>(arg(&id)), "7");
        assert_eq!(parameter(arg(&id)), "7");
    }
}
