//! What becomes of a refusal.
//!
//! Each frame that a failing pass leaves looks at why it fails. The innermost that can change something does; those that
//! can do without the part that failed will; and a place for which nothing is left to try is dead.

use super::{
    graph::{Fault, Frame, Graph, Mark, ROOT},
    refusal,
    search::{Part, Search},
    shape::{Kind, PointId, SlotId},
};

/// Choices that a search varies: the last ones made.
const MAX_PARTS: usize = 128;

impl Graph {
    pub(super) fn die(&mut self, slot: SlotId) {
        self.progress |= !self.slots[slot].dead;
        self.slots[slot].dead = true;
        self.fault = Fault::Dead;
    }

    /// A compound was visited.
    pub(super) fn close(&mut self, frame: &Frame, taken: bool) {
        let node = &mut self.nodes[frame.node];
        node.open = node.open.saturating_sub(1);
        if taken {
            return;
        }
        match self.fault {
            Fault::None if self.misses_a_field(frame) => self.die(frame.slot),
            Fault::None => self.refused(frame.slot, frame.mark),
            Fault::Dead => self.lacks_a_part(frame),
            Fault::Deep => self.is_too_deep(frame),
            Fault::Retry | Fault::Stop => {}
        }
        let node = &mut self.nodes[frame.node];
        if self.fault == Fault::Dead && node.kind == Kind::Struct && !node.by_name {
            // By name, fields can be left out: those that have no value, so that the others are still seen. And some
            // types are written for maps only.
            node.by_name = true;
            let slot = &mut self.slots[frame.slot];
            slot.dead = false;
            slot.search = None;
            self.progress = true;
            self.fault = Fault::Retry;
        }
    }

    fn lacks_a_part(&mut self, frame: &Frame) {
        match self.nodes[frame.node].kind {
            Kind::Option | Kind::Seq | Kind::Map | Kind::Any => self.fault = Fault::Retry,
            Kind::Struct if self.nodes[frame.node].by_name => self.fault = Fault::Retry,
            // The enum's own access has looked at its other variants.
            _ => self.die(frame.slot),
        }
    }

    /// All that can be seen of a struct was seen, and a field that has no value was left out.
    fn misses_a_field(&self, frame: &Frame) -> bool {
        let node = &self.nodes[frame.node];
        let learning = self.learned + self.completions > frame.mark.learned;
        node.by_name && !learning && node.entries.iter().any(|entry| self.slots[entry.1].dead)
    }

    fn is_too_deep(&mut self, frame: &Frame) {
        if !matches!(self.nodes[frame.node].kind, Kind::Option | Kind::Seq | Kind::Map) {
            return;
        }
        for index in 0..self.nodes[frame.node].children.len() {
            let child = self.nodes[frame.node].children[index];
            self.die(child);
        }
        self.fault = Fault::Retry;
    }

    /// A part was handed out, and its type is done with it.
    pub(super) fn handed_back(&mut self, slot: SlotId, mark: Mark, taken: bool) {
        self.keep_notes(slot, mark);
        if taken && !self.slots[slot].made {
            self.slots[slot].made = true;
            self.progress = true;
        }
        if !taken && self.fault == Fault::None {
            self.refused(slot, mark);
        }
    }

    /// The type refused what was made for this place out of parts that were all taken: change one of them.
    pub(super) fn refused(&mut self, slot: SlotId, mark: Mark) {
        self.fault = Fault::Retry;
        if self.learned + self.completions > mark.learned {
            // Not in the middle of exploring: the next pass has other parts.
            return;
        }
        if self.learned_names(slot, mark) {
            self.progress = true;
            return;
        }
        let mut search = match self.slots[slot].search.take() {
            Some(search) => search,
            None => Box::new(Search::new(self.parts(mark))),
        };
        let choices = search.next();
        self.slots[slot].search = Some(search);
        match choices {
            Some(choices) => {
                self.progress = true;
                for (point, choice) in choices {
                    self.points[point].choice = choice;
                }
            }
            None if self.learned_names_inside(slot, mark) => self.start_over(slot),
            None if self.give_up_tag(mark) => self.progress = true,
            None => self.die(slot),
        }
    }

    /// Forgets a search that was in vain, for another with more parts.
    fn start_over(&mut self, slot: SlotId) {
        self.progress = true;
        if let Some(search) = self.slots[slot].search.take() {
            for (point, choice) in search.base() {
                self.points[point].choice = choice;
            }
        }
    }

    /// What can be varied of what was chosen since.
    fn parts(&self, mark: Mark) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut known = vec![false; self.points.len()];
        for &point in self.chosen_since(mark).iter().rev() {
            let state = &self.points[point];
            let varies = state.arity() > 1 && state.tag.is_none();
            if varies && !std::mem::replace(&mut known[point], true) && parts.len() < MAX_PARTS {
                parts.push(Part { point, base: state.pick().unwrap_or(0), arity: state.arity() });
            }
        }
        parts.reverse();
        parts
    }

    /// The points chosen since.
    pub(super) fn chosen_since(&self, mark: Mark) -> &[PointId] {
        self.trail.get(mark.trail..).unwrap_or_default()
    }

    /// All points chosen in this pass.
    pub(super) fn chosen(&self) -> &[PointId] {
        &self.trail
    }

    pub(super) fn notes_since(mark: Mark) -> Vec<refusal::Note> {
        refusal::since(mark.notes)
    }

    /// The type panicked: the value it was given last is not given again.
    pub(super) fn panicked(&mut self) {
        self.fault = Fault::Retry;
        self.progress = true;
        let last = self.trail.iter().rev().find_map(|&point| {
            let candidate = self.points[point].pick()?;
            Some((point, candidate))
        });
        match last {
            Some((point, candidate)) => self.points[point].refused[candidate] = true,
            None => self.die(ROOT),
        }
    }
}
