//! The graph of a type while it is explored, and the bookkeeping of one pass through it.
//!
//! A pass runs the type's `Deserialize` once. It either makes a value or ends in a refusal, and in both cases the graph
//! has learned something, else exploring is over. During a pass nothing is undone: whoever sees a refusal first, from
//! the inside, changes one choice and lets the pass fail (`Fault::Retry`), and the next pass is dealt the new choice.

use std::collections::HashMap;

use super::{
    refusal::{self, Refusal},
    shape::{Key, Kind, Leaf, Node, NodeId, Point, PointId, Shape, Slot, SlotId, What},
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
    pub(super) hints: HashMap<&'static str, usize>,
    /// Places on the way to something unexplored. Computed for each pass.
    pub(super) wanted: Vec<bool>,
    /// The choices of this pass, in order.
    pub(super) trail: Vec<PointId>,
    pub(super) fault: Fault,
    /// Something was learned in this pass.
    pub(super) progress: bool,
    /// Variants that a value was made of, over all passes.
    pub(super) completions: u32,
    /// Shapes that were seen for the first time, over all passes.
    pub(super) learned: u32,
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
    pub(super) trail: usize,
    pub(super) notes: usize,
    pub(super) learned: u32,
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
    /// Whether the type asks its bytes what they are. Not every codec can say.
    pub(super) fn is_self_describing(&self) -> bool {
        let asks = |shape: &Shape| match shape.what {
            What::Leaf(leaf) => matches!(leaf, Leaf::Identifier | Leaf::Ignored),
            What::Node(node) => self.nodes[node].kind == Kind::Any,
        };
        self.slots.iter().any(|slot| slot.shapes.iter().any(asks))
    }

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
        Mark { trail: self.trail.len(), notes: refusal::position(), learned: self.learned + self.completions }
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
        Ok(Frame { slot, node, point, mark, recursive })
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
}
