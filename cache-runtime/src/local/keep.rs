//! What the tier does with values of one type, as functions, so that the engine asks nothing of its types.

use std::any::Any;
use std::sync::Arc;

use super::Tier;
use crate::decision::Policy;

type Shared = Arc<dyn Any + Send + Sync>;

/// For values that can be kept.
pub(crate) struct Keep<T> {
    get: fn(&Tier, &str, u64, &Policy) -> Option<T>,
    share: fn(&T) -> Shared,
}

impl<T: Clone + Send + Sync + 'static> Keep<T> {
    pub(crate) fn new() -> Self {
        Self { get: Tier::get::<T>, share: |value| Arc::new(value.clone()) }
    }
}

impl<T> Keep<T> {
    pub(crate) fn get(self, tier: &Tier, key: &str, fingerprint: u64, policy: &Policy) -> Option<T> {
        (self.get)(tier, key, fingerprint, policy)
    }

    pub(crate) fn share(self, value: &T) -> Shared {
        (self.share)(value)
    }
}

impl<T> Clone for Keep<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Keep<T> {}
