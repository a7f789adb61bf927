//! `finish_in_background`: a computation that goes on when the caller that began it has gone away.

use std::convert::Infallible;
use std::panic::resume_unwind;

use tokio::task::{JoinError, JoinHandle};

use crate::api::after_lookup::{AfterLookup, Decoded, without};
use crate::api::entry::Entry;
use crate::api::global;
use crate::api::shared_error::Sharing;
use crate::engine::flight::{Chain, computing};
#[cfg(feature = "testing")]
use crate::engine::observation;
use crate::engine::{ComputeGuard, bypass};
use crate::runtime::executor::home;

/// A result that can come from another task.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot come from a computation in the background",
    label = "`finish_in_background` and `timeout` need a result that can be sent to another task and borrows nothing",
    note = "return an owned value and an error that are `Send`, or leave the option out"
)]
pub trait Sendable: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Sendable for T {}

impl<T> AfterLookup<'_, T> {
    /// The value, or what `make`'s computation gives, in a task of its own.
    pub async fn or_compute_detached<F>(self, make: impl Fn() -> F) -> T
    where
        T: Sendable,
        F: Future<Output = T> + Send + 'static,
    {
        let make = || {
            let compute = make();
            async { Ok::<_, Infallible>(compute.await) }
        };
        let Ok(value) = self.or_try_compute_detached(Sharing::NONE, make).await;
        value
    }

    /// The same for what may fail. Where no more may go on alone, or there is no runtime any more that could run it, it is part of the call.
    ///
    /// # Errors
    /// The error of the computation, or a clone of that of the one that this call waited for.
    pub async fn or_try_compute_detached<E, F>(
        self,
        sharing: Sharing<E>,
        make: impl Fn() -> F,
    ) -> Result<T, E>
    where
        T: Sendable,
        E: Sendable,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let entry = self.entry;
        let guard = match self.next {
            Decoded::Value(value) | Decoded::Refresh(value, _) => return Ok(value),
            Decoded::Error(error) => without(entry, &error, sharing)?,
            Decoded::Compute(guard) => guard,
            #[cfg(feature = "testing")]
            Decoded::Verify(value) => return Ok(Box::pin(value.verified(entry, make())).await),
        };
        // Boxes, and the task in one from the beginning, so that the call's own future has room for none of them.
        let begun = start(entry, guard, |entry, guard| {
            let compute = make();
            async move { finish(&entry, guard, sharing, compute).await }
        });
        let task = match begun {
            Ok(task) => task,
            Err(guard) => return Box::pin(finish(entry, guard, sharing, make())).await,
        };
        match ended(task.await) {
            Some(result) => result,
            None => Box::pin(make()).await,
        }
    }
}

/// Begins what `make` gives in a task of its own; gives the guard back where that cannot be.
pub(super) fn start<T, F>(
    entry: &Entry<T>,
    guard: Box<ComputeGuard>,
    make: impl FnOnce(Entry<T>, Box<ComputeGuard>) -> F,
) -> Result<JoinHandle<F::Output>, Box<ComputeGuard>>
where
    F: Future<Output: Send> + Send + 'static,
{
    let room = entry.call().cache().background.room_for_detached();
    let Some((room, home)) = room.zip(home().ok()) else { return Err(guard) };
    let computation = make(entry.clone(), guard);
    let task = async move {
        let _room = room;
        computation.await
    };
    Ok(home.spawn(within_the_same(Box::pin(task))))
}

/// What a task came to; `None` if its runtime has ended before it has. Its panic goes on here.
pub(super) fn ended<R>(task: Result<R, JoinError>) -> Option<R> {
    match task.map_err(JoinError::try_into_panic) {
        Ok(result) => Some(result),
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_)) => None,
    }
}

async fn finish<T, E>(
    entry: &Entry<T>,
    mut guard: Box<ComputeGuard>,
    sharing: Sharing<E>,
    compute: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    entry.start(&mut guard);
    let (key, patience) = guard.computation(entry.call());
    let result = computing(key, patience, compute).await;
    // No error is alive at the next await.
    let (value, departure) = entry.finish_or_fall_back(guard, result, sharing)?;
    entry.call().depart(departure).await;
    Ok(value)
}

/// The future as a task of its own, which is within the scopes and the computations that the current one is within.
fn within_the_same<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let (scoped, bypassed, chain) = (global::scoped(), bypass::bypassed(), Chain::current());
    #[cfg(feature = "testing")]
    let recorder = observation::current();
    async move {
        #[cfg(feature = "testing")]
        let future = observation::within(recorder, future);
        let future = bypass::within(bypassed, future);
        let future = global::within(scoped, future);
        Chain::within(chain, future).await
    }
}
