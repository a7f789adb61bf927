//! Invalidations that a failover may have lost, repeated where another server has taken over.
//!
//! Redis acknowledges a write before its replicas have it. So a replica that takes over may still have what was removed, and a server that
//! is restarted has what was in its snapshot. A removal that is repeated without need costs a miss.

use std::sync::Arc;
use std::time::Instant;

use super::core::Core;
use super::retry;
use super::retry_queue::Key;
use crate::store::vocabulary::TakeoverListener;
use crate::tags::{any_tag, is_reserved};

impl TakeoverListener for Core {
    fn taken_over(self: Arc<Self>, lost: Instant, concerns: &dyn Fn(&[u8]) -> bool) -> usize {
        // Who takes that for unchanged takes all tags for unchanged.
        let concerns_tags = concerns(any_tag(&self.prefix).as_bytes());
        let is_concerned = |key: Key<'_>| {
            self.names(&[key]).iter().any(|name| concerns(name.as_bytes()))
                || (concerns_tags && matches!(key, Key::Tag(_)))
        };
        let pending = &self.pending;
        let (names, starts) = pending.repeat(lost, is_concerned);
        if names.is_empty() {
            return 0;
        }
        // They are pending already: a read from before that is let in meanwhile is forgotten, and a later one is kept out.
        if let Some(tier) = &self.tier {
            let key = |name| if is_reserved(name) { Key::Tag(name) } else { Key::Entry(name) };
            let keys: Vec<Key<'_>> = names.iter().map(|name| key(name)).collect();
            self.names(&keys).iter().for_each(|name| tier.forget(name.as_bytes()));
        }
        if starts {
            retry::start(&self);
        }
        pending.hurry.notify_one();
        names.len()
    }

    fn is_about_to(&self, is_under_way: bool) {
        self.pending.takeovers.is_about_to(is_under_way);
    }
}
