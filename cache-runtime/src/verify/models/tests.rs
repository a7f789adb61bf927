//! The worlds that are checked. Each is small enough to be seen through, and together they have every kind of step.

use super::checks::holds;
use super::*;

/// Two processes, one caller each, that call twice, and one of which crashes.
fn processes() -> Protocol {
    Protocol {
        variant: Variant::Sound,
        callers: &[0, 1],
        calls: 2,
        changes: 1,
        invalidations: &[Invalidation::Unlink, Invalidation::Tombstone, Invalidation::Put],
        ages: &[Age::Fresh, Age::Over],
        outcomes: &[Outcome::Value, Outcome::Error],
        crashes: 1,
        gives_up: false,
        symmetric: true,
    }
}

/// Three callers in one process, that share flights.
fn flights() -> Protocol {
    Protocol {
        callers: &[0, 0, 0],
        calls: 1,
        invalidations: &[Invalidation::Unlink],
        ages: &[Age::Fresh, Age::IfError],
        outcomes: &[Outcome::Value, Outcome::Error, Outcome::Dropped],
        crashes: 0,
        ..processes()
    }
}

/// Values past their time, refreshed in the background and by callers.
fn refreshes() -> Protocol {
    Protocol { calls: 1, ages: &[Age::Stale, Age::Early, Age::IfError], crashes: 0, ..processes() }
}

/// A function that fails, and is given time to recover.
fn failing() -> Protocol {
    Protocol { ages: &[Age::Rests, Age::IfError], outcomes: &[Outcome::Value, Outcome::Error], ..flights() }
}

/// Values past their time, of rows that vanish: a recomputation gives what is not to be stored.
fn vanishing() -> Protocol {
    Protocol { outcomes: &[Outcome::Value, Outcome::Unstored], ..refreshes() }
}

/// A server that answers late, or not.
fn deadlines() -> Protocol {
    Protocol { outcomes: &[Outcome::Value, Outcome::Error], gives_up: true, ..flights() }
}

/// Looks for a way in which `variant` breaks `promise`. Callers keep their names, for who reads the steps.
fn breaks(variant: Variant, world: Protocol, promise: &'static str) {
    checks::breaks(variant, Protocol { variant, symmetric: false, ..world }, promise);
}

#[test]
fn it_holds_between_processes() {
    holds("two processes, two calls each", processes(), &[SHARED, REFRESHED]);
    holds(
        "two processes, two changes",
        Protocol { calls: 1, changes: 2, ..processes() },
        &[SHARED, REFRESHED],
    );
}

#[test]
fn it_holds_within_a_process() {
    holds("one process, three callers", flights(), &[TAKEN_OVER]);
    holds(
        "a process with two callers and one with one",
        Protocol { callers: &[0, 0, 1], ..flights() },
        &[TAKEN_OVER],
    );
}

#[test]
fn it_holds_when_values_are_refreshed() {
    holds("two processes, refreshing", refreshes(), &[SHARED, TAKEN_OVER]);
    holds("one process, refreshing", Protocol { callers: &[0, 0], ..refreshes() }, &[TAKEN_OVER]);
}

#[test]
fn it_holds_when_a_function_fails() {
    holds("one process, failing", failing(), &[TAKEN_OVER]);
    holds("two processes, failing", Protocol { callers: &[0, 0, 1], ..failing() }, &[TAKEN_OVER]);
}

#[test]
fn it_holds_when_rows_vanish() {
    holds("two processes, rows that vanish", vanishing(), &[SHARED, TAKEN_OVER]);
    holds("one process, rows that vanish", Protocol { callers: &[0, 0], ..vanishing() }, &[TAKEN_OVER]);
}

#[test]
fn it_holds_when_the_server_is_late() {
    holds("one process, giving up", deadlines(), &[TAKEN_OVER]);
    holds("two processes, giving up", Protocol { callers: &[0, 1], ..deadlines() }, &[SHARED, TAKEN_OVER]);
}

#[test]
fn without_a_lease_an_old_value_is_stored() {
    breaks(Variant::NoLease, processes(), NO_OLD_VALUE_STORED);
}

#[test]
fn with_a_nonce_per_client_an_old_value_is_stored() {
    breaks(Variant::NoncePerClient, processes(), NO_OLD_VALUE_STORED);
}

#[test]
fn a_store_that_does_not_compare_stores_an_old_value() {
    breaks(Variant::StoreWithoutCompare, processes(), NO_OLD_VALUE_STORED);
    breaks(Variant::StoreWithoutCompare, processes(), A_HOLD_HOLDS);
}

#[test]
fn a_release_that_does_not_compare_lets_two_compute() {
    breaks(Variant::ReleaseWithoutCompare, Protocol { changes: 0, crashes: 0, ..processes() }, ONE_HOLDER);
}

#[test]
fn a_refresh_that_does_not_compare_stores_an_old_value() {
    breaks(Variant::RefreshWithoutCompare, refreshes(), NO_OLD_VALUE_STORED);
}

#[test]
fn an_old_value_that_stays_is_served_again() {
    let twice = Protocol { calls: 2, callers: &[0], ..vanishing() };
    breaks(Variant::OldValueStays, twice, NO_REPLACED_VALUE_SERVED);
}

#[test]
fn a_removal_that_does_not_compare_takes_what_is_not_its_own() {
    breaks(Variant::RemovalWithoutCompare, vanishing(), A_HOLD_HOLDS);
    let small =
        Protocol { calls: 2, changes: 0, ages: &[Age::Early], outcomes: &[Outcome::Unstored], ..vanishing() };
    breaks(Variant::RemovalWithoutCompare, small, ONE_HOLDER);
}

#[test]
fn a_flight_joined_unseen_hands_over_an_old_value() {
    breaks(Variant::JoinUnseen, flights(), NO_OLD_VALUE_SERVED);
}

#[test]
fn a_fallback_for_all_followers_hands_over_an_old_value() {
    breaks(Variant::FallbackToAllFollowers, flights(), NO_OLD_VALUE_SERVED);
}

#[test]
fn a_mark_kept_after_giving_up_hands_over_an_old_value() {
    breaks(Variant::MarkKeptAfterGivingUp, deadlines(), NO_OLD_VALUE_SERVED);
}

#[test]
fn a_value_on_its_way_given_unseen_is_old() {
    breaks(Variant::TakeUnseen, flights(), NO_OLD_VALUE_SERVED);
}
