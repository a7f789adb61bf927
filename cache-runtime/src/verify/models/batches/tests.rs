//! The worlds that are checked. Each is small enough to be seen through, and together they have every kind of step.

use super::*;
use crate::verify::models::checks;
use crate::verify::models::checks::holds;

/// Two batches of the same keys in different orders, each in its own process.
fn processes() -> World {
    World {
        variant: Variant::Sound,
        callers: &[(0, &[0, 1]), (1, &[1, 0])],
        fresh: &[],
        rounds: 3,
        changes: &[0],
        invalidations: &[None],
        expires: true,
        outcomes: &[Outcome::Values, Outcome::Error],
        gives_up: false,
    }
}

/// Those, and a single call beside one of them. Nothing expires, which frees nobody who waits.
fn single() -> World {
    World {
        callers: &[(0, &[0, 1]), (1, &[1, 0]), (0, &[0])],
        rounds: 2,
        expires: false,
        outcomes: &[Outcome::Values],
        ..processes()
    }
}

/// Two in one process, sharing flights, some of which end early.
fn flights() -> World {
    World {
        callers: &[(0, &[0, 1]), (0, &[1, 0])],
        invalidations: &[None, Some(Content::Tombstone)],
        outcomes: &[Outcome::Values, Outcome::Error, Outcome::Dropped],
        ..single()
    }
}

/// Two in one process and one in another, of which nobody is freed but by the others.
fn rounds() -> World {
    World {
        callers: &[(0, &[0, 1]), (0, &[0, 1]), (1, &[1, 0])],
        changes: &[],
        outcomes: &[Outcome::Values],
        ..single()
    }
}

/// Three in one process, of which one goes away, so that another joins its flights at two times; and one in another process.
fn crossed() -> World {
    World {
        callers: &[(0, &[0, 1]), (0, &[1, 0]), (0, &[0]), (1, &[1])],
        outcomes: &[Outcome::Values, Outcome::Dropped],
        ..rounds()
    }
}

/// A server that answers late, or not, and callers that do not wait for ever.
fn deadlines() -> World {
    World { callers: &[(0, &[0, 1]), (0, &[0])], gives_up: true, ..single() }
}

/// A batch within a bypass, of which a key has no value any more, beside another one and a single call.
fn fresh() -> World {
    World {
        callers: &[(0, &[0, 1]), (0, &[1]), (1, &[1])],
        fresh: &[0],
        invalidations: &[None, Some(Content::Tombstone)],
        changes: &[1],
        outcomes: &[Outcome::Values, Outcome::Partly],
        ..single()
    }
}

/// Looks for a way in which `variant` breaks `promise`.
fn breaks(variant: Variant, world: World, promise: &'static str) {
    checks::breaks(variant, World { variant, ..world }, promise);
}

#[test]
fn it_holds_between_processes() {
    holds("two batches", processes(), &[SHARED]);
}

#[test]
fn it_holds_beside_a_single_call() {
    holds("two batches and a single call", single(), &[]);
}

#[test]
fn it_holds_within_a_process() {
    holds("flights of batches", flights(), &[]);
}

#[test]
fn it_holds_when_the_server_is_late() {
    holds("late answers", deadlines(), &[]);
}

#[test]
fn it_holds_within_a_bypass() {
    holds("a batch within a bypass", fresh(), &[SHARED]);
}

#[test]
fn an_old_value_that_stays_is_served_again() {
    breaks(Variant::OldValueStays, fresh(), NO_OLD_VALUE_SERVED);
}

#[test]
fn a_removal_that_does_not_compare_lets_two_compute() {
    breaks(Variant::RemovalWithoutCompare, fresh(), ONE_HOLDER);
}

#[test]
fn a_batch_that_is_stored_whole_stores_an_old_value() {
    breaks(Variant::StoreIfAnyIsHeld, processes(), NO_OLD_VALUE_STORED);
    breaks(Variant::StoreIfAnyIsHeld, processes(), NO_OLD_VALUE_SERVED);
}

#[test]
fn a_batch_that_is_stored_without_comparing_stores_an_old_value() {
    breaks(Variant::StoreWithoutCompare, processes(), NO_OLD_VALUE_STORED);
    breaks(Variant::StoreWithoutCompare, processes(), NO_OLD_VALUE_SERVED);
}

#[test]
fn a_release_that_does_not_compare_lets_two_compute() {
    let outcomes = &[Outcome::Error];
    breaks(Variant::ReleaseWithoutCompare, World { outcomes, ..single() }, ONE_HOLDER);
}

#[test]
fn batches_that_follow_before_they_poll_wait_in_a_circle() {
    breaks(Variant::FollowBeforePolling, crossed(), NO_CIRCLE);
}

#[test]
fn it_holds_when_batches_wait_for_each_other() {
    holds("three batches", rounds(), &[]);
}

#[test]
fn two_batches_that_wait_before_they_compute_wait_in_a_circle() {
    breaks(Variant::WaitBeforeComputing, processes(), NO_CIRCLE);
}

#[test]
fn a_flight_joined_unseen_hands_over_an_old_value() {
    breaks(Variant::JoinUnseen, flights(), NO_OLD_VALUE_SERVED);
}

#[test]
fn a_mark_kept_without_an_answer_hands_over_an_old_value() {
    breaks(Variant::MarkKeptUnanswered, deadlines(), NO_OLD_VALUE_SERVED);
}

#[test]
fn a_value_on_its_way_given_unseen_is_old() {
    breaks(Variant::TakeUnseen, flights(), NO_OLD_VALUE_SERVED);
}
