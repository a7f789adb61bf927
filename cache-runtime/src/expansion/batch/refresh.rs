//! `stale_while_revalidate` of a batch: one call of the function in the background, for all keys whose values are past their time.

use std::convert::Infallible;

use super::keys::BatchKeys;
use super::{Batch, Batched, computed};
use crate::api::after_lookup::Attempted;
use crate::api::entry::Entry;
use crate::api::shared_error::Sharing;
use crate::engine::flight::{Sight, computing, sync_computing};
use crate::engine::{Attempt, CallKey, ComputeGuard, Departure};
use crate::runtime::block_on::block_on;

impl<C: Batched<Key: Send> + 'static> Batch<C> {
    /// If values are past their time, has `make`'s computation run in the background with their keys, but for those that somebody is
    /// at already.
    pub fn refresh<G, F>(self, make: impl FnOnce() -> G) -> Self
    where
        G: FnOnce(Vec<C::Key>) -> F + Send + 'static,
        F: Future<Output = C> + Send + 'static,
    {
        self.try_refresh(Sharing::NONE, || {
            let compute = make();
            move |keys| {
                let compute = compute(keys);
                async { Ok::<_, Infallible>(compute.await) }
            }
        })
    }

    /// The same for what may fail. Then the old values stay, and the source rests.
    pub fn try_refresh<E, G, F>(mut self, errors: Sharing<E>, make: impl FnOnce() -> G) -> Self
    where
        E: 'static,
        G: FnOnce(Vec<C::Key>) -> F + Send + 'static,
        F: Future<Output = Result<C, E>> + Send + 'static,
    {
        let Some(refresh) = self.stale_part() else { return self };
        let compute = make();
        self.entry.call().cache().background.refresh(async move {
            let Some(guard) = refresh.entry.begin_refresh(refresh.stale()).await else { return };
            let call = refresh.entry.call();
            let (computed, patience) = guard.computation(call);
            let (attempt, compute) = (refresh.attempt(&guard), compute(refresh.keys.at(&guard.places())));
            let result = computing(computed, patience, compute).await;
            drop(attempt);
            let departure = refresh.finish(guard, result, errors);
            call.depart(departure).await;
        });
        self
    }

    /// [`refresh`](Self::refresh) for blocking code, on a thread of the library's.
    pub fn refresh_blocking<G>(self, make: impl FnOnce() -> G) -> Self
    where
        G: FnOnce(Vec<C::Key>) -> C + Send + 'static,
    {
        self.try_refresh_blocking(Sharing::NONE, || {
            let compute = make();
            |keys| Ok::<_, Infallible>(compute(keys))
        })
    }

    /// [`try_refresh`](Self::try_refresh) for blocking code.
    pub fn try_refresh_blocking<E, G>(mut self, errors: Sharing<E>, make: impl FnOnce() -> G) -> Self
    where
        E: 'static,
        G: FnOnce(Vec<C::Key>) -> Result<C, E> + Send + 'static,
    {
        let Some(refresh) = self.stale_part() else { return self };
        let compute = make();
        self.entry.call().cache().background.refresh_blocking(move || {
            let Some(guard) = block_on(refresh.entry.begin_refresh(refresh.stale())) else { return };
            let call = refresh.entry.call();
            let (computed, patience) = guard.computation(call);
            let (attempt, keys) = (refresh.attempt(&guard), refresh.keys.at(&guard.places()));
            let result = sync_computing(computed, patience, || compute(keys));
            drop(attempt);
            block_on(async { call.depart(refresh.finish(guard, result, errors)).await });
        });
        self
    }

    /// What is to be refreshed; `None` if nothing is, or others are at all of it.
    fn stale_part(&mut self) -> Option<Refresh<C>> {
        let (reader, names) = (self.entry.reader(), &self.keys.names);
        self.stale.retain(|(place, sight)| !reader.is_refreshed(&names[*place], *sight));
        if self.stale.is_empty() {
            return None;
        }
        let (places, sights): (Vec<usize>, Vec<Sight>) = std::mem::take(&mut self.stale).into_iter().unzip();
        Some(Refresh { entry: self.entry.clone(), keys: self.keys.part(&places), sights })
    }
}

/// The part of a batch that is computed anew in the background. It holds no value, so values need not be `Send`.
struct Refresh<C: Batched> {
    entry: Entry<C::Value>,
    keys: BatchKeys<C::Key>,
    /// What was read, one for each key.
    sights: Vec<Sight>,
}

impl<C: Batched> Refresh<C> {
    /// What is to be refreshed, as the engine takes it.
    fn stale(&self) -> Vec<(usize, CallKey, Sight)> {
        let names = self.keys.names.iter().cloned().enumerate();
        names.zip(&self.sights).map(|((place, name), sight)| (place, name, *sight)).collect()
    }

    fn attempt(&self, guard: &ComputeGuard) -> Attempted<'_> {
        let keys = guard.places().into_iter().map(|place| self.keys.names[place].clone());
        Attempted(self.entry.call(), keys.collect())
    }

    fn finish<E>(&self, guard: Box<ComputeGuard>, result: Result<C, E>, errors: Sharing<E>) -> Departure {
        match result {
            Ok(values) => {
                let mut outcomes: Vec<_> = self.sights.iter().map(|_| None).collect();
                computed(&self.entry, &self.keys, guard, values, &mut outcomes)
            }
            Err(error) => {
                let call = self.entry.call();
                guard.returned_error(call);
                guard.fail_with_older(call, Attempt::Refresh, || errors.reason(&error));
                Departure::Nothing
            }
        }
    }
}
