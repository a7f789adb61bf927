//! The tier of a cluster: who vouches for a value, and what each of them costs when he falls silent.

use super::*;

const OTHER: Epoch = epoch(8, 1);
const SLOT: u16 = 77;

/// Two nodes, connected and confirmed.
fn two_nodes() -> Tier {
    let tier = Tier::of_cluster(1 << 20, STALENESS);
    for node in [EPOCH, OTHER] {
        tier.connected(node);
        tier.confirmed(node, Moment::now());
    }
    tier.owners_confirmed(Moment::now());
    tier
}

/// Read from the node, under the tenure that its slot has now.
fn keep(tier: &Tier, key: &str, from: Epoch, slot: u16) {
    let from = Epoch { tenure: tier.tenure(slot), ..from };
    tier.admit(tier.guard(key), key, Arrival { epoch: from, ..arrival() }, 1_u64);
}

/// With the value 1 at `a` from one node, and at `b` from the other.
fn with_both() -> Tier {
    let tier = two_nodes();
    keep(&tier, "a", EPOCH, SLOT);
    keep(&tier, "b", OTHER, SLOT + 1);
    assert_eq!(both(&tier), (Some(1), Some(1)));
    tier
}

fn both(tier: &Tier) -> (Option<u64>, Option<u64>) {
    (get(tier, "a"), get(tier, "b"))
}

#[test]
fn a_node_that_ends_takes_its_own_values_along() {
    let tier = with_both();
    tier.ended(EPOCH);
    assert_eq!(both(&tier), (None, Some(1)));
    // Also when there is a connection again.
    tier.connected(epoch(9, 0));
    tier.confirmed(epoch(9, 0), Moment::now());
    assert_eq!(both(&tier), (None, Some(1)));
    keep(&tier, "a", epoch(9, 0), SLOT);
    assert_eq!(both(&tier), (Some(1), Some(1)));
    assert_eq!(tier.stats().dropped, 1);
}

/// They are neither served nor sought: they make room as others come.
#[test]
fn what_is_served_no_longer_counts_until_something_takes_its_place() {
    let tier = with_both();
    tier.ended(EPOCH);
    tier.changed_hands(SLOT + 1);
    assert_eq!((both(&tier), tier.stats().entries), ((None, None), 2));
    // Read again, from whoever has it now.
    keep(&tier, "a", OTHER, SLOT);
    assert_eq!((both(&tier), tier.stats().entries), ((Some(1), None), 2));
    tier.changed(b"b");
    assert_eq!((both(&tier), tier.stats().entries), ((Some(1), None), 1));
}

#[test]
fn a_node_that_is_emptied_drops_its_own_values() {
    let tier = with_both();
    tier.all_changed(OTHER);
    assert_eq!(both(&tier), (Some(1), None));
    keep(&tier, "b", OTHER, SLOT + 1);
    assert_eq!(both(&tier), (Some(1), Some(1)));
}

#[test]
fn each_node_has_its_own_bound() {
    let tier = with_both();
    tier.confirmed(EPOCH, ago(STALENESS));
    assert_eq!(both(&tier), (None, Some(1)));
    assert!(tier.stats().serving);
    tier.confirmed(OTHER, ago(STALENESS));
    assert!(!tier.stats().serving);
    tier.confirmed(EPOCH, Moment::now());
    assert_eq!(both(&tier), (Some(1), None));
}

#[test]
fn a_slot_that_changes_hands_drops_its_own_values() {
    let tier = with_both();
    tier.changed_hands(SLOT);
    assert_eq!(both(&tier), (None, Some(1)));
    keep(&tier, "a", OTHER, SLOT);
    assert_eq!(both(&tier), (Some(1), Some(1)));
    // What was read before is not let in after: it says under which tenure.
    let before = Epoch { tenure: tier.tenure(SLOT), ..EPOCH };
    tier.changed_hands(SLOT);
    tier.admit(tier.guard("a"), "a", Arrival { epoch: before, ..arrival() }, 1_u64);
    assert_eq!(both(&tier), (None, Some(1)));
}

#[test]
fn nothing_is_served_if_nobody_knows_who_owns_it() {
    let tier = with_both();
    tier.owners_confirmed(ago(STALENESS));
    assert_eq!((both(&tier), tier.stats().serving), ((None, None), false));
    tier.owners_confirmed(Moment::now());
    assert_eq!((both(&tier), tier.stats().serving), ((Some(1), Some(1)), true));
    let new = Tier::of_cluster(1 << 20, STALENESS);
    new.connected(EPOCH);
    new.confirmed(EPOCH, Moment::now());
    keep(&new, "a", EPOCH, SLOT);
    assert_eq!(get(&new, "a"), None);
}

/// Those over an `ASKING` connection, and those of more nodes than a cluster is made for.
#[test]
fn what_nobody_tells_of_is_not_let_in() {
    let tier = two_nodes();
    let many = epoch(1, u16::MAX);
    tier.connected(many);
    tier.confirmed(many, Moment::now());
    tier.all_changed(many);
    for nobody in [Epoch::default(), many, epoch(0, 5)] {
        keep(&tier, "a", nobody, SLOT);
        assert_eq!(tier.stats().entries, 0);
    }
}
