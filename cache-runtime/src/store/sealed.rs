//! A store behind a keyring: every value that goes to it is sealed, and every one that comes from it is opened.
//!
//! It stands between the engine and all ways of writing and reading, so that none can leave it out. What is no value passes as it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::vocabulary::{
    CasToken, Cursor, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Nonce, Reading, Scanned, Sealing,
    Several, Swap, TagTtl,
};
use super::{Acquired, BackgroundWrite, Store};
use crate::error::Error;

#[derive(Debug)]
pub(crate) struct SealedStore<S> {
    store: Arc<S>,
    sealing: Arc<dyn Sealing>,
}

impl<S> SealedStore<S> {
    pub(crate) fn new(store: Arc<S>, sealing: Arc<dyn Sealing>) -> Self {
        Self { store, sealing }
    }

    /// What is stored as it is stored: for what is no value.
    pub(super) fn inner(&self) -> &S {
        &self.store
    }

    pub(super) fn sealing(&self) -> &Arc<dyn Sealing> {
        &self.sealing
    }

    fn open(&self, key: &str, found: &mut Found) {
        if let Found::Bytes(bytes) = found {
            self.sealing.open(key, bytes);
        }
    }
}

impl<S: Store> Store for SealedStore<S> {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        let mut found = self.store.get(key, until).await?;
        self.open(key, &mut found);
        Ok(found)
    }

    async fn read(&self, keys: &[&str], how: Reading, until: Instant) -> Result<Several, Error> {
        let mut several = self.store.read(keys, how, until).await?;
        for (key, found) in keys.iter().zip(&mut several.found) {
            found.iter_mut().for_each(|found| self.open(key, found));
        }
        Ok(several)
    }

    /// A mark ends before what is sealed, so it passes.
    async fn ask(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<KeyAnswer>, Error> {
        let mut answers = self.store.ask(asked, until).await?;
        for (question, answer) in asked.iter().zip(&mut answers) {
            answer.iter_mut().for_each(|(found, _)| self.open(question.key, found));
        }
        Ok(answers)
    }

    async fn acquire(&self, leases: &[(&str, CasToken)], ttl: Duration, until: Instant) -> Acquired {
        let mut acquired = self.store.acquire(leases, ttl, until).await?;
        for ((key, _), found) in leases.iter().zip(&mut acquired) {
            found.iter_mut().for_each(|found| self.open(key, found));
        }
        Ok(acquired)
    }

    async fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Option<Found>, Error> {
        let mut found = self.store.get_or_acquire(key, lease, ttl, until).await?;
        found.iter_mut().for_each(|found| self.open(key, found));
        Ok(found)
    }

    async fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> KeyResults<bool> {
        let sealed = swaps.iter().map(|swap| self.sealing.sealed(swap.key, swap.value));
        let sealed = sealed.collect::<Result<Vec<_>, _>>()?;
        let swaps = swaps.iter().zip(&sealed);
        let swaps =
            swaps.map(|(swap, sealed)| Swap { value: sealed.as_deref().unwrap_or(swap.value), ..*swap });
        let swaps: Vec<Swap<'_>> = swaps.collect();
        self.store.swap(&swaps, until).await
    }

    async fn release(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error> {
        self.store.release(leases, until).await
    }

    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        self.store.clear(key, until).await
    }

    async fn set(&self, sets: &[KeyWrite<'_>], until: Instant) -> Result<(), Error> {
        let sealed =
            sets.iter().map(|set| set.value.map_or(Ok(None), |value| self.sealing.sealed(set.key, value)));
        let sealed = sealed.collect::<Result<Vec<_>, _>>()?;
        let sets = sets.iter().zip(&sealed);
        let sets: Vec<KeyWrite<'_>> =
            sets.map(|(set, sealed)| KeyWrite { value: sealed.as_deref().or(set.value), ..*set }).collect();
        self.store.set(&sets, until).await
    }

    async fn remove(&self, keys: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.store.remove(keys, until).await
    }

    async fn remove_in_order(&self, first: &[u8], then: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.store.remove_in_order(first, then, until).await
    }

    async fn scan(&self, prefix: &str, from: Cursor, until: Instant) -> Result<Scanned, Error> {
        self.store.scan(prefix, from, until).await
    }

    async fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> KeyResults<Nonce> {
        self.store.tag(keys, life, until).await
    }

    async fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce> {
        self.store.tag_in_order(first, last, life, until).await
    }
}

/// A sealed value that is stored in the background, together with others.
pub(super) struct SealedWrite {
    write: Box<dyn BackgroundWrite>,
    /// `None` if it is no value.
    sealed: Option<Vec<u8>>,
}

impl SealedWrite {
    pub(super) fn new(write: Box<dyn BackgroundWrite>, sealing: &dyn Sealing) -> Result<Self, Error> {
        let Swap { key, value, .. } = write.swap();
        let sealed = sealing.sealed(key, value)?;
        Ok(Self { write, sealed })
    }
}

impl BackgroundWrite for SealedWrite {
    fn swap(&self) -> Swap<'_> {
        let swap = self.write.swap();
        Swap { value: self.sealed.as_deref().unwrap_or(swap.value), ..swap }
    }

    fn written(self: Box<Self>, stored: Result<bool, Error>) {
        self.write.written(stored);
    }
}
