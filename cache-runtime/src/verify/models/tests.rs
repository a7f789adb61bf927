//! The worlds that are checked. Each is small enough to be seen through, and together they have every kind of step.

use super::checks::{breaks, holds};
use super::promises::*;
use super::*;

/// Two processes, one caller each, that call twice, and one of which crashes.
fn processes() -> World {
    World {
        variant: Variant::Sound,
        callers: &[(0, &[0]), (1, &[0])],
        forced: &[],
        calls: 2,
        changes: &[0],
        invalidations: &[Invalidation::Unlink, Invalidation::Tombstone, Invalidation::Put],
        ages: &[Age::Fresh, Age::Over],
        outcomes: &[Outcome::Value, Outcome::Error],
        crashes: 1,
        expires: true,
        gives_up: false,
        is_prompt: false,
        leases_first: false,
        rounds: None,
        symmetric: true,
    }
}

/// Three callers in one process, that share flights.
fn flights() -> World {
    World {
        callers: &[(0, &[0]), (0, &[0]), (0, &[0])],
        calls: 1,
        invalidations: &[Invalidation::Unlink],
        ages: &[Age::Fresh, Age::IfError],
        outcomes: &[Outcome::Value, Outcome::Error, Outcome::Dropped],
        crashes: 0,
        ..processes()
    }
}

const PAIR: &[(u8, &[Key])] = &[(0, &[0]), (0, &[0])];
/// Those of `flights`, one of them in a process of its own.
const TWO_AND_ONE: &[(u8, &[Key])] = &[(0, &[0]), (0, &[0]), (1, &[0])];

/// Values past their time, refreshed in the background and by callers.
fn refreshes() -> World {
    World { calls: 1, ages: &[Age::Stale, Age::Early, Age::IfError], crashes: 0, ..processes() }
}

/// A function that fails, and is given time to recover.
fn failing() -> World {
    World { ages: &[Age::Rests, Age::IfError], outcomes: &[Outcome::Value, Outcome::Error], ..flights() }
}

/// Values past their time, of rows that vanish: a recomputation gives what is not to be stored.
fn vanishing() -> World {
    World { outcomes: &[Outcome::Value, Outcome::Unstored], ..refreshes() }
}

/// A server that answers late, or not.
fn deadlines() -> World {
    World { outcomes: &[Outcome::Value, Outcome::Error], gives_up: true, ..flights() }
}

/// Two batches of the same keys in different orders, each in its own process.
fn batches() -> World {
    World {
        callers: &[(0, &[0, 1]), (1, &[1, 0])],
        calls: 1,
        invalidations: &[Invalidation::Unlink],
        ages: &[Age::Fresh],
        crashes: 0,
        is_prompt: true,
        rounds: Some(3),
        ..processes()
    }
}

/// Those, and a single call beside one of them. Nothing expires, which frees nobody who waits.
fn batches_and_single() -> World {
    World {
        callers: &[(0, &[0, 1]), (1, &[1, 0]), (0, &[0])],
        rounds: Some(2),
        expires: false,
        outcomes: &[Outcome::Value],
        ..batches()
    }
}

/// Two in one process, sharing flights, some of which end early.
fn flights_of_batches() -> World {
    World {
        callers: &[(0, &[0, 1]), (0, &[1, 0])],
        invalidations: &[Invalidation::Unlink, Invalidation::Tombstone],
        outcomes: &[Outcome::Value, Outcome::Error, Outcome::Dropped],
        ..batches_and_single()
    }
}

/// Two in one process and one in another, of which nobody is freed but by the others.
fn waiting_batches() -> World {
    World { callers: &[(0, &[0, 1]), (0, &[0, 1]), (1, &[1, 0])], changes: &[], ..batches_and_single() }
}

/// Three in one process, of which one goes away, so that another joins its flights at two times; and one in another process.
fn crossed() -> World {
    World {
        callers: &[(0, &[0, 1]), (0, &[1, 0]), (0, &[0]), (1, &[1])],
        outcomes: &[Outcome::Value, Outcome::Dropped],
        ..waiting_batches()
    }
}

/// A server that answers batches late, or not, and callers that do not wait for ever.
fn deadlines_of_batches() -> World {
    World { callers: &[(0, &[0, 1]), (0, &[0])], gives_up: true, ..batches_and_single() }
}

/// A batch whose values are past their time, beside a single call of another process.
fn refreshing_batch() -> World {
    World {
        callers: &[(0, &[0, 1]), (1, &[1])],
        changes: &[1],
        ages: &[Age::Stale, Age::IfError],
        is_prompt: false,
        rounds: None,
        expires: false,
        ..batches()
    }
}

/// A batch within a bypass, of which a key has no value any more, beside another one and a single call.
fn bypass() -> World {
    World {
        callers: &[(0, &[0, 1]), (0, &[1]), (1, &[1])],
        forced: &[0],
        invalidations: &[Invalidation::Unlink, Invalidation::Tombstone],
        changes: &[1],
        outcomes: &[Outcome::Value, Outcome::Unstored],
        ..batches_and_single()
    }
}

/// Calls that expect to find nothing, beside calls that do not.
fn lease_first() -> World {
    World { leases_first: true, ages: &[Age::Fresh], ..flights() }
}

#[test]
fn it_holds_between_processes() {
    holds("two processes, two calls each", processes(), &[SHARED]);
    holds("two processes, two changes", World { calls: 1, changes: &[0, 0], ..processes() }, &[SHARED]);
}

#[test]
fn it_holds_within_a_process() {
    holds("one process, three callers", flights(), &[]);
    holds("a process with two callers and one with one", World { callers: TWO_AND_ONE, ..flights() }, &[]);
}

#[test]
fn it_holds_when_values_are_refreshed() {
    holds("two processes, refreshing", refreshes(), &[SHARED]);
    holds("one process, refreshing", World { callers: PAIR, ..refreshes() }, &[]);
    holds("a batch, refreshing", refreshing_batch(), &[SHARED]);
}

#[test]
fn it_holds_when_a_function_fails() {
    holds("one process, failing", failing(), &[]);
    holds("two processes, failing", World { callers: TWO_AND_ONE, ..failing() }, &[]);
}

#[test]
fn it_holds_when_rows_vanish() {
    holds("two processes, rows that vanish", vanishing(), &[SHARED]);
    holds("one process, rows that vanish", World { callers: PAIR, ..vanishing() }, &[]);
}

#[test]
fn it_holds_when_the_server_is_late() {
    holds("one process, giving up", deadlines(), &[]);
    let two = World { callers: &[(0, &[0]), (1, &[0])], ..deadlines() };
    holds("two processes, giving up", two, &[SHARED]);
    holds("batches, giving up", deadlines_of_batches(), &[]);
}

#[test]
fn it_holds_between_batches() {
    holds("two batches", batches(), &[SHARED]);
    holds("two batches and a single call", batches_and_single(), &[]);
    holds("three batches", waiting_batches(), &[]);
    holds("flights of batches", flights_of_batches(), &[POLLED]);
}

#[test]
fn it_holds_when_a_lease_is_asked_for_in_place_of_a_value() {
    holds("two processes, leases first", World { leases_first: true, calls: 1, ..processes() }, &[SHARED]);
    holds("one process, leases first", World { callers: PAIR, calls: 2, ..lease_first() }, &[]);
    let three = World { callers: TWO_AND_ONE, ..lease_first() };
    holds("a process with two callers and one with one, leases first", three, &[]);
}

#[test]
fn it_holds_when_a_lease_in_place_of_a_value_comes_late() {
    let late = World { callers: PAIR, leases_first: true, ..deadlines() };
    holds("one process, leases first, giving up", late, &[]);
}

#[test]
fn it_holds_within_a_bypass() {
    holds("a batch within a bypass", bypass(), &[SHARED]);
}

/// What breaks without which detail, and in which world.
#[test]
fn each_detail_is_needed() {
    use Variant::*;
    let two_releases = World { changes: &[], crashes: 0, ..processes() };
    let a_batch_fails = World { outcomes: &[Outcome::Error], ..batches_and_single() };
    let one_calls_twice = World { calls: 2, callers: &[(0, &[0])], ..vanishing() };
    let nothing_is_stored =
        World { calls: 2, changes: &[], ages: &[Age::Early], outcomes: &[Outcome::Unstored], ..vanishing() };
    let table: &[(Variant, &[(World, &str)])] = &[
        (NoLease, &[(processes(), NO_OLD_VALUE_STORED)]),
        (NoncePerClient, &[(processes(), NO_OLD_VALUE_STORED)]),
        (
            StoreWithoutCompare,
            &[
                (processes(), NO_OLD_VALUE_STORED),
                (processes(), A_HOLD_HOLDS),
                (batches(), NO_OLD_VALUE_STORED),
                (batches(), NO_OLD_VALUE_SERVED),
            ],
        ),
        (StoreIfAnyIsHeld, &[(batches(), NO_OLD_VALUE_STORED), (batches(), NO_OLD_VALUE_SERVED)]),
        (ReleaseWithoutCompare, &[(two_releases, ONE_HOLDER), (a_batch_fails, ONE_HOLDER)]),
        (RefreshWithoutCompare, &[(refreshes(), NO_OLD_VALUE_STORED)]),
        (OldValueStays, &[(one_calls_twice, NO_REPLACED_VALUE_SERVED), (bypass(), NO_REPLACED_VALUE_SERVED)]),
        (
            RemovalWithoutCompare,
            &[(vanishing(), A_HOLD_HOLDS), (nothing_is_stored, ONE_HOLDER), (bypass(), ONE_HOLDER)],
        ),
        (JoinUnseen, &[(flights(), NO_OLD_VALUE_SERVED), (flights_of_batches(), NO_OLD_VALUE_SERVED)]),
        (FallbackToAllFollowers, &[(flights(), NO_OLD_VALUE_SERVED)]),
        (
            MarkKeptUnanswered,
            &[
                (deadlines(), NO_OLD_VALUE_SERVED),
                (deadlines_of_batches(), NO_OLD_VALUE_SERVED),
                (World { leases_first: true, ..deadlines() }, NO_OLD_VALUE_SERVED),
            ],
        ),
        (TakeUnseen, &[(flights(), NO_OLD_VALUE_SERVED), (flights_of_batches(), NO_OLD_VALUE_SERVED)]),
        (WaitBeforeComputing, &[(batches(), NO_CIRCLE)]),
        (FollowBeforePolling, &[(crossed(), NO_CIRCLE)]),
    ];
    for (variant, worlds) in table {
        for (world, promise) in *worlds {
            // Callers keep their names, for who reads the steps.
            breaks(variant, World { variant: *variant, symmetric: false, ..*world }, promise);
        }
    }
}
