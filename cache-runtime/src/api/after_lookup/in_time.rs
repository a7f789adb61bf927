//! `timeout`: a call that has an older value does not wait longer than that for a new one, whose computation goes on.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::api::after_lookup::{AfterLookup, Attempted, Decoded, Sendable, detached};
use crate::api::entry::Entry;
use crate::api::shared_error::Sharing;
use crate::engine::flight::computing;
#[cfg(feature = "testing")]
use crate::engine::observation::CallSource;
use crate::engine::{ComputeGuard, Older};
use crate::runtime::executor::timeout_at;

impl<T> AfterLookup<'_, T> {
    /// The value, or what `make`'s computation gives in time, or else an older value. `finishes` says whether the computation goes on
    /// without its caller where there is none.
    pub async fn or_compute_in_time<F>(self, finishes: bool, make: impl Fn() -> F) -> T
    where
        T: Sendable,
        F: Future<Output = T> + Send + 'static,
    {
        let make = || {
            let compute = make();
            async { Ok::<_, Infallible>(compute.await) }
        };
        let Ok(value) = self.or_try_compute_in_time(Sharing::NONE, finishes, make).await;
        value
    }

    /// The same for what may fail. Where no more may go on alone, or there is no runtime any more that could run it, it ends when the older
    /// value is served.
    ///
    /// # Errors
    /// The error of the computation, or a clone of that of the one that this call waited for.
    pub async fn or_try_compute_in_time<E, F>(
        self,
        sharing: Sharing<E>,
        finishes: bool,
        make: impl Fn() -> F,
    ) -> Result<T, E>
    where
        T: Sendable,
        E: Sendable,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let older = match &self.next {
            Decoded::Compute(guard) => guard.older(),
            _ => None,
        };
        let entry = self.entry;
        match (older, self.next) {
            (Some(older), Decoded::Compute(guard)) => {
                Box::pin(in_time(entry, guard, older, sharing, make)).await
            }
            (_, next) if finishes => Self { entry, next }.or_try_compute_detached(sharing, make).await,
            (_, next) => Self { entry, next }.or_try_compute(sharing, make()).await,
        }
    }
}

/// What a call returns.
enum InTime<T, O> {
    Older(T),
    Ended(O),
}

async fn in_time<T, E, F>(
    entry: &Entry<T>,
    guard: Box<ComputeGuard>,
    older: Older,
    sharing: Sharing<E>,
    make: impl Fn() -> F,
) -> Result<T, E>
where
    T: Sendable,
    E: Sendable,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    let is_answered = Arc::new(AtomicBool::new(false));
    let begun = detached::start(entry, guard, |entry, guard| {
        let (compute, is_answered) = (make(), Arc::clone(&is_answered));
        async move { finish(&entry, guard, sharing, compute, is_answered).await }
    });
    let ended = match begun {
        Ok(task) => match wait(entry, &older, &is_answered, pin!(task)).await {
            InTime::Older(value) => return Ok(value),
            InTime::Ended(task) => detached::ended(task).flatten(),
        },
        Err(guard) => {
            let computation = finish(entry, guard, sharing, make(), Arc::clone(&is_answered));
            match wait(entry, &older, &is_answered, pin!(computation)).await {
                InTime::Older(value) => return Ok(value),
                InTime::Ended(ended) => ended,
            }
        }
    };
    match ended {
        Some(result) => result,
        // Its runtime has ended before it has.
        None => Box::pin(make()).await,
    }
}

/// What a computation comes to, or the older value once it is late.
async fn wait<T, C: Future>(
    entry: &Entry<T>,
    older: &Older,
    is_answered: &AtomicBool,
    mut computation: Pin<&mut C>,
) -> InTime<T, C::Output> {
    match timeout_at(older.late_at, computation.as_mut()).await {
        Ok(Some(ended)) => return InTime::Ended(ended),
        Ok(None) => {}
        // Without a timer nothing is late.
        Err(_) => return InTime::Ended(computation.await),
    }
    if let Some(value) = entry.read_at(entry.key(), &older.bytes)
        && !is_answered.swap(true, Ordering::AcqRel)
    {
        older.note_late();
        entry.call().served_late();
        #[cfg(feature = "testing")]
        entry.call().note(CallSource::Stale, entry.key());
        return InTime::Older(value);
    }
    InTime::Ended(computation.await)
}

/// The result, unless the call has been answered. Then it is what a refresh in the background would have come to.
async fn finish<T, E>(
    entry: &Entry<T>,
    mut guard: Box<ComputeGuard>,
    sharing: Sharing<E>,
    compute: impl Future<Output = Result<T, E>>,
    is_answered: Arc<AtomicBool>,
) -> Option<Result<T, E>> {
    entry.start(&mut guard);
    let (key, patience) = guard.computation(entry.call());
    let attempt = Attempted(entry.call(), vec![entry.call().call_key()]);
    let result = computing(key, patience, compute).await;
    drop(attempt);
    // No error is alive at the next await.
    if is_answered.swap(true, Ordering::AcqRel) {
        let departure = entry.finish_refresh(guard, result, sharing);
        entry.call().depart(departure).await;
        return None;
    }
    match entry.finish_or_fall_back(guard, result, sharing) {
        Ok((value, departure)) => {
            entry.call().depart(departure).await;
            Some(Ok(value))
        }
        Err(error) => Some(Err(error)),
    }
}
