use std::time::Instant;

use stateright::{Checker, HasDiscoveries};

use super::*;

/// One reader, and connections that come and go.
fn lone_reader() -> Tier {
    Tier { variant: Variant::Sound, readers: 1, changes: 2, staleness: 2, reconnects: true, empties: true }
}

/// Two readers that overtake each other, over one connection.
fn two_readers() -> Tier {
    Tier { readers: 2, reconnects: false, ..lone_reader() }
}

/// One that waits on an old connection, while another is answered on the new one.
fn two_readers_and_connections() -> Tier {
    Tier { readers: 2, changes: 1, staleness: 1, empties: false, ..lone_reader() }
}

/// Sees the world through.
fn holds(name: &str, world: Tier, reached: &[&'static str]) {
    let began = Instant::now();
    let checker = world.checker().threads(2).spawn_bfs().join();
    eprintln!("{name}: {} states, {:.1?}", checker.unique_state_count(), began.elapsed());
    assert!(checker.is_done(), "not seen through");
    for (property, path) in checker.discoveries() {
        assert!(reached.contains(&property), "{name}, {property}: {:#?}", path.into_actions());
    }
    for property in reached.iter().copied() {
        assert!(checker.discovery(property).is_some(), "{name}: never {property}");
    }
}

/// Looks for a way in which `variant` breaks each of `promises`.
fn breaks(variant: Variant, promises: &[&'static str]) {
    for promise in promises {
        let began = Instant::now();
        let found = HasDiscoveries::AllOf([*promise].into());
        let checker = Tier { variant, ..lone_reader() }.checker().finish_when(found).spawn_bfs().join();
        let path =
            checker.discovery(promise).unwrap_or_else(|| panic!("{variant:?} does not break: {promise}"));
        let steps = path.into_actions();
        eprintln!(
            "{variant:?} breaks \"{promise}\" in {} steps, {} states, {:.1?}: {steps:?}",
            steps.len(),
            checker.unique_state_count(),
            began.elapsed(),
        );
    }
}

#[test]
fn it_holds_with_one_reader_and_connections_that_end() {
    holds("the tier, one reader", lone_reader(), &[HIT, OLD_HIT, GUARDED, OF_AN_OLD_EPOCH]);
}

#[test]
fn it_holds_with_two_readers() {
    holds("the tier, two readers", two_readers(), &[HIT, OLD_HIT, GUARDED]);
}

#[test]
fn it_holds_with_two_readers_and_connections_that_end() {
    holds(
        "the tier, two readers and connections",
        two_readers_and_connections(),
        &[HIT, OLD_HIT, GUARDED, OF_AN_OLD_EPOCH, AGAIN],
    );
}

#[test]
fn without_the_generation_guard_an_old_value_stays() {
    breaks(Variant::NoGenerationGuard, &[BOUND, TOLD, OWN]);
}

#[test]
fn without_dropping_all_on_reconnect_an_old_value_stays() {
    breaks(Variant::NoFlushOnReconnect, &[BOUND, TOLD]);
}

#[test]
fn without_a_tracked_read_an_old_value_stays() {
    breaks(Variant::UntrackedFill, &[BOUND, TOLD]);
}

#[test]
fn without_epochs_a_value_gets_in_of_which_nobody_tells() {
    breaks(Variant::NoEpoch, &[BOUND, TOLD]);
}

#[test]
fn without_a_heartbeat_a_silent_peer_has_old_values_served() {
    breaks(Variant::NoHeartbeat, &[BOUND]);
}

#[test]
fn a_bound_that_counts_from_the_answer_is_too_long() {
    breaks(Variant::BoundFromTheAnswer, &[BOUND]);
}

#[test]
fn without_dropping_what_it_wrote_itself_a_process_serves_it() {
    breaks(Variant::OwnWritesNotDropped, &[OWN]);
}
