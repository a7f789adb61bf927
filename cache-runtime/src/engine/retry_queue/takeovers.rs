//! Whether another server may have taken over while something was read.
//!
//! A call that has found nothing pending may read from the new server what an invalidation has removed from the former one, in the moment
//! before that is pending again. So each call notes which takeovers there were before it asks what is pending, and does not trust what it has
//! read if there was another one by then, or one is under way: it computes. Only takeovers count by which something is pending again.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often others have taken over, in the upper half; how many are about to, in the lower one.
#[derive(Debug, Default)]
pub(crate) struct TakeoverCount(AtomicU64);

const ONE: u64 = 1 << 32;

/// Which takeovers there were, as noted before a read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotedTakeovers(u64);

impl TakeoverCount {
    #[inline]
    pub(crate) fn note(&self) -> NotedTakeovers {
        NotedTakeovers(self.0.load(Ordering::Acquire))
    }

    /// Whether there was none since then.
    #[inline]
    pub(crate) fn is_still(&self, noted: NotedTakeovers) -> bool {
        let now = self.0.load(Ordering::Acquire);
        now == noted.0 && now.is_multiple_of(ONE)
    }

    /// Another server has taken over, and what it may lack is pending.
    pub(super) fn happened(&self) {
        self.0.fetch_add(ONE, Ordering::AcqRel);
    }

    /// Requests go to another server from now on, and it is not known yet what it lacks; or it is.
    pub(crate) fn is_about_to(&self, is_under_way: bool) {
        match is_under_way {
            true => self.0.fetch_add(1, Ordering::AcqRel),
            false => self.0.fetch_sub(1, Ordering::AcqRel),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_holds_until_a_takeover_and_not_while_one_is_under_way() {
        let count = TakeoverCount::default();
        let before = count.note();
        assert!(count.is_still(before) && count.is_still(count.note()));
        count.is_about_to(true);
        let meanwhile = count.note();
        assert!(!count.is_still(before) && !count.is_still(meanwhile));
        count.is_about_to(false);
        assert!(count.is_still(before), "nothing had to be repeated");
        assert!(!count.is_still(meanwhile));
        count.happened();
        assert!(!count.is_still(before) && count.is_still(count.note()));
    }
}
