//! What to do with an entry that was found, and with a value that was computed: pure functions of what is known and of the
//! function's options. No I/O and no clock; all times are what the server says is left, so no host's clock takes part.

pub(crate) mod ttl;

use crate::util::clock::{millis, whole_millis};
use std::time::Duration;

use crate::entry::header::Meta;
use crate::policy::ttl::Ttl;
use crate::store::vocabulary::parts::ShapeKind;
use crate::store::vocabulary::{Left, ReplicaReads};

/// A hit prolongs an entry once this part of its TTL is over: the more, the nearer an entry ends to a TTL after its last hit, and the
/// more requests are made for it.
pub(crate) const PROLONGED: u32 = 10;

/// A call waits for a new value for as long as it takes.
pub(crate) const NO_TIMEOUT: u32 = u32::MAX;

/// A value may become as old as it is read.
pub(crate) const NO_MAX_AGE: u32 = u32::MAX;

/// The options of a function that decide about storing and serving.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Policy {
    /// Time to live; zero means that the value is not stored, or decides for itself.
    pub(crate) ttl: Ttl,
    /// The time to live of `None`; without it, `None` is not stored.
    pub(crate) negative_ttl: Option<Duration>,
    /// Whether hits prolong entries.
    pub(crate) sliding: bool,
    /// How old values may become by that, in seconds, and `NO_MAX_AGE`: as `timeout_millis`.
    pub(crate) max_age_secs: u32,
    /// Up to which share of the TTL is taken off at random, from 0 to 1.
    pub(crate) jitter: f64,
    /// RFC 5861: for how long past its TTL a value is served while it is refreshed in the background.
    pub(crate) stale_while_revalidate: Duration,
    /// RFC 5861: for how long past its TTL a value is served in place of an error.
    pub(crate) stale_if_error: Duration,
    /// XFetch's beta; 0 is off.
    pub(crate) early_refresh: f64,
    /// On which terms this process serves values that it keeps.
    pub(crate) local: LocalCopies,
    /// The most bytes that an entry may have, should that be less than the cache's limit.
    pub(crate) max_size: u64,
    /// The longest that a call waits for what others compute; `None`: the cache's.
    pub(crate) max_wait: Option<Duration>,
    /// For how long a call that has an older value waits for a new one, in milliseconds, and `NO_TIMEOUT`: a call's future has room for it.
    pub(crate) timeout_millis: u32,
    /// Whether a call's first look-up may ask replicas.
    pub(crate) replica_reads: Option<ReplicaReads>,
    /// What a cache has to have for values to be stored.
    pub(crate) needs: Needs,
    /// Whether the body may look at an older value.
    pub(crate) conditional: bool,
    /// In which parts values are stored, if they are.
    pub(crate) shape: Option<ShapeKind>,
}

impl Policy {
    /// No option set: nothing is stored.
    pub(crate) const NONE: Self = Self {
        ttl: Ttl::Expires(Duration::ZERO),
        negative_ttl: None,
        sliding: false,
        max_age_secs: NO_MAX_AGE,
        jitter: 0.0,
        stale_while_revalidate: Duration::ZERO,
        stale_if_error: Duration::ZERO,
        early_refresh: 0.0,
        local: LocalCopies::Tracked(Duration::ZERO),
        max_size: u64::MAX,
        max_wait: None,
        timeout_millis: NO_TIMEOUT,
        replica_reads: None,
        needs: Needs::Nothing,
        conditional: false,
        shape: None,
    };

    /// Whether serving depends on the time that is left. Where it does not, a look-up need not ask for it.
    #[inline]
    pub(crate) fn asks_for_time(&self) -> bool {
        self.early_refresh > 0.0 || self.stale_window() > Duration::ZERO
    }

    /// For how long an entry that is served is to stay from now on; `None` if it stays as it is, because it does not end, has been prolonged a moment
    /// ago, or is past its freshness. Where the time that is left was not asked for it is fresh, and may be due.
    pub(crate) fn prolonged(&self, meta: &Meta, left: Option<Left>) -> Option<Duration> {
        let fresh = meta.fresh_ttl.filter(|_| self.sliding)?;
        match left {
            None => {}
            Some(Left::Never | Left::Absent) => return None,
            Some(Left::Expires(left)) => {
                let left = left.checked_sub(meta.stale_window).filter(|left| !left.is_zero())?;
                if left >= fresh - fresh / PROLONGED {
                    return None;
                }
            }
        }
        Some(fresh.saturating_add(meta.stale_window))
    }

    /// How old a value may become, if that is bounded.
    pub(crate) fn max_age(&self) -> Option<Duration> {
        (self.max_age_secs != NO_MAX_AGE).then(|| Duration::from_secs(self.max_age_secs.into()))
    }

    /// How often a process prolongs an entry, at most.
    pub(crate) fn prolonged_every(&self, meta: &Meta) -> Duration {
        meta.fresh_ttl.map_or(Duration::MAX, |fresh| fresh / PROLONGED)
    }

    /// For how long a call that has an older value waits for a new one, if that is bounded.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        (self.timeout_millis != NO_TIMEOUT).then(|| Duration::from_millis(self.timeout_millis.into()))
    }

    /// After which time no entry of this policy is left; `None` if that is not known, or never.
    pub(crate) fn longest_life(&self) -> Option<Duration> {
        // Zero stands for a TTL that the value decides.
        let ttl = self.ttl.as_duration().filter(|ttl| !ttl.is_zero())?;
        let longest = Duration::from_millis(whole_millis(ttl.max(self.negative_ttl.unwrap_or_default())));
        Some(longest.saturating_add(self.stale_window()))
    }

    /// For how long past its TTL an entry is kept.
    #[inline]
    fn stale_window(&self) -> Duration {
        self.stale_while_revalidate.max(self.stale_if_error)
    }
}

/// What a cache has to have for a function's values to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// A keyring: `sealed`.
    Keyring,
    /// A key for names, which the cache lacks: what is secret in the key, or in a tag, has no name that others know.
    KeyForNames,
}

/// On which terms this process serves values that it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LocalCopies {
    /// Without asking, for so long at most, while Redis tells what becomes of them; zero is off.
    Tracked(Duration),
    /// If Redis says, each time, that they are still the entry.
    Revalidated,
}

impl LocalCopies {
    /// For how long a value may be served without asking.
    #[inline]
    pub(crate) fn unasked(self) -> Duration {
        match self {
            Self::Tracked(length) => length,
            Self::Revalidated => Duration::ZERO,
        }
    }
}

/// What is known of a computed value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) is_none: bool,
    /// What the `ttl = |value| …` closure said of it.
    pub(crate) own_ttl: Option<Duration>,
    /// What `cache_if` said of it.
    pub(crate) wanted: bool,
}

/// Whether to store, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Store(Lifetime),
    Skip,
}

/// How long a value is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// For how long it is fresh; `None`: for ever.
    pub(crate) fresh: Option<Duration>,
    /// For how long after that it may be of use.
    pub(crate) stale: Duration,
}

impl Lifetime {
    /// The expiry that Redis is given.
    pub(crate) fn total(self) -> Option<Duration> {
        self.fresh.map(|fresh| fresh.saturating_add(self.stale))
    }

    /// What an entry was stored with.
    pub(crate) fn of(meta: &Meta) -> Self {
        Self { fresh: meta.fresh_ttl, stale: meta.stale_window }
    }

    /// How long ago a value was stored that has so much time left; `None` if that is not known.
    pub(crate) fn age(self, left: Left) -> Option<Duration> {
        match left {
            Left::Expires(left) => Some(self.total()?.saturating_sub(left)),
            Left::Never | Left::Absent => None,
        }
    }

    /// Whether a value that has so much time left is past its freshness.
    pub(crate) fn is_stale(self, left: Left) -> bool {
        matches!(left, Left::Expires(left) if self.fresh.is_some() && left <= self.stale)
    }
}

/// Decides about a computed value. `random` is uniform in `0.0..1.0`.
pub(crate) fn admit(policy: &Policy, facts: Facts, random: f64) -> Admission {
    if !facts.wanted {
        return Admission::Skip;
    }
    let ttl = match (facts.is_none, policy.negative_ttl) {
        (true, None) => return Admission::Skip,
        (true, Some(negative)) => Ttl::Expires(negative),
        (false, _) => facts.own_ttl.map_or(policy.ttl, Ttl::Expires),
    };
    match ttl {
        Ttl::Expires(Duration::ZERO) => Admission::Skip,
        Ttl::Never => Admission::Store(Lifetime { fresh: None, stale: Duration::ZERO }),
        Ttl::Expires(ttl) => {
            let fresh = Some(shortened(ttl, policy.jitter, random));
            Admission::Store(Lifetime { fresh, stale: Duration::from_millis(millis(policy.stale_window())) })
        }
    }
}

/// `ttl` less a random part of its `jitter` share, in whole milliseconds as Redis counts, never less than one.
fn shortened(ttl: Duration, jitter: f64, random: f64) -> Duration {
    let kept = 1.0 - jitter.clamp(0.0, 1.0) * random.clamp(0.0, 1.0);
    // Without jitter no detour through floating point: long TTLs stay exact.
    let ttl = if kept < 1.0 { ttl.mul_f64(kept) } else { ttl };
    Duration::from_millis(whole_millis(ttl))
}

/// What to do with an entry that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Serve,
    /// Serve at once, and compute a new value in the background.
    ServeAndRefresh,
    /// It has time left, but compute now, unless somebody else does; serve this entry should that fail.
    ComputeEarly,
    /// Compute now, and serve this entry should that fail.
    ComputeOrServe,
    /// As if it were not there.
    Compute,
}

/// Decides about an entry. `left` is what the server says, `random` is uniform in `0.0..1.0`.
pub(crate) fn decide(policy: &Policy, meta: &Meta, left: Left, random: f64) -> Decision {
    let left = match left {
        // The time is asked first: an entry that had none was stored in between, and is as fresh as can be.
        Left::Absent | Left::Never => return Decision::Serve,
        Left::Expires(left) => left,
    };
    match left.checked_sub(meta.stale_window).filter(|fresh| *fresh > Duration::ZERO) {
        Some(fresh) if !is_due_early(policy, meta.compute_time, fresh, random) => Decision::Serve,
        Some(_) if policy.stale_while_revalidate > Duration::ZERO => Decision::ServeAndRefresh,
        Some(_) => Decision::ComputeEarly,
        None => {
            let overdue = meta.stale_window.saturating_sub(left);
            if overdue < policy.stale_while_revalidate {
                Decision::ServeAndRefresh
            } else if overdue < policy.stale_if_error {
                Decision::ComputeOrServe
            } else {
                Decision::Compute
            }
        }
    }
}

/// XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015): refresh when
/// `compute time × beta × -ln(random)` reaches what is left. The dearer the value, the earlier; and of many callers about one
/// does it, since the logarithm spreads them out.
pub(crate) fn is_due_early(policy: &Policy, compute_time: Duration, fresh: Duration, random: f64) -> bool {
    // 0 would be infinite: the number is in 0.0..1.0, its complement in (0.0, 1.0].
    policy.early_refresh > 0.0
        && compute_time.as_secs_f64() * policy.early_refresh * -(1.0 - random).ln() >= fresh.as_secs_f64()
}

#[cfg(test)]
mod tests;
