//! The nodes of a cluster, as this process knows them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use super::cluster::{ClusterConfig, ClusterWatch};
use super::replicas::ReplicaSet;
use super::slots::{OwnedSlots, SlotTable};
use super::takeovers::{LastOwners, TakenOver};
use crate::error::{Error, ErrorKind};
use crate::store::redis::node::Node;
use crate::store::redis::redirect::NodeAddress;
use crate::store::redis::route::{SLOTS, Slot};
use crate::util::locks::{lock, read, write};

/// How long a node is kept that owns no slot. One that answers to a redirection may own its first soon.
const KEPT: Duration = Duration::from_secs(60);

/// Who owns which slot. Nodes are made when they are heard of, and connect when they are asked.
pub(crate) struct Members {
    config: Arc<ClusterConfig>,
    /// Who is told when slots change hands, if anybody.
    watch: Option<ClusterWatch>,
    owners: SlotTable,
    changes: AtomicU64,
    nodes: RwLock<Nodes>,
    last_owners: Mutex<LastOwners>,
}

/// By index. The index of a node that is gone is given to another one; who still has it in mind is redirected there.
#[derive(Default)]
struct Nodes {
    all: Vec<Option<Member>>,
    by_address: HashMap<NodeAddress, u16>,
}

impl Nodes {
    fn node(&self, index: u16) -> Option<&Arc<Node>> {
        Some(&self.all.get(usize::from(index))?.as_ref()?.node)
    }
}

struct Member {
    node: Arc<Node>,
    address: NodeAddress,
    replicas: Arc<ReplicaSet>,
    owns_slots: bool,
    /// When it was last heard of.
    heard_of: Instant,
}

impl Members {
    pub(crate) fn new(config: &Arc<ClusterConfig>, watch: Option<ClusterWatch>) -> Self {
        Self {
            config: Arc::clone(config),
            watch,
            owners: SlotTable::new(),
            changes: AtomicU64::new(0),
            nodes: RwLock::default(),
            last_owners: Mutex::new(LastOwners::new()),
        }
    }

    /// The owner of a slot, if one is known.
    pub(crate) fn owner(&self, slot: Slot) -> Option<Arc<Node>> {
        let index = self.owners.owner(slot)?;
        read(&self.nodes).node(index).map(Arc::clone)
    }

    /// The same, and `None` if that would be to wait for somebody who changes the nodes.
    #[inline]
    pub(crate) fn owner_at_once(&self, slot: Slot) -> Option<Arc<Node>> {
        let index = self.owners.owner(slot)?;
        self.nodes.try_read().ok()?.node(index).map(Arc::clone)
    }

    /// The replicas of a slot's owner.
    pub(crate) fn replicas(&self, slot: Slot) -> Option<Arc<ReplicaSet>> {
        let index = self.owners.owner(slot)?;
        let nodes = read(&self.nodes);
        Some(Arc::clone(&nodes.all.get(usize::from(index))?.as_ref()?.replicas))
    }

    /// All nodes that own slots.
    pub(crate) fn primaries(&self) -> Vec<Arc<Node>> {
        let nodes = read(&self.nodes);
        let primaries = nodes.all.iter().flatten().filter(|member| member.owns_slots);
        primaries.map(|member| Arc::clone(&member.node)).collect()
    }

    /// The node that is being given a slot, as the owner says.
    pub(crate) fn asked(&self, to: &NodeAddress) -> Result<Arc<Node>, Error> {
        Ok(self.member(to)?.1)
    }

    /// Grows whenever a slot gets another owner.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Another node owns the slot, as its former owner says.
    pub(crate) fn moved(&self, slot: Slot, to: &NodeAddress) -> Result<Arc<Node>, Error> {
        let (index, node) = self.member(to)?;
        if self.owners.owner(slot) != Some(index) {
            // It may be a failover, of which the former owner knows, so that nothing more is acknowledged there.
            self.config.node.takeovers.may_have_happened(&|key| Slot::of(key) == slot);
            self.set_owners(slot.number()..slot.number() + 1, Some(index));
        }
        if let Some(Some(member)) = write(&self.nodes).all.get_mut(usize::from(index)) {
            member.owns_slots = true;
        }
        Ok(node)
    }

    /// Takes a whole map over. Slots that it does not name have no owner.
    pub(crate) fn update(&self, map: &[OwnedSlots]) -> Result<(), Error> {
        let mut owners = Vec::with_capacity(map.len());
        for owned in map {
            owners.push(owned.owner.as_ref().map(|address| self.member(address)).transpose()?);
        }
        let owners: Vec<Option<u16>> =
            owners.into_iter().map(|owner| owner.map(|(index, _)| index)).collect();
        let taken = lock(&self.last_owners).update(map);
        if taken.is_empty() {
            self.set_map(map, &owners);
        } else {
            let concerns = |key: &[u8]| taken.contains(Slot::of(key));
            let takeovers = &self.config.node.takeovers;
            takeovers.happens(self.lost(&taken), &concerns, || self.set_map(map, &owners));
        }
        for owned in map {
            // Each row of an owner names all of its replicas.
            if let Some(set) = Slot::new(*owned.slots.start()).and_then(|slot| self.replicas(slot)) {
                set.update(&owned.replicas, |address| self.config.replica(address))?;
            }
        }
        self.tidy(&owners.into_iter().flatten().collect::<Vec<_>>());
        Ok(())
    }

    fn set_map(&self, map: &[OwnedSlots], owners: &[Option<u16>]) {
        let mut next = 0;
        for (OwnedSlots { slots, .. }, owner) in map.iter().zip(owners) {
            self.set_owners(next..*slots.start(), None);
            self.set_owners(*slots.start()..slots.end() + 1, *owner);
            next = slots.end() + 1;
        }
        self.set_owners(next..SLOTS, None);
    }

    /// When the first of the nodes was lost that owned these slots.
    fn lost(&self, taken: &TakenOver) -> Instant {
        let nodes = read(&self.nodes);
        let indices = taken.from.iter().filter_map(|address| nodes.by_address.get(address));
        let from: Vec<Arc<Node>> = indices.filter_map(|index| nodes.node(*index).map(Arc::clone)).collect();
        drop(nodes);
        from.iter().filter_map(|node| node.lost()).min().unwrap_or_else(Instant::now)
    }

    /// Notes that somebody else names other owners than are known: what was read from these may be out of date.
    pub(crate) fn doubt(&self, map: &[OwnedSlots]) {
        let Some(ClusterWatch { listener, .. }) = &self.watch else { return };
        let nodes = read(&self.nodes);
        let mut named = vec![None; usize::from(SLOTS)];
        for OwnedSlots { slots, owner, .. } in map {
            let owner = owner.as_ref().and_then(|address| nodes.by_address.get(address).copied());
            slots.clone().for_each(|slot| named[usize::from(slot)] = owner);
        }
        for (slot, owner) in (0..SLOTS).filter_map(Slot::new).zip(named) {
            if self.owners.owner(slot) != owner {
                listener.changed_hands(slot.number());
            }
        }
    }

    fn set_owners(&self, slots: std::ops::Range<u16>, owner: Option<u16>) {
        let mut changed = 0;
        for slot in slots.filter_map(Slot::new).filter(|slot| self.owners.set_owner(*slot, owner)) {
            changed += 1;
            if let Some(watch) = &self.watch {
                watch.listener.changed_hands(slot.number());
            }
        }
        if changed > 0 {
            self.changes.fetch_add(changed, Ordering::Relaxed);
        }
    }

    /// Notes which nodes own slots, and drops those that nobody has spoken of for a while.
    fn tidy(&self, owners: &[u16]) {
        let mut gone = Vec::new();
        let mut nodes = write(&self.nodes);
        let Nodes { all, by_address } = &mut *nodes;
        for (entry, index) in all.iter_mut().zip(0..) {
            let Some(member) = entry else { continue };
            member.owns_slots = owners.contains(&index);
            if member.owns_slots {
                member.heard_of = Instant::now();
            } else if member.heard_of.elapsed() > KEPT {
                by_address.remove(&member.address);
                gone.extend(entry.take());
            }
        }
        // Outside of the lock, because that ends its connections.
        drop(nodes);
    }

    fn member(&self, address: &NodeAddress) -> Result<(u16, Arc<Node>), Error> {
        let known = |nodes: &Nodes| {
            let index = *nodes.by_address.get(address)?;
            let member = nodes.all.get(usize::from(index))?.as_ref()?;
            Some((index, Arc::clone(&member.node)))
        };
        if let Some(known) = known(&read(&self.nodes)) {
            return Ok(known);
        }
        let mut node = self.config.node(address)?;
        let mut nodes = write(&self.nodes);
        // Another task may have been faster.
        if let Some(known) = known(&nodes) {
            return Ok(known);
        }
        let free = nodes.all.iter().position(Option::is_none).unwrap_or(nodes.all.len());
        let index = u16::try_from(free).ok().filter(|index| *index < SLOTS);
        let index = index.ok_or_else(|| {
            Error::new(ErrorKind::Server, "cannot use the cluster: it names more nodes than there are slots")
        })?;
        if let Some(ClusterWatch { listener, heartbeat, wishes }) = &self.watch {
            node.watched_as_owner(Arc::clone(listener), *heartbeat, index, wishes);
        }
        let node = Arc::new(node);
        let member = Member {
            node: Arc::clone(&node),
            address: address.clone(),
            replicas: Arc::new(ReplicaSet::of(&node)),
            owns_slots: false,
            heard_of: Instant::now(),
        };
        if free == nodes.all.len() {
            nodes.all.push(Some(member));
        } else {
            nodes.all[free] = Some(member);
        }
        nodes.by_address.insert(address.clone(), index);
        Ok((index, node))
    }
}
