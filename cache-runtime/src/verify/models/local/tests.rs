use super::*;
use crate::verify::models::checks;
use crate::verify::models::checks::holds;

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

/// Looks for a way in which `variant` breaks each of `promises`.
fn breaks(variant: Variant, promises: &[&'static str]) {
    for promise in promises {
        checks::breaks(variant, Tier { variant, ..lone_reader() }, promise);
    }
}

#[test]
fn it_holds_with_one_reader_and_connections_that_end() {
    holds("the tier, one reader", lone_reader(), &[AGAIN]);
}

#[test]
fn it_holds_with_two_readers() {
    holds("the tier, two readers", two_readers(), &[OF_AN_OLD_EPOCH, AGAIN]);
}

#[test]
fn it_holds_with_two_readers_and_connections_that_end() {
    holds("the tier, two readers and connections", two_readers_and_connections(), &[]);
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
