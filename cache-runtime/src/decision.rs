//! What to do with a computed value: a pure function of the value's facts and the function's options. No I/O, no clock.

use std::time::Duration;

/// The options of a function that decide about storing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Policy {
    /// Time to live; `Duration::MAX` means that the entry never expires, zero that it is not stored.
    pub(crate) ttl: Duration,
    /// The time to live of `None`; without it, `None` is not stored.
    pub(crate) negative_ttl: Option<Duration>,
    /// Up to which share of the TTL is taken off at random, from 0 to 1.
    pub(crate) jitter: f64,
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
    /// `None` means without expiry.
    Store(Option<Duration>),
    Skip,
}

/// Decides about one value. `random` is uniform in `0.0..1.0`.
pub(crate) fn admit(policy: &Policy, facts: Facts, random: f64) -> Admission {
    if !facts.wanted {
        return Admission::Skip;
    }
    let ttl = match (facts.is_none, policy.negative_ttl) {
        (true, None) => return Admission::Skip,
        (true, Some(negative)) => negative,
        (false, _) => facts.own_ttl.unwrap_or(policy.ttl),
    };
    match ttl {
        Duration::ZERO => Admission::Skip,
        Duration::MAX => Admission::Store(None),
        ttl => Admission::Store(Some(shortened(ttl, policy.jitter, random))),
    }
}

/// `ttl` less a random part of its `jitter` share, in whole milliseconds as Redis counts, never less than one.
fn shortened(ttl: Duration, jitter: f64, random: f64) -> Duration {
    let kept = 1.0 - jitter.clamp(0.0, 1.0) * random.clamp(0.0, 1.0);
    // Without jitter no detour through floating point: long TTLs stay exact.
    let ttl = if kept < 1.0 { ttl.mul_f64(kept) } else { ttl };
    Duration::from_millis(whole_millis(ttl))
}

/// The longest expiry that is sent. Redis adds it to the time of day in a signed 64-bit number of milliseconds and refuses
/// what overflows; three thousand years do not.
const LONGEST_MILLIS: u64 = 100_000_000_000_000;

/// Rounded up, so that a time to live under a millisecond does not become none.
pub(crate) fn whole_millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).clamp(1, LONGEST_MILLIS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy { ttl: Duration::from_secs(60), negative_ttl: None, jitter: 0.0 };
    const PLAIN: Facts = Facts { is_none: false, own_ttl: None, wanted: true };

    fn store(millis: u64) -> Admission {
        Admission::Store(Some(Duration::from_millis(millis)))
    }

    #[test]
    fn table() {
        let negative = Policy { negative_ttl: Some(Duration::from_secs(5)), ..POLICY };
        let own = |ttl| Facts { own_ttl: Some(ttl), ..PLAIN };
        let none = Facts { is_none: true, ..PLAIN };
        for (name, policy, facts, expected) in [
            ("a value", POLICY, PLAIN, store(60_000)),
            ("refused by cache_if", POLICY, Facts { wanted: false, ..PLAIN }, Admission::Skip),
            ("None without negative_ttl", POLICY, none, Admission::Skip),
            ("None with negative_ttl", negative, none, store(5_000)),
            ("None refused by cache_if", negative, Facts { wanted: false, ..none }, Admission::Skip),
            ("a value where None has its own", negative, PLAIN, store(60_000)),
            ("the value decides", POLICY, own(Duration::from_millis(1500)), store(1_500)),
            ("the value decides for zero", POLICY, own(Duration::ZERO), Admission::Skip),
            ("the value decides for ever", POLICY, own(Duration::MAX), Admission::Store(None)),
            ("None has no TTL of its own", negative, Facts { own_ttl: Some(Duration::MAX), ..none }, store(5_000)),
            ("never", Policy { ttl: Duration::MAX, jitter: 0.5, ..POLICY }, PLAIN, Admission::Store(None)),
            ("below a millisecond", Policy { ttl: Duration::from_nanos(1), ..POLICY }, PLAIN, store(1)),
            ("fractions are rounded up", Policy { ttl: Duration::from_micros(1_001), ..POLICY }, PLAIN, store(2)),
            ("too long for Redis", Policy { ttl: Duration::from_secs(u64::MAX), ..POLICY }, PLAIN, store(LONGEST_MILLIS)),
        ] {
            assert_eq!(admit(&policy, facts, 0.99), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn jitter_only_shortens_and_by_no_more_than_its_share(
            ttl in 1_u64..10_000_000, jitter in 0.0..=1.0, random in 0.0..1.0,
        ) {
            let policy = Policy { ttl: Duration::from_millis(ttl), negative_ttl: None, jitter };
            let Admission::Store(Some(got)) = admit(&policy, PLAIN, random) else { panic!("not stored") };
            prop_assert!(got <= policy.ttl);
            prop_assert!(got + Duration::from_millis(1) >= policy.ttl.mul_f64(1.0 - jitter));
            prop_assert!(got >= Duration::from_millis(1));
        }
    }
}
