//! How values of one type enter and leave the tier, as functions, so that the engine has no bounds on its types.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use super::LocalValue;

/// A type whose values can be kept decoded, for all threads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in this process",
    label = "`local` needs a type that is `Clone`, `Send`, `Sync` and owns its data",
    note = "derive `Clone`, or return an `Arc` of it, which also makes a hit cost nothing but a count"
)]
pub trait Keepable: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Keepable for T {}

/// How values of a type are kept.
#[allow(missing_debug_implementations, reason = "two functions")]
pub struct Keep<T> {
    give: fn(LocalValue) -> Option<T>,
    take: fn(&T) -> LocalValue,
}

impl<T: Clone + Send + Sync + 'static> Keep<T> {
    /// A clone goes in, and a clone of it comes out.
    #[inline]
    fn cloned() -> Self {
        Self { give: |kept| kept.downcast_ref::<T>().cloned(), take: |value| Arc::new(value.clone()) }
    }
}

impl<T: Send + Sync + 'static> Keep<Arc<T>> {
    /// The tier keeps the `Arc` itself, without a second reference count around it.
    #[inline]
    fn shared() -> Self {
        Self { give: |kept| kept.downcast::<T>().ok(), take: |value| Arc::<T>::clone(value) }
    }
}

impl<T> Keep<T> {
    /// Converts a local copy back to a value.
    #[inline]
    pub(crate) fn give(self, kept: LocalValue) -> Option<T> {
        (self.give)(kept)
    }

    /// As it is kept.
    pub(crate) fn take(self, value: &T) -> LocalValue {
        (self.take)(value)
    }
}

/// Finds out whether `T` is an `Arc`, as [`Errors`](crate::expansion::Errors) finds out whether an error can be cloned.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
pub struct Keeping<T>(KeepingClones<T>);

/// Types that are not known to be an `Arc`.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
pub struct KeepingClones<T>(PhantomData<fn() -> T>);

impl<T> Keeping<T> {
    /// The only value.
    pub const NEW: Self = Self(KeepingClones(PhantomData));
}

impl<T: Send + Sync + 'static> Keeping<Arc<T>> {
    /// The `Arc` itself.
    #[inline]
    pub fn how(&self) -> Keep<Arc<T>> {
        Keep::shared()
    }
}

impl<T> KeepingClones<T> {
    /// A clone.
    #[inline]
    pub fn how(&self) -> Keep<T>
    where
        T: Keepable,
    {
        Keep::cloned()
    }
}

impl<T> Deref for Keeping<T> {
    type Target = KeepingClones<T>;

    fn deref(&self) -> &KeepingClones<T> {
        &self.0
    }
}

impl<T> Clone for Keep<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Keep<T> {}
