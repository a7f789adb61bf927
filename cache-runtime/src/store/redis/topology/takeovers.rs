//! Which slots a node has taken over from another by a failover, by what the cluster says from time to time.
//!
//! A node that hands slots over, by migration, keeps others, and its keys go with them. One that owns nothing any more was replaced, or has
//! handed its last slot over: to take that for a failover does no harm.

use crate::store::redis::redirect::NodeAddress;
use crate::store::redis::route::{SLOTS, Slot};
use crate::store::redis::topology::slots::OwnedSlots;

/// Who owned each slot last.
pub(super) struct LastOwners {
    /// All that ever were, by index.
    addresses: Vec<NodeAddress>,
    /// The index of each slot's last owner.
    slots: Box<[Option<u16>]>,
}

/// Slots with another owner, and who owned them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TakenOver {
    /// In order.
    slots: Vec<u16>,
    pub(super) from: Vec<NodeAddress>,
}

impl LastOwners {
    pub(super) fn new() -> Self {
        Self { addresses: Vec::new(), slots: vec![None; usize::from(SLOTS)].into() }
    }

    /// Takes a whole map over, and says what it shows to have been taken over. A slot that nobody owns keeps its last owner.
    pub(super) fn update(&mut self, map: &[OwnedSlots]) -> TakenOver {
        let owners: Vec<Option<u16>> =
            map.iter().map(|owned| owned.owner.as_ref().and_then(|owner| self.index(owner))).collect();
        let (mut taken, mut from) = (Vec::new(), Vec::new());
        for (owned, owner) in map.iter().zip(&owners) {
            let Some(owner) = *owner else { continue };
            for slot in owned.slots.clone() {
                let Some(last) = self.slots.get_mut(usize::from(slot)) else { continue };
                let former = last.replace(owner);
                if let Some(former) = former.filter(|_| former != Some(owner) && !owners.contains(&former)) {
                    taken.push(slot);
                    if !from.contains(&former) {
                        from.push(former);
                    }
                }
            }
        }
        let address = |index: u16| self.addresses.get(usize::from(index)).cloned();
        TakenOver { slots: taken, from: from.into_iter().filter_map(address).collect() }
    }

    fn index(&mut self, owner: &NodeAddress) -> Option<u16> {
        let known = self.addresses.iter().position(|address| address == owner);
        let index = known.unwrap_or_else(|| {
            self.addresses.push(owner.clone());
            self.addresses.len() - 1
        });
        u16::try_from(index).ok()
    }
}

impl TakenOver {
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn contains(&self, slot: Slot) -> bool {
        self.slots.binary_search(&slot.number()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use super::*;

    fn map(owned: &[(RangeInclusive<u16>, Option<&str>)]) -> Vec<OwnedSlots> {
        let owner = |host: &&str| NodeAddress::new(host, 1).expect("an address");
        let owned = owned.iter();
        owned
            .map(|(slots, host)| OwnedSlots {
                slots: slots.clone(),
                owner: host.as_ref().map(owner),
                replicas: Vec::new(),
            })
            .collect()
    }

    fn taken(slots: RangeInclusive<u16>, from: &str) -> TakenOver {
        TakenOver { slots: slots.collect(), from: vec![NodeAddress::new(from, 1).expect("an address")] }
    }

    #[test]
    fn a_node_that_owns_nothing_any_more_was_replaced() {
        let mut owners = LastOwners::new();
        let nothing = TakenOver::default();
        assert_eq!(
            owners.update(&map(&[(0..=99, Some("a")), (100..=199, Some("b"))])),
            nothing,
            "the first map"
        );
        assert_eq!(
            owners.update(&map(&[(0..=89, Some("a")), (90..=199, Some("b"))])),
            nothing,
            "a migration"
        );
        let failover = map(&[(0..=89, Some("a")), (90..=199, Some("c"))]);
        assert_eq!(owners.update(&failover), taken(90..=199, "b"));
        assert_eq!(owners.update(&failover), nothing);
        // It is away for a while, and another one takes over.
        assert_eq!(owners.update(&map(&[(0..=89, None), (90..=199, Some("c"))])), nothing);
        assert_eq!(owners.update(&map(&[(90..=199, Some("c"))])), nothing);
        let after = map(&[(0..=89, Some("d")), (90..=199, Some("c"))]);
        let found = owners.update(&after);
        assert!(
            found.contains(Slot::new(0).expect("a slot")) && !found.contains(Slot::new(90).expect("a slot"))
        );
        assert_eq!(found, taken(0..=89, "a"));
        // And back.
        assert_eq!(owners.update(&failover), taken(0..=89, "d"));
    }
}
