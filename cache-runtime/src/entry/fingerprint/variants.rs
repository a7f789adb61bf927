//! Which variant an enum is given, and what becomes of it.

use super::{
    graph::{Fault, Frame, Graph},
    shape::Variant,
};

/// A variant that is being visited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) index: usize,
    /// What it was before, to be restored if nothing comes of this visit.
    before: Variant,
}

impl Graph {
    /// A new variant, or one on the way to something new, or else one that is known to make a value.
    pub(super) fn choose_variant(&mut self, frame: &Frame) -> Option<Chosen> {
        let count = self.nodes[frame.node].len.max(1);
        self.nodes[frame.node].variants.resize(count, Variant::New);
        let index = if frame.recursive {
            // Its first variant is open further up, and may contain this one; the last is as good a guess as any
            // for one that ends.
            self.nodes[frame.node].base.or_else(|| self.find_variant(frame, true))
        } else {
            self.find_variant(frame, false)
                .or_else(|| self.wanted_variant(frame))
                .or_else(|| self.any_done(frame))
        };
        let Some(index) = index else {
            self.fault = Fault::Deep;
            return None;
        };
        let variant = &mut self.nodes[frame.node].variants[index];
        let before = std::mem::replace(variant, Variant::Open);
        Some(Chosen { index, before })
    }

    /// A variant that is not explored.
    fn find_variant(&self, frame: &Frame, from_the_end: bool) -> Option<usize> {
        let variants = &self.nodes[frame.node].variants;
        let is_open = |variant: &Variant| self.is_open(*variant);
        if from_the_end { variants.iter().rposition(is_open) } else { variants.iter().position(is_open) }
    }

    fn wanted_variant(&self, frame: &Frame) -> Option<usize> {
        let children = &self.nodes[frame.node].children;
        children.iter().position(|&child| self.is_wanted(child))
    }

    fn any_done(&self, frame: &Frame) -> Option<usize> {
        let variants = self.nodes[frame.node].variants.iter().enumerate();
        let done: Vec<usize> =
            variants.filter(|(_, variant)| **variant == Variant::Done).map(|(index, _)| index).collect();
        let choice = self.choice(frame.point) + self.rotation;
        done.get(choice % done.len().max(1)).copied()
    }

    pub(super) fn close_variant(&mut self, frame: &Frame, chosen: Chosen, taken: bool) {
        if taken {
            self.variant_is_done(frame, chosen);
            return;
        }
        if self.fault == Fault::None {
            let slot = self.child(frame.node, chosen.index);
            self.refused(slot, frame.mark);
        }
        let after = match self.fault {
            Fault::Dead => Variant::Dead,
            Fault::Deep => Variant::Endless(self.completions),
            Fault::None | Fault::Retry | Fault::Stop => chosen.before,
        };
        self.progress |= after != chosen.before;
        self.nodes[frame.node].variants[chosen.index] = after;
        if matches!(self.fault, Fault::Dead | Fault::Deep) && self.has_another(frame, chosen) {
            self.fault = Fault::Retry;
        }
    }

    fn variant_is_done(&mut self, frame: &Frame, chosen: Chosen) {
        if chosen.before != Variant::Done {
            self.completions += 1;
            self.progress = true;
        }
        let node = &mut self.nodes[frame.node];
        node.variants[chosen.index] = Variant::Done;
        node.base.get_or_insert(chosen.index);
    }

    /// Whether the enum can be tried again with another variant.
    fn has_another(&self, frame: &Frame, chosen: Chosen) -> bool {
        let variants = self.nodes[frame.node].variants.iter().enumerate();
        variants
            .filter(|(index, _)| *index != chosen.index)
            .any(|(_, variant)| *variant == Variant::Done || self.is_open(*variant))
    }

    /// The name of a variant was refused. Some types take numbers only.
    pub(super) fn variant_name_refused(&mut self, frame: &Frame) {
        let node = &mut self.nodes[frame.node];
        if self.fault == Fault::None && node.base.is_none() && !node.by_index {
            node.by_index = true;
            self.progress = true;
            self.fault = Fault::Retry;
        }
    }
}
