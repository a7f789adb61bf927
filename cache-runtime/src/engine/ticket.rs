//! The right and the duty to compute.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Call;
use super::lease::Lease;
use crate::decision::Lifetime;
use crate::flight::{Landed, Lead};
use crate::store::{Mark, Store};

/// Held while the function computes. Dropping it, because the caller went away or panicked, gives the lease back and hands
/// the flight over.
#[derive(Default)]
pub(crate) struct Ticket {
    pub(super) lead: Option<Lead>,
    /// Without it the value is not stored.
    pub(super) hold: Option<Hold>,
    /// An entry to serve should the computation fail.
    pub(super) fallback: Option<Vec<u8>>,
    began: Option<Instant>,
}

/// The right to store.
pub(super) struct Hold {
    pub(super) lease: Lease,
    /// The value that is to be replaced; `None` if the lease itself is in its place.
    pub(super) base: Option<Mark>,
}

impl Ticket {
    pub(super) fn new(lead: Lead, hold: Option<Hold>) -> Self {
        Self { lead: Some(lead), hold, ..Self::default() }
    }

    /// For a call that shares with nobody.
    pub(super) fn unshared(hold: Option<Hold>) -> Self {
        Self { hold, ..Self::default() }
    }

    /// For a call that computes for itself, without the right to store.
    pub(super) fn alone(fallback: Option<Vec<u8>>) -> Self {
        Self { fallback, ..Self::default() }
    }

    /// The function begins to compute now.
    pub(crate) fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    /// How long it has been computing.
    pub(crate) fn compute_time(&self) -> Duration {
        self.began.map(|began| began.elapsed()).unwrap_or_default()
    }

    pub(crate) fn take_fallback(&mut self) -> Option<Vec<u8>> {
        self.fallback.take()
    }

    pub(crate) fn has_followers(&self) -> bool {
        self.lead.as_ref().is_some_and(Lead::has_followers)
    }

    /// Stores an encoded value in the background, if there is the right to, and shares it.
    pub(crate) fn store(mut self, call: &Call, bytes: Vec<u8>, lifetime: Lifetime) {
        let bytes = Arc::new(bytes);
        if let Some(hold) = self.hold.take() {
            let work = store(call.clone(), hold, Arc::clone(&bytes), lifetime);
            call.cache().background.store(work);
        }
        if let Some(lead) = self.lead {
            lead.land(Landed::Bytes(bytes));
        }
    }

    /// Shares an encoded value and gives the right to store it back.
    pub(crate) fn share(self, bytes: Vec<u8>) {
        drop(self.hold);
        if let Some(lead) = self.lead {
            lead.land(Landed::Bytes(Arc::new(bytes)));
        }
    }

    /// There is no value to store. Shares the error, if it is given.
    pub(crate) fn fail(self, error: Option<Arc<dyn Any + Send + Sync>>) {
        drop(self.hold);
        if let Some(lead) = self.lead {
            lead.land(error.map_or(Landed::Nothing, Landed::Error));
        }
    }
}

async fn store(call: Call, mut hold: Hold, bytes: Arc<Vec<u8>>, lifetime: Lifetime) {
    let mark = hold.base.as_ref().unwrap_or(hold.lease.mark());
    let counters = &call.function.counters;
    match call.cache().store.swap(&call.key, mark, &bytes, lifetime.total(), call.until()).await {
        Ok(true) => {
            counters.stored.count();
            call.forget();
        }
        Ok(false) => counters.overtaken.count(),
        Err(error) => return call.failed(&error),
    }
    // Stored or not, the slot is not the lease any more. A lease beside the slot is still to be given back.
    if hold.base.is_none() {
        hold.lease.is_gone();
    }
}
