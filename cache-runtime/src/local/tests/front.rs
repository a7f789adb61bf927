//! What a thread finds in front of the map, and what takes it away.

use std::sync::atomic::AtomicU64;

use super::*;
use crate::key::{Arg, CallIdentity, IdentitySeed, Pieces, Template};
use crate::local::front::{FEWEST, FRONT, MOST};

/// Of a call with this argument.
fn identity(argument: impl crate::KeyPart) -> CallIdentity {
    identity_by(*b"an unlikely seed", argument)
}

fn identity_by(seed: [u8; 16], argument: impl crate::KeyPart) -> CallIdentity {
    let seed = IdentitySeed::new(1, seed);
    seed.identity(|identity| Arg::new(Template("a"), &argument).identify(identity)).expect("it fits")
}

fn terms() -> Terms {
    Terms::of(SCHEMA, &policy())
}

fn number(value: LocalValue) -> u64 {
    *value.downcast::<u64>().expect("a number")
}

fn by_key(tier: &Tier, key: &str, argument: u64) -> Option<u64> {
    tier.find_for(Some(&identity(argument)), key.as_bytes(), &terms()).map(number)
}

fn in_front(tier: &Tier, argument: u64) -> Option<u64> {
    tier.find_in_front(&identity(argument), terms().longest).map(number)
}

/// With the value 1 at `a`, in front for the argument 1.
fn with_front() -> Tier {
    let tier = with("a");
    assert_eq!((in_front(&tier, 1), by_key(&tier, "a", 1)), (None, Some(1)));
    assert_eq!(in_front(&tier, 1), Some(1));
    tier
}

#[test]
fn a_call_that_was_served_is_served_again_on_its_thread() {
    let tier = with_front();
    assert_eq!(in_front(&tier, 2), None);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| [in_front(&tier, 1), by_key(&tier, "a", 1), in_front(&tier, 1)]);
        assert_eq!(other.join().expect("no panic"), [None, Some(1), Some(1)]);
    });
    // Who has no identity gets the value all the same.
    assert_eq!(tier.find_for(None, b"a", &terms()).map(number), Some(1));
}

#[test]
fn whatever_drops_a_value_takes_it_out_of_the_front() {
    let events: [fn(&Tier); 5] = [
        |tier| tier.changed(b"a"),
        |tier| tier.forget(b"a"),
        |tier| tier.all_changed(EPOCH),
        |tier| tier.ended(EPOCH),
        |tier| tier.connected(epoch(8, 0)),
    ];
    for (number, event) in events.into_iter().enumerate() {
        let tier = with_front();
        let value = tier.find(b"a", &terms()).expect("it is there");
        event(&tier);
        assert_eq!(in_front(&tier, 1), None, "{number}, although {value:?} is alive");
        // Nor does it come back.
        assert_eq!((by_key(&tier, "a", 1), in_front(&tier, 1)), (None, None), "{number}");
    }
}

#[test]
fn a_value_that_is_let_in_anew_is_found_anew() {
    let tier = with_front();
    tier.changed(b"a");
    tier.admit(tier.guard("a"), "a", arrival(), 2_u64);
    assert_eq!((in_front(&tier, 1), by_key(&tier, "a", 1), in_front(&tier, 1)), (None, Some(2), Some(2)));
}

#[test]
fn a_slot_that_changes_hands_takes_its_values_along() {
    let tier = Tier::of_cluster(1 << 20, STALENESS);
    tier.connected(EPOCH);
    tier.confirmed(EPOCH, Moment::now());
    tier.owners_confirmed(Moment::now());
    let epoch = Epoch { tenure: tier.tenure(77), ..EPOCH };
    tier.admit(tier.guard("a"), "a", Arrival { epoch, ..arrival() }, 1_u64);
    assert_eq!((by_key(&tier, "a", 1), in_front(&tier, 1)), (Some(1), Some(1)));
    tier.changed_hands(78);
    assert_eq!(in_front(&tier, 1), Some(1));
    tier.changed_hands(77);
    assert_eq!((in_front(&tier, 1), by_key(&tier, "a", 1), in_front(&tier, 1)), (None, None, None));
}

/// Each of them is over soon, and in front of the map no later than in it.
#[test]
fn nothing_is_served_in_front_for_longer_than_by_its_key() {
    let soon = Duration::from_millis(60);
    let ends: [fn(&Tier, Duration); 2] = [
        |tier, soon| tier.confirmed(EPOCH, ago(STALENESS - soon)),
        |tier, soon| {
            tier.forget(b"a");
            tier.admit(tier.guard("a"), "a", Arrival { fresh: Left::Expires(soon), ..arrival() }, 1_u64);
        },
    ];
    for end in ends {
        let tier = with("a");
        end(&tier, soon);
        while by_key(&tier, "a", 1).is_some() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(in_front(&tier, 1), None);
    }
    let tier = with_front();
    assert!(tier.find_in_front(&identity(1_u64), Terms::longest(Duration::ZERO)).is_none());
}

#[test]
fn an_evicted_value_is_freed() {
    let tier = with_front();
    let value = Arc::downgrade(&tier.find(b"a", &terms()).expect("it is there"));
    tier.map.get().expect("a map").clear();
    assert!(value.upgrade().is_none());
    assert_eq!(in_front(&tier, 1), None);
}

#[test]
fn a_value_that_would_leave_much_behind_stays_in_the_map() {
    let tier = tier();
    tier.admit(tier.guard("a"), "a", arrival(), [0_u8; 2000]);
    assert!(tier.find_for(Some(&identity(1_u64)), b"a", &terms()).is_some());
    assert!(tier.find_in_front(&identity(1_u64), terms().longest).is_none());
}

/// One hash is not one call.
#[test]
fn calls_that_share_a_hash_are_told_apart() {
    let tier = tier();
    let texts = ["aaaaaaaabbbbbbbb", "bbbbbbbbaaaaaaaa"];
    // By this seed the hash of words is what they have in common.
    let identity = |text| identity_by([0; 16], text);
    let [one, other] = texts.map(identity);
    assert_eq!(one.hash, other.hash);
    for (number, text) in texts.into_iter().enumerate() {
        tier.admit(tier.guard(text), text, arrival(), number as u64);
        assert!(tier.find_for(Some(&identity(text)), text.as_bytes(), &terms()).is_some());
    }
    let found = texts.map(|text| tier.find_in_front(&identity(text), terms().longest).map(number));
    assert_eq!(found, [Some(0), Some(1)]);
}

#[test]
fn many_calls_have_room_and_each_its_own_value() {
    let tier = Tier::new(1 << 30, STALENESS);
    tier.connected(EPOCH);
    tier.confirmed(EPOCH, Moment::now());
    for calls in [1_000, 5_000, 20_000] {
        for argument in 0..calls {
            let key = argument.to_string();
            tier.admit(tier.guard(&key), &key, arrival(), argument);
            assert_eq!(by_key(&tier, &key, argument), Some(argument));
        }
        // How many that are depends on how long it took.
        for argument in 0..calls {
            assert!(in_front(&tier, argument).is_none_or(|value| value == argument));
        }
        let slots = FRONT.with_borrow(|front| front.slots.len());
        assert!((FEWEST..=MOST).contains(&slots) && slots.is_power_of_two(), "{slots}");
    }
}

/// A writer drops a value and says so; whoever has heard that is not served it, in front or behind.
#[test]
fn a_value_that_was_dropped_is_served_to_nobody() {
    let tier = tier();
    let floor = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for version in 1..20_000 {
                tier.forget(b"a");
                floor.store(version, Ordering::Release);
                tier.admit(tier.guard("a"), "a", arrival(), version);
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut front, mut last) = (0, 0);
                while last < 19_999 {
                    last = floor.load(Ordering::Acquire);
                    let served = in_front(&tier, 1).inspect(|_| front += 1).or_else(|| by_key(&tier, "a", 1));
                    assert!(served.is_none_or(|version| version >= last), "{served:?} after {last}");
                }
                println!("{front} in front");
            });
        }
    });
}
