//! `CacheBuilder::verify_all`, for tests: each call runs its function after a hit, with its own arguments, and compares.
//!
//! Without the feature `testing` there is no such value, and what is about one takes no room.

#[cfg(not(feature = "testing"))]
use std::marker::PhantomData;

#[cfg(feature = "testing")]
use crate::api::after_lookup::verified::HitCheck;
#[cfg(feature = "testing")]
use crate::api::comparison::{Comparison, encoded};
#[cfg(feature = "testing")]
use crate::api::entry::Entry;
#[cfg(feature = "testing")]
use crate::engine::verification::{comparing, confirm_later, sync_comparing};
#[cfg(feature = "testing")]
use crate::runtime::block_on::block_on;

/// A value that is to be verified before it is served.
#[cfg(feature = "testing")]
pub(crate) struct Unverified<T>(pub(crate) T);

/// There is none.
#[cfg(not(feature = "testing"))]
pub(crate) struct Unverified<T>(pub(crate) std::convert::Infallible, PhantomData<fn() -> T>);

#[cfg(feature = "testing")]
impl<T> Unverified<T> {
    /// The value, when it has been compared. In a box, as what a miss computes is.
    #[inline(never)]
    pub(super) async fn verified<E>(
        self,
        entry: &Entry<T>,
        compute: impl Future<Output = Result<T, E>>,
    ) -> T {
        let Self(value) = self;
        let served = encoded(entry.hooks(), &value);
        if let Some(served) = served
            && let Some(check) = HitCheck::begin(entry, Comparison::BYTES, &served).await
        {
            let computed = check.recomputed(comparing(Box::pin(compute)).await);
            if check.differing(computed).await.is_some() {
                confirm_later(entry.call().clone(), check.witness);
            }
        }
        value
    }

    pub(super) fn verified_blocking<E>(self, entry: &Entry<T>, compute: impl FnOnce() -> Result<T, E>) -> T {
        let Self(value) = self;
        let served = encoded(entry.hooks(), &value);
        if let Some(served) = served
            && let Some(check) = block_on(HitCheck::begin(entry, Comparison::BYTES, &served))
        {
            let computed = check.recomputed(sync_comparing(compute));
            if block_on(check.differing(computed)).is_some() {
                confirm_later(entry.call().clone(), check.witness);
            }
        }
        value
    }
}
