use super::{BOUND, Cluster, Variant};
use crate::verify::models::checks;

const CLUSTER: Cluster = Cluster { variant: Variant::Sound, staleness: 1, asks_for_the_slot: true };

/// Looks for a way in which `variant` breaks the promise.
fn breaks(variant: Variant, asks_for_the_slot: bool) {
    checks::breaks(variant, Cluster { variant, asks_for_the_slot, ..CLUSTER }, BOUND);
}

#[test]
fn it_holds_if_the_heartbeat_asks_for_the_slot_that_goes() {
    checks::holds("the tier of a cluster", CLUSTER, &[]);
}

#[test]
fn it_holds_if_the_heartbeat_asks_for_another_slot() {
    let cluster = Cluster { asks_for_the_slot: false, ..CLUSTER };
    checks::holds("the tier of a cluster, another slot", cluster, &[]);
}

#[test]
fn a_ping_is_answered_by_who_has_been_demoted() {
    breaks(Variant::PingAsHeartbeat, true);
}

#[test]
fn without_tenures_what_the_old_owner_gave_stays() {
    breaks(Variant::NoTenures, true);
    breaks(Variant::NoTenures, false);
}

#[test]
fn a_tenure_that_is_read_too_late_is_that_of_the_next_owner() {
    breaks(Variant::TenureAfterTheAnswer, true);
}

#[test]
fn the_word_of_the_owner_alone_is_not_enough() {
    breaks(Variant::MapNotConfirmed, true);
    breaks(Variant::MapNotConfirmed, false);
}

#[test]
fn one_bound_for_all_nodes_is_kept_up_by_any_of_them() {
    breaks(Variant::OneBoundForAllNodes, true);
}

#[test]
fn nobody_tells_of_what_was_asked_for_by_ask() {
    breaks(Variant::KeptFromAsk, true);
}
