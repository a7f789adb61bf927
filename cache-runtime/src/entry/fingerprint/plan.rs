//! Where the next pass is to go.
//!
//! Parts that can be left out are left out once they were seen, which keeps passes short and recursion finite. So what
//! is unexplored behind them has to be gone to on purpose. The ways are those of one breadth-first tree: in a tree no way
//! passes a node twice, so no way leads round and round a recursive type.

use std::collections::VecDeque;

use super::{
    graph::{Graph, ROOT},
    shape::{Kind, NodeId, SlotId, Variant, What},
};

impl Graph {
    /// Marks the ways to everything unexplored. False when there is nothing left.
    pub(super) fn plan(&mut self) -> bool {
        // What is behind dead places comes last: a pass that goes there fails, and learns nothing of what is beside it.
        self.plan_ways(false) || self.plan_ways(true)
    }

    fn plan_ways(&mut self, through_dead: bool) -> bool {
        self.wanted.clear();
        self.wanted.resize(self.slots.len(), false);
        // For each place the node that it is a part of, for each node the place it was reached by.
        let mut parents: Vec<Option<NodeId>> = vec![None; self.slots.len()];
        let mut reached: Vec<Option<SlotId>> = vec![None; self.nodes.len()];
        let mut seen = vec![false; self.slots.len()];
        let mut queue = VecDeque::from([ROOT]);
        seen[ROOT] = true;
        let mut any = false;
        while let Some(slot) = queue.pop_front() {
            if self.slots[slot].dead && !through_dead {
                continue;
            }
            for node in self.nodes_at(slot) {
                if reached[node].is_some() {
                    continue;
                }
                reached[node] = Some(slot);
                if self.is_unexplored(node) {
                    any = true;
                    self.want(slot, &parents, &reached);
                }
                for child in self.parts_of(node) {
                    if !seen[child] {
                        seen[child] = true;
                        parents[child] = Some(node);
                        queue.push_back(child);
                    }
                }
            }
        }
        any
    }

    fn want(&mut self, slot: SlotId, parents: &[Option<NodeId>], reached: &[Option<SlotId>]) {
        let mut next = Some(slot);
        while let Some(slot) = next {
            if self.wanted[slot] {
                return;
            }
            self.wanted[slot] = true;
            next = parents[slot].and_then(|node| reached[node]);
        }
    }

    fn is_unexplored(&self, node: NodeId) -> bool {
        let node = &self.nodes[node];
        match node.kind {
            Kind::Enum => node.variants.iter().any(|variant| self.is_open(*variant)),
            Kind::Option | Kind::Seq | Kind::Map => node.children.iter().any(|&child| {
                let child = &self.slots[child];
                !child.made && !child.dead
            }),
            _ => false,
        }
    }

    /// Whether there is more to learn about a variant. One that led to endless recursion may have an end now.
    pub(super) fn is_open(&self, variant: Variant) -> bool {
        match variant {
            Variant::New => true,
            Variant::Endless(completions) => completions < self.completions,
            Variant::Open | Variant::Done | Variant::Dead => false,
        }
    }

    fn nodes_at(&self, slot: SlotId) -> Vec<NodeId> {
        let shapes = self.slots[slot].shapes.iter();
        shapes
            .filter_map(|shape| match shape.what {
                What::Node(node) => Some(node),
                What::Leaf(_) => None,
            })
            .collect()
    }

    pub(super) fn parts_of(&self, node: NodeId) -> Vec<SlotId> {
        let node = &self.nodes[node];
        let entries = node.entries.iter().map(|entry| entry.1);
        node.children.iter().copied().chain(entries).collect()
    }
}
