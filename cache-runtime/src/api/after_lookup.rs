//! A call that has looked up: it has a value, or will compute one.

mod detached;
mod every;
mod in_time;
mod verified;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::api::entry::Entry;
use crate::api::shared_error::Sharing;
use crate::engine::flight::SharedError;
use crate::engine::flight::{Sight, computing, sync_computing};
#[cfg(feature = "testing")]
use crate::engine::observation::CallSource;
use crate::engine::{Attempt, Call, CallKey, ComputeGuard};
use crate::runtime::block_on::block_on;

pub use detached::Sendable;
use every::Unverified;
pub(crate) use verified::{HitCheck, Recomputed};

/// A call after its look-up.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct AfterLookup<'a, T> {
    entry: &'a Entry<T>,
    next: Decoded<T>,
}

/// How a call goes on.
pub(crate) enum Decoded<T> {
    Value(T),
    /// A value, and the claim to refresh it in the background.
    Refresh(T, Sight),
    /// The error of another caller's computation.
    Error(SharedError),
    Compute(Box<ComputeGuard>),
    /// A value that the call compares itself: `verify_all`.
    #[cfg(feature = "testing")]
    Verify(Unverified<T>),
}

/// What a call has to do.
enum Work<T> {
    Compute(Box<ComputeGuard>),
    /// To return the error of another caller's computation, or to compute.
    Return(SharedError),
    #[cfg_attr(not(feature = "testing"), allow(dead_code, reason = "it holds what cannot be"))]
    Verify(Unverified<T>),
}

impl<'a, T> AfterLookup<'a, T> {
    pub(crate) fn new(entry: &'a Entry<T>, next: Decoded<T>) -> Self {
        #[cfg(feature = "testing")]
        let next = match next {
            Decoded::Value(value) if entry.call().is_verified() => Decoded::Verify(Unverified(value)),
            next => next,
        };
        Self { entry, next }
    }

    /// If the value is past its time, has `make`'s computation run in the background, unless somebody is at it already.
    pub fn refresh<F>(self, make: impl FnOnce() -> F) -> Self
    where
        T: 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.try_refresh(Sharing::NONE, || {
            let compute = make();
            async { Ok::<_, Infallible>(compute.await) }
        })
    }

    /// The same for what may fail. Then the old value stays, and the source rests.
    pub fn try_refresh<E, F>(self, errors: Sharing<E>, make: impl FnOnce() -> F) -> Self
    where
        T: 'static,
        E: 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.refreshed(|entry, sight| {
            let (background, entry, compute) = (&entry.call().cache().background, entry.clone(), make());
            background.refresh(async move {
                let stale = vec![(0, entry.call().call_key(), sight)];
                let Some(guard) = entry.begin_refresh(stale).await else { return };
                let (key, patience) = guard.computation(entry.call());
                let attempt = Attempted(entry.call(), vec![entry.call().call_key()]);
                let result = computing(key, patience, compute).await;
                drop(attempt);
                let departure = entry.finish_refresh(guard, result, errors);
                entry.call().depart(departure).await;
            });
        })
    }

    /// [`refresh`](Self::refresh) for blocking code, on a thread of the library's.
    pub fn refresh_blocking<F>(self, make: impl FnOnce() -> F) -> Self
    where
        T: 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.try_refresh_blocking(Sharing::NONE, || {
            let compute = make();
            || Ok::<_, Infallible>(compute())
        })
    }

    /// [`try_refresh`](Self::try_refresh) for blocking code.
    pub fn try_refresh_blocking<E, F>(self, errors: Sharing<E>, make: impl FnOnce() -> F) -> Self
    where
        T: 'static,
        E: 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        self.refreshed(|entry, sight| {
            let (background, entry, compute) = (&entry.call().cache().background, entry.clone(), make());
            background.refresh_blocking(move || {
                let stale = vec![(0, entry.call().call_key(), sight)];
                let Some(guard) = block_on(entry.begin_refresh(stale)) else { return };
                let (key, patience) = guard.computation(entry.call());
                let attempt = Attempted(entry.call(), vec![entry.call().call_key()]);
                let result = sync_computing(key, patience, compute);
                drop(attempt);
                block_on(async { entry.call().depart(entry.finish_refresh(guard, result, errors)).await });
            });
        })
    }

    fn refreshed(self, start: impl FnOnce(&Entry<T>, Sight)) -> Self {
        let next = match self.next {
            Decoded::Refresh(value, sight) => {
                if !self.entry.reader().is_refreshed(&self.entry.call().call_key(), sight) {
                    start(self.entry, sight);
                }
                Decoded::Value(value)
            }
            next => next,
        };
        Self { entry: self.entry, next }
    }

    /// The value, or what `compute` gives.
    pub fn or_compute<F>(self, compute: F) -> Answer<T, impl Future<Output = T> + use<'a, T, F>>
    where
        F: Future<Output = T>,
    {
        let guard = match self.next {
            Decoded::Value(value) | Decoded::Refresh(value, _) => return Answer::Local(ready(value)),
            Decoded::Error(_) => Ok(ComputeGuard::alone(self.entry.call(), None)),
            Decoded::Compute(guard) => Ok(guard),
            #[cfg(feature = "testing")]
            Decoded::Verify(value) => Err(value),
        };
        Answer::Remote(computed(self.entry, guard, compute))
    }

    /// The value, or what `compute` gives.
    ///
    /// # Errors
    /// The error of `compute`, or a clone of that of the computation that this call waited for.
    pub fn or_try_compute<E, F>(
        self,
        sharing: Sharing<E>,
        compute: F,
    ) -> TryAnswer<T, impl Future<Output = Result<T, E>> + use<'a, T, E, F>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let work = match self.next {
            Decoded::Value(value) | Decoded::Refresh(value, _) => return TryAnswer::Local(ready(value)),
            Decoded::Error(error) => Work::Return(error),
            Decoded::Compute(guard) => Work::Compute(guard),
            #[cfg(feature = "testing")]
            Decoded::Verify(value) => Work::Verify(value),
        };
        TryAnswer::Remote(try_computed(self.entry, work, sharing, compute))
    }

    /// [`or_compute`](Self::or_compute) for blocking code.
    pub fn or_compute_blocking(self, compute: impl FnOnce() -> T) -> T {
        let entry = self.entry;
        let mut guard = match self.next {
            Decoded::Value(value) | Decoded::Refresh(value, _) => return value,
            Decoded::Error(_) => ComputeGuard::alone(self.entry.call(), None),
            Decoded::Compute(guard) => guard,
            #[cfg(feature = "testing")]
            Decoded::Verify(value) => {
                return value.verified_blocking(entry, || Ok::<_, Infallible>(compute()));
            }
        };
        entry.start(&mut guard);
        let (key, patience) = guard.computation(entry.call());
        let value = sync_computing(key, patience, compute);
        block_on(async { entry.call().depart(entry.finish(guard, &value)).await });
        value
    }

    /// [`or_try_compute`](Self::or_try_compute) for blocking code.
    ///
    /// # Errors
    /// As there.
    pub fn or_try_compute_blocking<E>(
        self,
        sharing: Sharing<E>,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let entry = self.entry;
        let mut guard = match self.next {
            Decoded::Value(value) | Decoded::Refresh(value, _) => return Ok(value),
            Decoded::Error(error) => without(entry, &error, sharing)?,
            Decoded::Compute(guard) => guard,
            #[cfg(feature = "testing")]
            Decoded::Verify(value) => return Ok(value.verified_blocking(entry, compute)),
        };
        entry.start(&mut guard);
        let (key, patience) = guard.computation(entry.call());
        let result = sync_computing(key, patience, compute);
        block_on(async {
            let (value, departure) = entry.finish_or_fall_back(guard, result, sharing)?;
            entry.call().depart(departure).await;
            Ok(value)
        })
    }
}

/// What `compute` gives, stored. In a box, since a call that has its value is to have no room for a computation, and made in a function of
/// its own, since what a future is made of would stay on the stack while it is polled: functions call themselves.
#[inline(never)]
fn computed<T, F: Future<Output = T>>(
    entry: &Entry<T>,
    guard: Result<Box<ComputeGuard>, Unverified<T>>,
    compute: F,
) -> Pin<Box<impl Future<Output = T> + use<'_, T, F>>> {
    Box::pin(async move {
        let mut guard = match guard {
            Ok(guard) => guard,
            #[cfg(feature = "testing")]
            Err(value) => {
                return Box::pin(value.verified(entry, async { Ok::<_, Infallible>(compute.await) })).await;
            }
            #[cfg(not(feature = "testing"))]
            Err(value) => match value.0 {},
        };
        entry.start(&mut guard);
        let (key, patience) = guard.computation(entry.call());
        let value = computing(key, patience, compute).await;
        let departure = entry.finish(guard, &value);
        entry.call().depart(departure).await;
        value
    })
}

/// The same for what may fail; or the error of another caller's computation, if it can be had.
#[inline(never)]
fn try_computed<T, E, F: Future<Output = Result<T, E>>>(
    entry: &Entry<T>,
    work: Work<T>,
    sharing: Sharing<E>,
    compute: F,
) -> Pin<Box<impl Future<Output = Result<T, E>> + use<'_, T, E, F>>> {
    Box::pin(async move {
        let mut guard = match work {
            Work::Compute(guard) => guard,
            Work::Return(error) => without(entry, &error, sharing)?,
            #[cfg(feature = "testing")]
            Work::Verify(value) => return Ok(Box::pin(value.verified(entry, compute)).await),
            #[cfg(not(feature = "testing"))]
            Work::Verify(value) => match value.0 {},
        };
        entry.start(&mut guard);
        let (key, patience) = guard.computation(entry.call());
        let result = computing(key, patience, compute).await;
        // No error is alive at the next await: it need not be `Send` for the call to be.
        let (value, departure) = entry.finish_or_fall_back(guard, result, sharing)?;
        entry.call().depart(departure).await;
        Ok(value)
    })
}

/// A guard that stores nothing, for who was to have another caller's error and cannot have it.
///
/// # Errors
/// That error, if it can be had.
fn without<T, E>(entry: &Entry<T>, error: &SharedError, sharing: Sharing<E>) -> Result<Box<ComputeGuard>, E> {
    let Some(error) = sharing.unpack(error) else { return Ok(ComputeGuard::alone(entry.call(), None)) };
    #[cfg(feature = "testing")]
    entry.call().note(CallSource::Waited, entry.key());
    Err(error)
}

/// A value, or the way to it: for who has a value a pointer and no more, however long the way is.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub enum Answer<T, F> {
    /// The value.
    Local(Ready<T>),
    /// The way.
    Remote(Pin<Box<F>>),
}

impl<T, F: Future<Output = T>> Future for Answer<T, F> {
    type Output = T;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match self.get_mut() {
            Self::Local(value) => Pin::new(value).poll(cx),
            Self::Remote(way) => way.as_mut().poll(cx),
        }
    }
}

/// The same for what may fail. It has no room for an error, which need not be `Send` for the call to be.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub enum TryAnswer<T, F> {
    /// The value.
    Local(Ready<T>),
    /// The way.
    Remote(Pin<Box<F>>),
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for TryAnswer<T, F> {
    type Output = Result<T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        match self.get_mut() {
            Self::Local(value) => Pin::new(value).poll(cx).map(Ok),
            Self::Remote(way) => way.as_mut().poll(cx),
        }
    }
}

/// Counts a refresh as failed that panics.
pub(crate) struct Attempted<'a>(pub(crate) &'a Call, pub(crate) Vec<CallKey>);

impl Drop for Attempted<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let reason = || Some("a refresh in the background has panicked".into());
            self.1
                .iter()
                .for_each(|key| self.0.source_failed(key.flight_key(self.0), Attempt::Refresh, reason));
        }
    }
}

/// An argument that a computation in the background can take along.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cloned for a computation in the background",
    label = "`stale_while_revalidate`, `finish_in_background`, `timeout` and `verify` need an owned clone of this argument, which can be sent to another task",
    note = "derive `Clone`, take the argument as an `Arc`, or leave the option out; a type parameter needs `Clone + Send + 'static`"
)]
pub trait Detach<O> {
    /// A clone.
    fn detached(&self) -> O;
}

// The clone's type is a parameter and nothing that belongs to the trait: so the compiler speaks of the trait when there is none.
#[diagnostic::do_not_recommend]
impl<T: ToOwned<Owned = O> + ?Sized, O: Send + 'static> Detach<O> for T {
    fn detached(&self) -> O {
        self.to_owned()
    }
}

/// A clone for a refresh in the background.
#[must_use]
pub fn owned<T: Detach<O> + ?Sized, O>(argument: &T) -> O {
    argument.detached()
}
