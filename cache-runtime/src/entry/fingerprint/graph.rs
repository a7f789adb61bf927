//! The graph of a type while it is explored, and the bookkeeping of one pass through it.
//!
//! A pass runs the type's `Deserialize` once. It either makes a value or ends in a refusal, and in both cases the graph
//! has learned something, else exploring is over. During a pass nothing is undone: whoever sees a refusal first, from
//! the inside, changes one choice and lets the pass fail (`Fault::Retry`), and the next pass is dealt the new choice.

use std::collections::HashMap;

use super::{
    refusal::{self, Refusal},
    search::{Part, Search},
    shape::{Key, Kind, Node, NodeId, Point, PointId, Shape, Slot, SlotId, What},
};

/// Where the whole value is asked for.
pub(super) const ROOT: SlotId = 0;
/// Stands for every place beyond `MAX_SLOTS`.
const OVERFLOW: SlotId = 1;

/// Nesting beyond this is not looked into; it bounds the stack, since a level is several frames of the type's code.
pub(super) const MAX_DEPTH: u16 = 128;
/// Places that one type may have.
const MAX_SLOTS: usize = 1 << 16;
/// Elements of one tuple that have a place each; the rest share the last. An array of a million has one type.
const MAX_CHILDREN: usize = 1024;
/// Values asked for, all passes together: below a second for the most hostile type.
const MAX_WORK: u32 = 2_000_000;

/// Why the pass is failing, told outwards as its frames end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not, or the type refused a value and nobody has looked into that yet.
    None,
    /// A choice was changed; try again.
    Retry,
    /// A place further in is dead. Frames that can do without it turn this into `Retry`.
    Dead,
    /// Too deep. Frames that can choose otherwise turn this into `Retry`.
    Deep,
    /// The work is used up.
    Stop,
}

pub(super) struct Graph {
    pub(super) slots: Vec<Slot>,
    pub(super) nodes: Vec<Node>,
    pub(super) points: Vec<Point>,
    index: HashMap<Key, NodeId>,
    /// The candidate that a visitor took last: its next place will take it as well.
    hints: HashMap<&'static str, usize>,
    /// Places on the way to something unexplored. Computed for each pass.
    pub(super) wanted: Vec<bool>,
    /// The choices of this pass, in order.
    trail: Vec<PointId>,
    pub(super) fault: Fault,
    /// Something was learned in this pass.
    pub(super) progress: bool,
    /// Variants that a value was made of, over all passes.
    pub(super) completions: u32,
    /// Shapes that were seen for the first time, over all passes.
    learned: u32,
    /// Varies the choice among equal variants when nothing is learned: what a place asks for may depend on a sibling.
    pub(super) rotation: usize,
    /// The names that were told last when another was refused.
    pub(super) heard: &'static [&'static str],
    work: u32,
    /// A bound was met: the fingerprint covers less than the type.
    pub(super) truncated: bool,
}

/// A position in the trail and in the notes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    trail: usize,
    notes: usize,
    learned: u32,
}

/// A compound that is being visited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) slot: SlotId,
    pub(super) node: NodeId,
    pub(super) point: PointId,
    pub(super) mark: Mark,
    /// The same node is open further up: whatever can be left out is.
    pub(super) recursive: bool,
}

impl Graph {
    pub(super) fn new() -> Self {
        let mut graph = Graph {
            slots: Vec::new(),
            nodes: Vec::new(),
            points: Vec::new(),
            index: HashMap::new(),
            hints: HashMap::new(),
            wanted: Vec::new(),
            trail: Vec::new(),
            fault: Fault::None,
            progress: false,
            completions: 0,
            learned: 0,
            rotation: 0,
            heard: &[],
            work: 0,
            truncated: false,
        };
        graph.slots.resize_with(2, Slot::default);
        graph
    }

    pub(super) fn begin_pass(&mut self) {
        refusal::clear();
        self.trail.clear();
        self.fault = Fault::None;
        self.progress = false;
        // Frames that a panic in the type's code left open.
        self.nodes.iter_mut().for_each(|node| node.open = 0);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            trail: self.trail.len(),
            notes: refusal::position(),
            learned: self.learned + self.completions,
        }
    }

    /// Every asking starts here.
    fn ask(&mut self, slot: SlotId, depth: u16) -> Result<(), Refusal> {
        // A refusal that the type has caught and gone on from is over.
        self.fault = Fault::None;
        self.work += 1;
        if self.work > MAX_WORK {
            self.truncated = true;
            self.fault = Fault::Stop;
        } else if depth > MAX_DEPTH {
            self.fault = Fault::Deep;
        } else if self.slots[slot].dead && !self.is_wanted(slot) {
            self.fault = Fault::Dead;
        }
        if self.fault == Fault::None { Ok(()) } else { Err(Refusal) }
    }

    /// The point of this shape at this place, which is noted in the trail.
    fn shape(&mut self, slot: SlotId, what: What, arity: usize, hint: usize) -> PointId {
        let known = self.slots[slot].shapes.iter().find(|shape| shape.what == what);
        let point = known.map(|shape| shape.point).unwrap_or_else(|| {
            let point = self.points.len();
            self.points.push(Point::new(arity, hint));
            self.slots[slot].shapes.push(Shape { what, point });
            self.progress = true;
            self.learned += 1;
            point
        });
        self.trail.push(point);
        point
    }

    /// A value without parts is asked for: which candidate to offer.
    pub(super) fn leaf(
        &mut self,
        slot: SlotId,
        depth: u16,
        what: What,
        arity: usize,
        visitor: &'static str,
    ) -> Result<(PointId, usize), Refusal> {
        self.ask(slot, depth)?;
        let hint = self.hints.get(visitor).copied().unwrap_or(0);
        let point = self.shape(slot, what, arity, hint);
        match self.points[point].pick_rotated(self.rotation) {
            Some(candidate) => Ok((point, candidate)),
            None => {
                self.die(slot);
                Err(Refusal)
            }
        }
    }

    /// Whether the candidate was taken.
    pub(super) fn answer(
        &mut self,
        slot: SlotId,
        point: PointId,
        candidate: usize,
        taken: bool,
        visitor: &'static str,
    ) {
        if taken {
            self.hints.insert(visitor, candidate);
            return;
        }
        self.progress = true;
        self.points[point].refused[candidate] = true;
        self.fault = Fault::Retry;
        if self.points[point].pick().is_none() {
            self.die(slot);
        }
    }

    /// A value with parts is asked for.
    pub(super) fn open(
        &mut self,
        slot: SlotId,
        depth: u16,
        key: Key,
        names: &'static [&'static str],
        arity: usize,
    ) -> Result<Frame, Refusal> {
        self.ask(slot, depth)?;
        let next = self.nodes.len();
        let node = *self.index.entry(key).or_insert(next);
        if node == next {
            self.add_node(key, names);
        }
        let mark = self.mark();
        let hint = match key.kind {
            Kind::Any => self.hints.get(key.visitor).copied().unwrap_or(0),
            _ => 0,
        };
        let point = self.shape(slot, What::Node(node), arity, hint);
        let recursive = self.nodes[node].open > 0;
        self.nodes[node].open += 1;
        Ok(Frame {
            slot,
            node,
            point,
            mark,
            recursive,
        })
    }

    fn add_node(&mut self, key: Key, names: &'static [&'static str]) {
        self.progress = true;
        self.nodes.push(Node {
            kind: key.kind,
            name: key.name,
            names,
            len: key.len,
            children: Vec::new(),
            entries: Vec::new(),
            variants: Vec::new(),
            notes: Vec::new(),
            open: 0,
            by_name: false,
            skipped: Vec::new(),
            last_key: "",
            base: None,
            by_index: false,
        });
    }

    fn add_slot(&mut self) -> SlotId {
        if self.slots.len() >= MAX_SLOTS {
            self.truncated = true;
            return OVERFLOW;
        }
        self.slots.push(Slot::default());
        self.slots.len() - 1
    }

    /// The place of a node's part.
    pub(super) fn child(&mut self, node: NodeId, index: usize) -> SlotId {
        let index = index.min(MAX_CHILDREN - 1);
        while self.nodes[node].children.len() <= index {
            let slot = self.add_slot();
            self.nodes[node].children.push(slot);
        }
        self.nodes[node].children[index]
    }

    /// The place of what stands at a key.
    pub(super) fn entry(&mut self, node: NodeId, name: &'static str) -> SlotId {
        let known = self.nodes[node].entries.iter().find(|entry| entry.0 == name);
        if let Some(entry) = known {
            return entry.1;
        }
        let slot = self.add_slot();
        self.nodes[node].entries.push((name, slot));
        self.progress = true;
        slot
    }

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
        if !matches!(
            self.nodes[frame.node].kind,
            Kind::Option | Kind::Seq | Kind::Map
        ) {
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
        for &point in self.trail.get(mark.trail..).unwrap_or_default() {
            let state = &self.points[point];
            let known = parts.iter().any(|part| part.point == point);
            if !known && state.arity() > 1 && state.tag.is_none() {
                parts.push(Part {
                    point,
                    base: state.pick().unwrap_or(0),
                    arity: state.arity(),
                });
            }
        }
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
