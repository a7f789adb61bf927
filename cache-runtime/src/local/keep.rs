//! What the tier does with values of one type, as functions, so that the engine asks nothing of its types.

use super::{Arrival, Guard, Tier};
use crate::decision::Policy;

/// For values that can be kept.
pub(crate) struct Keep<T> {
    get: fn(&Tier, &str, u64, &Policy) -> Option<T>,
    admit: fn(&Tier, Guard, &str, Arrival, &T),
}

impl<T: Clone + Send + Sync + 'static> Keep<T> {
    pub(crate) fn new() -> Self {
        Self {
            get: Tier::get::<T>,
            admit: |tier, guard, key, arrival, value| tier.admit(guard, key, arrival, value.clone()),
        }
    }
}

impl<T> Keep<T> {
    pub(crate) fn get(self, tier: &Tier, key: &str, fingerprint: u64, policy: &Policy) -> Option<T> {
        (self.get)(tier, key, fingerprint, policy)
    }

    /// Keeps a clone of the value.
    pub(crate) fn admit(self, tier: &Tier, guard: Guard, key: &str, arrival: Arrival, value: &T) {
        (self.admit)(tier, guard, key, arrival, value);
    }
}

impl<T> Clone for Keep<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Keep<T> {}
