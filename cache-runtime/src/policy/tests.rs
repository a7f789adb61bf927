use crate::util::clock::LONGEST_MILLIS;
use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const POLICY: Policy = Policy { ttl: Ttl::Expires(MINUTE), ..Policy::NONE };
const PLAIN: Facts = Facts { is_none: false, own_ttl: None, wanted: true };

fn store(millis: u64) -> Admission {
    Admission::Store(Lifetime { fresh: Some(Duration::from_millis(millis)), stale: Duration::ZERO })
}

const FOR_EVER: Admission = Admission::Store(Lifetime { fresh: None, stale: Duration::ZERO });

#[test]
fn admission_table() {
    let negative = Policy { negative_ttl: Some(Duration::from_secs(5)), ..POLICY };
    let expires = |ttl| Policy { ttl: Ttl::Expires(ttl), ..POLICY };
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
        ("only never is for ever", POLICY, own(Duration::MAX), store(LONGEST_MILLIS)),
        (
            "None has no TTL of its own",
            negative,
            Facts { own_ttl: Some(Duration::MAX), ..none },
            store(5_000),
        ),
        ("never", Policy { ttl: Ttl::Never, jitter: 0.5, ..POLICY }, PLAIN, FOR_EVER),
        ("below a millisecond", expires(Duration::from_nanos(1)), PLAIN, store(1)),
        ("fractions are rounded up", expires(Duration::from_micros(1_001)), PLAIN, store(2)),
        ("too long for Redis", expires(Duration::from_secs(u64::MAX)), PLAIN, store(LONGEST_MILLIS)),
        ("the longest of all", expires(Duration::MAX), PLAIN, store(LONGEST_MILLIS)),
        (
            "None with the longest",
            Policy { negative_ttl: Some(Duration::MAX), ..POLICY },
            none,
            store(LONGEST_MILLIS),
        ),
    ] {
        assert_eq!(admit(&policy, facts, 0.99), expected, "{name}");
    }
}

#[test]
fn the_longer_window_is_kept() {
    let (short, long) = (Duration::from_secs(10), Duration::from_secs(30));
    for (revalidate, error, expected) in
        [(short, long, long), (long, short, long), (Duration::ZERO, short, short)]
    {
        let policy = Policy { stale_while_revalidate: revalidate, stale_if_error: error, ..POLICY };
        let Admission::Store(lifetime) = admit(&policy, PLAIN, 0.0) else { panic!("not stored") };
        assert_eq!(lifetime.total(), Some(MINUTE + expected));
    }
}

fn meta(stale_window: u64, compute_time: u64) -> Meta {
    Meta {
        codec: 1,
        fingerprint: 0,
        fresh_ttl: Some(Duration::from_secs(60)),
        stale_window: Duration::from_secs(stale_window),
        compute_time: Duration::from_secs(compute_time),
    }
}

fn left(seconds: u64) -> Left {
    Left::Expires(Duration::from_secs(seconds))
}

#[test]
fn serving_table() {
    let revalidate = Policy { stale_while_revalidate: Duration::from_secs(30), ..POLICY };
    let error = Policy { stale_if_error: Duration::from_secs(30), ..POLICY };
    let both = Policy { stale_while_revalidate: Duration::from_secs(10), ..error };
    let early = Policy { early_refresh: 1.0, ..POLICY };
    let early_in_background = Policy { early_refresh: 1.0, ..revalidate };
    use Decision::{Compute, ComputeEarly, ComputeOrServe, Serve, ServeAndRefresh};
    for (name, policy, meta, left, random, expected) in [
        ("fresh", POLICY, meta(0, 1), left(1), 0.5, Serve),
        ("without expiry", error, meta(0, 1), Left::Never, 0.5, Serve),
        ("fresh, with a window", revalidate, meta(30, 1), left(31), 0.5, Serve),
        ("just past its time", revalidate, meta(30, 1), left(30), 0.5, ServeAndRefresh),
        ("at the end of the window", revalidate, meta(30, 1), left(1), 0.5, ServeAndRefresh),
        ("stored meanwhile", revalidate, meta(30, 1), Left::Absent, 0.5, Serve),
        ("past its time, for errors", error, meta(30, 1), left(30), 0.5, ComputeOrServe),
        ("first window of two", both, meta(30, 1), left(25), 0.5, ServeAndRefresh),
        ("second window of two", both, meta(30, 1), left(15), 0.5, ComputeOrServe),
        ("kept longer than is wanted now", POLICY, meta(30, 1), left(15), 0.5, Compute),
        ("kept for less than is wanted now", revalidate, meta(5, 1), left(4), 0.5, ServeAndRefresh),
        ("early by chance", early, meta(0, 10), left(5), 0.9, ComputeEarly),
        ("not early by chance", early, meta(0, 10), left(5), 0.1, Serve),
        ("early in the background", early_in_background, meta(30, 10), left(35), 0.9, ServeAndRefresh),
        ("early without the option", POLICY, meta(0, 10), left(5), 0.99, Serve),
    ] {
        assert_eq!(decide(&policy, &meta, left, random), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn jitter_only_shortens_and_by_no_more_than_its_share(
        ttl in 1_u64..10_000_000, jitter in 0.0..=1.0, random in 0.0..1.0,
    ) {
        let ttl = Duration::from_millis(ttl);
        let policy = Policy { ttl: Ttl::Expires(ttl), jitter, ..Policy::NONE };
        let Admission::Store(Lifetime { fresh: Some(got), .. }) = admit(&policy, PLAIN, random) else {
            panic!("not stored")
        };
        prop_assert!(got <= ttl);
        prop_assert!(got + Duration::from_millis(1) >= ttl.mul_f64(1.0 - jitter));
        prop_assert!(got >= Duration::from_millis(1));
    }

    /// Whatever the options were when the entry was stored, it is served no later than the options of now allow.
    #[test]
    fn nothing_is_served_past_its_windows(
        window in 0_u64..100, kept in 0_u64..200, revalidate in 0_u64..100, error in 0_u64..100, random in 0.0..1.0,
    ) {
        let policy = Policy {
            stale_while_revalidate: Duration::from_secs(revalidate),
            stale_if_error: Duration::from_secs(error),
            ..POLICY
        };
        let overdue = window.saturating_sub(kept);
        match decide(&policy, &meta(window, 1), left(kept), random) {
            Decision::Serve | Decision::ComputeEarly => prop_assert!(kept > window),
            Decision::ServeAndRefresh => prop_assert!(overdue < revalidate),
            Decision::ComputeOrServe => prop_assert!(overdue < error),
            Decision::Compute => prop_assert!(overdue >= revalidate.max(error)),
        }
    }

    /// The dearer the value and the nearer its end, the likelier an early refresh.
    #[test]
    fn early_refresh_grows_towards_the_end(compute in 1_u64..60, nearer in 1_u64..60, further in 1_u64..60, random in 0.0..1.0) {
        let policy = Policy { early_refresh: 1.0, ..POLICY };
        let (nearer, further) = (nearer.min(further), nearer.max(further));
        let early = |seconds| decide(&policy, &meta(0, compute), left(seconds), random) != Decision::Serve;
        prop_assert!(!early(further) || early(nearer));
    }
}

#[test]
fn age_and_staleness_follow_from_what_is_left() {
    let seconds = Duration::from_secs;
    let lifetime = Lifetime { fresh: Some(seconds(60)), stale: seconds(30) };
    for (left, age, is_stale) in [(90, 0, false), (31, 59, false), (30, 60, true), (1, 89, true)] {
        let left = Left::Expires(seconds(left));
        assert_eq!((lifetime.age(left), lifetime.is_stale(left)), (Some(seconds(age)), is_stale));
    }
    assert_eq!(lifetime.age(Left::Expires(seconds(91))), Some(Duration::ZERO), "a clock that was set back");
    let endless = Lifetime { fresh: None, stale: Duration::ZERO };
    assert_eq!((endless.age(Left::Never), endless.is_stale(Left::Never)), (None, false));
}

#[test]
fn a_hit_prolongs_what_has_lost_a_tenth() {
    let policy = Policy { sliding: true, ..POLICY };
    let meta = |fresh_ttl, stale_window| Meta { fresh_ttl, stale_window, ..meta(0, 0) };
    let prolonged =
        |meta: &Meta, seconds| policy.prolonged(meta, Some(Left::Expires(Duration::from_secs(seconds))));
    let plain = meta(Some(MINUTE), Duration::ZERO);
    assert_eq!((prolonged(&plain, 54), prolonged(&plain, 53)), (None, Some(MINUTE)));
    let windowed = meta(Some(MINUTE), MINUTE);
    assert_eq!((prolonged(&windowed, 114), prolonged(&windowed, 113)), (None, Some(2 * MINUTE)));
    assert_eq!(prolonged(&windowed, 60), None, "past its TTL");
    assert_eq!(prolonged(&meta(None, Duration::ZERO), 1), None);
    assert_eq!(policy.prolonged(&plain, Some(Left::Never)), None);
    assert_eq!(policy.prolonged(&plain, None), Some(MINUTE), "nobody has asked for its time");
    assert_eq!((policy.prolonged_every(&plain), POLICY.prolonged(&plain, None)), (MINUTE / 10, None));
}
