//! The tier alone, told what happens by hand. Moments in the past stand for time that has gone by, so nothing sleeps.

mod cluster;
mod front;
mod races;

use super::*;
use crate::policy::LocalCopies;
use crate::util::clock::after;

const EPOCH: Epoch = epoch(7, 0);

const fn epoch(number: u64, node: u16) -> Epoch {
    Epoch { number, node, tenure: Tenure { slot: 0, number: 0 } }
}

const STALENESS: Duration = Duration::from_secs(60);
const SCHEMA: u64 = 42;

fn policy() -> Policy {
    Policy { local: LocalCopies::Tracked(Duration::from_secs(3600)), ..Policy::NONE }
}

fn arrival() -> Arrival {
    Arrival {
        fingerprint: SCHEMA,
        encoded_len: 100,
        compute_time: Duration::ZERO,
        fresh: Left::Never,
        epoch: EPOCH,
    }
}

/// The moment that is `duration` in the past.
fn ago(duration: Duration) -> Moment {
    let ticks = (duration.as_nanos() << 32) / 1_000_000_000;
    Moment::from_ticks(
        Moment::now().ticks().checked_sub(ticks.try_into().expect("short")).expect("a host that is up"),
    )
}

/// Connected, and confirmed just now.
fn tier() -> Tier {
    let tier = Tier::new(1 << 20, STALENESS);
    tier.connected(EPOCH);
    tier.confirmed(EPOCH, Moment::now());
    tier
}

/// With the value 1 at `key`.
fn with(key: &str) -> Tier {
    let tier = tier();
    tier.admit(tier.guard(key), key, arrival(), 1_u64);
    assert_eq!(get(&tier, key), Some(1));
    tier
}

fn get(tier: &Tier, key: &str) -> Option<u64> {
    tier.get(key, SCHEMA, &policy())
}

/// A key that shares the stripe of `key`, and one that does not.
fn neighbours(tier: &Tier, key: &str) -> [String; 2] {
    let of = tier.stripes.of(key.as_bytes());
    [true, false].map(|same| {
        let mut keys = (0..).map(|number| format!("other {number}"));
        keys.find(|other| (tier.stripes.of(other.as_bytes()) == of) == same)
            .expect("there are more keys than stripes")
    })
}

#[test]
fn a_value_comes_in_and_is_dropped_when_it_changes() {
    let tier = with("a");
    tier.changed(b"b");
    assert_eq!(get(&tier, "a"), Some(1));
    tier.changed(b"a");
    assert_eq!(get(&tier, "a"), None);
    // Neither a text nor anybody's key.
    tier.changed(b"\xff");
    assert_eq!(tier.stats().changes, 3);
}

#[test]
fn a_change_after_the_guard_keeps_the_value_out() {
    let tier = tier();
    let guard = tier.guard("a");
    tier.changed(b"a");
    tier.admit(guard, "a", arrival(), 1_u64);
    assert_eq!(get(&tier, "a"), None);
    // The next reader's is let in.
    tier.admit(tier.guard("a"), "a", arrival(), 2_u64);
    assert_eq!(get(&tier, "a"), Some(2));
}

#[test]
fn an_own_write_after_the_guard_keeps_the_value_out() {
    let tier = with("a");
    let guard = tier.guard("a");
    tier.forget(b"a");
    assert_eq!(get(&tier, "a"), None);
    tier.admit(guard, "a", arrival(), 1_u64);
    assert_eq!(get(&tier, "a"), None);
    assert_eq!(tier.stats().changes, 0, "Redis told of none");
}

#[test]
fn a_change_keeps_out_at_most_its_stripe_and_drops_its_key_only() {
    let tier = tier();
    let [same, other] = neighbours(&tier, "a");
    tier.admit(tier.guard(&same), &same, arrival(), 1_u64);
    let guards = [&same, &other].map(|key| (key, tier.guard(key)));
    tier.changed(b"a");
    assert_eq!(get(&tier, &same), Some(1));
    for (key, guard) in guards {
        tier.admit(guard, key, arrival(), 2_u64);
    }
    assert_eq!((get(&tier, &same), get(&tier, &other)), (Some(1), Some(2)));
}

/// They are freed beside whoever hears of it.
#[test]
fn of_many_that_are_dropped_none_is_served_and_all_are_freed() {
    const MANY: u64 = 20_000;
    let tier = Tier::new(1 << 30, STALENESS);
    tier.connected(EPOCH);
    tier.confirmed(EPOCH, Moment::now());
    for id in 0..MANY {
        let key = id.to_string();
        tier.admit(tier.guard(&key), &key, arrival(), id);
    }
    assert_eq!((tier.stats().entries, get(&tier, "7")), (MANY, Some(7)));
    tier.all_changed(EPOCH);
    assert!((0..MANY).all(|id| get(&tier, &id.to_string()).is_none()));
    let until = after(Duration::from_secs(30));
    while tier.stats().entries > 0 {
        assert!(std::time::Instant::now() < until, "{:?}", tier.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
    tier.admit(tier.guard("7"), "7", arrival(), 8_u64);
    assert_eq!(get(&tier, "7"), Some(8));
}

#[test]
fn flushall_drops_all_and_keeps_out_what_is_on_its_way() {
    let tier = with("a");
    let guards = ["b", "c", "d"].map(|key| (key, tier.guard(key)));
    tier.all_changed(EPOCH);
    for (key, guard) in guards {
        tier.admit(guard, key, arrival(), 1_u64);
        assert_eq!(get(&tier, key), None);
    }
    assert_eq!(get(&tier, "a"), None);
    let stats = tier.stats();
    assert_eq!((stats.entries, stats.bytes, stats.dropped), (0, 0, 1));
    assert!(stats.serving, "the connection is as good as before");
}

#[test]
fn the_end_of_a_connection_drops_all_and_counts_once() {
    let tier = with("a");
    let guard = tier.guard("b");
    tier.ended(EPOCH);
    tier.ended(EPOCH);
    assert!(!tier.stats().serving);
    assert_eq!(tier.stats().dropped, 1);
    tier.admit(guard, "b", arrival(), 1_u64);
    tier.admit(tier.guard("b"), "b", arrival(), 1_u64);
    tier.connected(epoch(8, 0));
    tier.confirmed(epoch(8, 0), Moment::now());
    assert_eq!((get(&tier, "a"), get(&tier, "b")), (None, None));
}

/// Its guard is good, but whoever would tell of its changes is gone.
#[test]
fn a_value_of_an_old_connection_is_kept_out_by_its_epoch() {
    let tier = tier();
    tier.ended(EPOCH);
    tier.connected(epoch(8, 0));
    tier.confirmed(epoch(8, 0), Moment::now());
    tier.admit(tier.guard("a"), "a", arrival(), 1_u64);
    assert_eq!(get(&tier, "a"), None);
    tier.admit(tier.guard("a"), "a", Arrival { epoch: epoch(8, 0), ..arrival() }, 1_u64);
    assert_eq!(get(&tier, "a"), Some(1));
}

#[test]
fn what_is_heard_of_an_old_connection_changes_nothing() {
    let tier = with("a");
    tier.connected(epoch(8, 0));
    assert_eq!(get(&tier, "a"), None, "nobody would tell of its changes");
    tier.confirmed(epoch(8, 0), Moment::now());
    tier.admit(tier.guard("a"), "a", Arrival { epoch: epoch(8, 0), ..arrival() }, 1_u64);
    tier.ended(EPOCH);
    tier.confirmed(EPOCH, ago(2 * STALENESS));
    assert_eq!(get(&tier, "a"), Some(1));
}

#[test]
fn nothing_is_let_in_or_served_without_a_connection() {
    let tier = Tier::new(1 << 20, STALENESS);
    tier.confirmed(EPOCH, Moment::now());
    tier.admit(tier.guard("a"), "a", arrival(), 1_u64);
    tier.admit(tier.guard("a"), "a", Arrival { epoch: epoch(1, 0), ..arrival() }, 1_u64);
    assert_eq!(get(&tier, "a"), None);
    let stats = tier.stats();
    assert_eq!((stats.serving, stats.entries), (false, 0));
}

#[test]
fn values_are_served_for_the_bound_after_what_was_answered_was_asked() {
    let tier = with("a");
    tier.confirmed(EPOCH, ago(STALENESS / 2));
    assert_eq!(get(&tier, "a"), Some(1));
    // Exactly as long ago as the bound is too long.
    for asked in [ago(STALENESS), ago(2 * STALENESS)] {
        tier.confirmed(EPOCH, asked);
        assert_eq!(get(&tier, "a"), None);
        assert!(!tier.stats().serving);
    }
    // It was not dropped: the peer was slow, and has told all.
    tier.confirmed(EPOCH, Moment::now());
    assert_eq!(get(&tier, "a"), Some(1));
}

#[test]
fn a_value_is_kept_no_longer_than_it_is_fresh_in_redis() {
    let tier = tier();
    let second = Duration::from_secs(1);
    // Counted from the guard, five seconds ago.
    for (fresh, expected) in [
        (Left::Expires(5 * second), None),
        (Left::Expires(6 * second), Some(1)),
        (Left::Expires(Duration::MAX), Some(1)),
        (Left::Expires(Duration::ZERO), None),
        (Left::Never, Some(1)),
    ] {
        tier.forget(b"a");
        let guard = Guard { began: ago(5 * second), ..tier.guard("a") };
        tier.admit(guard, "a", Arrival { fresh, ..arrival() }, 1_u64);
        assert_eq!(get(&tier, "a"), expected, "{fresh:?}");
    }
    tier.forget(b"a");
    tier.admit(tier.guard("a"), "a", Arrival { fresh: Left::Absent, ..arrival() }, 1_u64);
    assert_eq!(tier.stats().entries, 0);
}

#[test]
fn a_value_is_kept_no_longer_than_the_function_wants() {
    let tier = tier();
    let guard = Guard { began: ago(Duration::from_secs(5)), ..tier.guard("a") };
    tier.admit(guard, "a", arrival(), 1_u64);
    let within =
        |length| tier.get::<u64>("a", SCHEMA, &Policy { local: LocalCopies::Tracked(length), ..policy() });
    assert_eq!(within(Duration::from_secs(6)), Some(1));
    assert_eq!(within(Duration::from_secs(5)), None);
    assert_eq!(within(Duration::ZERO), None);
    assert_eq!(within(Duration::MAX), Some(1));
}

#[test]
fn a_dear_value_near_its_end_is_not_served_where_it_is_to_be_refreshed_early() {
    let tier = tier();
    let near = Arrival {
        compute_time: Duration::from_secs(1),
        fresh: Left::Expires(Duration::from_secs(10)),
        ..arrival()
    };
    tier.admit(tier.guard("a"), "a", near, 1_u64);
    let hits = |beta| {
        let policy = Policy { early_refresh: beta, ..policy() };
        (0..200).filter(|_| tier.get::<u64>("a", SCHEMA, &policy).is_some()).count()
    };
    assert_eq!(hits(0.0), 200);
    // By e to the minus ten, one in 22,000 is due.
    assert!(hits(1.0) > 190);
    assert!(hits(1e6) < 10);
    let never = Arrival { compute_time: Duration::from_secs(1), ..arrival() };
    tier.admit(tier.guard("a"), "a", never, 1_u64);
    assert_eq!(hits(1e6), 200, "it has no end to be near to");
}

#[test]
fn another_schema_or_type_is_no_hit() {
    let tier = with("a");
    assert_eq!(tier.get::<u64>("a", SCHEMA + 1, &policy()), None);
    assert_eq!(tier.get::<i64>("a", SCHEMA, &policy()), None);
    assert_eq!(tier.get::<Arc<u64>>("a", SCHEMA, &policy()), None);
    assert_eq!(get(&tier, "a"), Some(1), "and drops nothing");
}

#[test]
fn what_is_let_in_again_takes_the_place_of_what_is_there() {
    let tier = with("a");
    tier.admit(tier.guard("a"), "a", Arrival { encoded_len: 10, ..arrival() }, Arc::new(2_u64));
    let one = tier.get::<Arc<u64>>("a", SCHEMA, &policy()).expect("a hit");
    let other = tier.get::<Arc<u64>>("a", SCHEMA, &policy()).expect("a hit");
    assert!(Arc::ptr_eq(&one, &other));
    let stats = tier.stats();
    assert_eq!((stats.entries, stats.bytes), (1, 10 + OVERHEAD + 1));
}

#[test]
fn the_capacity_counts_bytes() {
    let tier = Tier::new(10_000, STALENESS);
    tier.connected(EPOCH);
    tier.confirmed(EPOCH, Moment::now());
    for number in 0..100_u64 {
        let key = format!("{number:03}");
        tier.admit(tier.guard(&key), &key, Arrival { encoded_len: 805, ..arrival() }, number);
        let LocalStats { entries, bytes, capacity, .. } = tier.stats();
        assert_eq!(bytes, entries * 1000);
        assert!(bytes <= capacity && capacity == 10_000, "{bytes}");
    }
    assert!(tier.stats().entries >= 8, "{:?}", tier.stats());
    // One that has no room at all is not kept, and costs the others nothing.
    let before = tier.stats().entries;
    tier.admit(tier.guard("large"), "large", Arrival { encoded_len: 10_001, ..arrival() }, 0_u64);
    assert_eq!(get(&tier, "large"), None);
    assert_eq!(tier.stats().entries, before);
    assert_eq!(tier.stats().too_large, 1);
    // In the place of an older one neither is served.
    tier.admit(tier.guard("000"), "000", Arrival { encoded_len: 805, ..arrival() }, 0_u64);
    tier.admit(tier.guard("000"), "000", Arrival { encoded_len: 10_001, ..arrival() }, 0_u64);
    assert_eq!((get(&tier, "000"), tier.stats().too_large), (None, 2));
}

#[test]
fn no_room_at_all_is_no_harm() {
    let tier = Tier::new(0, STALENESS);
    tier.connected(EPOCH);
    tier.confirmed(EPOCH, Moment::now());
    tier.admit(tier.guard("a"), "a", arrival(), 1_u64);
    assert_eq!(get(&tier, "a"), None);
}
