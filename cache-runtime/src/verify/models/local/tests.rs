use super::*;
use crate::verify::models::checks::{breaks, holds};

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

/// What breaks without which detail.
#[test]
fn each_detail_is_needed() {
    use Variant::*;
    for (variant, promises) in [
        (NoGenerationGuard, &[BOUND, TOLD, OWN][..]),
        (NoFlushOnReconnect, &[BOUND, TOLD]),
        (UntrackedFill, &[BOUND, TOLD]),
        (NoEpoch, &[BOUND, TOLD]),
        (NoHeartbeat, &[BOUND]),
        (BoundFromTheAnswer, &[BOUND]),
        (OwnWritesNotDropped, &[OWN]),
        (FrontWithoutGeneration, &[TOLD, OWN]),
        (GenerationAfterTheMap, &[TOLD, OWN]),
        (NotRaisedAfterClearing, &[TOLD]),
        (FrontWithoutEnd, &[BOUND]),
    ] {
        for promise in promises {
            breaks(variant, Tier { variant, ..lone_reader() }, promise);
        }
    }
}
