//! What is given where there is a choice.

use super::{
    graph::{Fault, Frame, Graph},
    refusal::Refusal,
    shape::{NodeId, PointId, SlotId},
};

impl Graph {
    pub(super) fn is_wanted(&self, slot: SlotId) -> bool {
        self.wanted.get(slot).copied().unwrap_or(false)
    }

    /// How many of the parts that could be left out are given: one to see them, and again on the way to something
    /// unexplored; otherwise as few as the type takes.
    pub(super) fn count(&self, frame: &Frame, children: &[SlotId], counts: &[usize]) -> usize {
        if children.iter().any(|&child| !self.is_open_to(child)) {
            return 0;
        }
        let chosen = counts[self.choice(frame.point) % counts.len()];
        if frame.recursive {
            return 0;
        }
        let goes_in = |child: &SlotId| !self.slots[*child].made || self.is_wanted(*child);
        if children.iter().any(goes_in) { chosen.max(1) } else { chosen }
    }

    /// Whether a value may be asked for at this place.
    pub(super) fn is_open_to(&self, slot: SlotId) -> bool {
        !self.slots[slot].dead || self.is_wanted(slot)
    }

    /// Which candidate to offer to a type that takes anything.
    pub(super) fn offer(&mut self, frame: &Frame) -> Result<usize, Refusal> {
        let candidate = self.points[frame.point].pick();
        if candidate.is_none() {
            self.die(frame.slot);
        }
        candidate.ok_or(Refusal)
    }

    /// Whether it was taken. Types that keep what they get take everything and refuse it later; those that do not are
    /// treated like leaves.
    pub(super) fn offered(&mut self, frame: &Frame, candidate: usize, taken: bool, visitor: &'static str) {
        let picky = self.points[frame.point].refused.contains(&true);
        if taken && picky {
            self.hints.insert(visitor, candidate);
        }
        if taken || self.fault != Fault::None || self.chosen_since(frame.mark).len() > 1 {
            return;
        }
        if self.learned_names(frame.slot, frame.mark) {
            self.fault = Fault::Retry;
        } else {
            self.answer(frame.slot, frame.point, candidate, false, visitor);
        }
    }

    pub(super) fn name_of_tag(&self, point: PointId, candidate: usize) -> &'static str {
        let tag = self.points[point].tag.as_ref();
        tag.and_then(|tag| tag.names.get(candidate)).copied().unwrap_or("")
    }

    pub(super) fn is_by_name(&self, frame: &Frame) -> bool {
        self.nodes[frame.node].by_name
    }

    /// The fields of a struct that is read by name, without those that turned out to be another name of one.
    pub(super) fn fields_by_name(&self, node: NodeId) -> Vec<&'static str> {
        let node = &self.nodes[node];
        let names = node.names.iter().copied();
        names.filter(|name| !node.skipped.contains(name)).collect()
    }

    /// Which candidate the point stands at, for parts that could be left out.
    pub(super) fn choice(&self, point: PointId) -> usize {
        self.points[point].pick().unwrap_or(0)
    }
}
