use super::{BOUND, Cluster, Variant};
use crate::verify::models::checks::{breaks, holds};

const CLUSTER: Cluster = Cluster { variant: Variant::Sound, staleness: 1, asks_for_the_slot: true };

#[test]
fn it_holds_whichever_slot_the_heartbeat_asks_for() {
    holds("the tier of a cluster", CLUSTER, &[]);
    let cluster = Cluster { asks_for_the_slot: false, ..CLUSTER };
    holds("the tier of a cluster, another slot", cluster, &[]);
}

/// What breaks without which detail, if the heartbeat asks for the slot that goes, or for another.
#[test]
fn each_detail_is_needed() {
    use Variant::*;
    for (variant, asks_for_the_slot) in [
        (PingAsHeartbeat, true),
        (NoTenures, true),
        (NoTenures, false),
        (TenureAfterTheAnswer, true),
        (MapNotConfirmed, true),
        (MapNotConfirmed, false),
        (OneBoundForAllNodes, true),
        (KeptFromAsk, true),
    ] {
        breaks(variant, Cluster { variant, asks_for_the_slot, ..CLUSTER }, BOUND);
    }
}
