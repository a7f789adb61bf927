//! The graph as bytes, and the bytes as a number.
//!
//! Nodes are numbered as they are met, from the root on, and written once; a second meeting writes the number. Only
//! serde's names are written, no address and no name of a Rust type, so that builds and processes agree.

use xxhash_rust::xxh3::xxh3_64;

use super::{
    graph::{Graph, ROOT},
    refusal::Note,
    shape::{NodeId, SlotId, What},
};

// Beside the numbers of leaves (from 1) and kinds (from 32).
const SEEN_BEFORE: u8 = 64;
const PLACE: u8 = 65;
const DEAD: u8 = 66;
const TRUNCATED: u8 = 67;

impl Graph {
    pub(super) fn digest(&self) -> u64 {
        xxh3_64(&self.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Out(Vec::new());
        let mut numbers: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut met = 0;
        // Places yet to be written, the next one last: a path through many types is longer than the stack.
        let mut places: Vec<SlotId> = vec![ROOT];
        while let Some(slot) = places.pop() {
            let slot = &self.slots[slot];
            out.tag(PLACE);
            out.number(slot.shapes.len());
            if slot.dead {
                out.tag(DEAD);
            }
            let mut parts = Vec::new();
            for shape in &slot.shapes {
                match shape.what {
                    What::Leaf(leaf) => {
                        out.tag(leaf as u8);
                        if let Some(tag) = &self.points[shape.point].tag {
                            out.names(tag.names);
                        }
                    }
                    What::Node(node) => match numbers[node] {
                        Some(number) => {
                            out.tag(SEEN_BEFORE);
                            out.number(number);
                        }
                        None => {
                            numbers[node] = Some(met);
                            met += 1;
                            self.write_node(node, &mut out);
                            parts.extend(self.parts_of(node));
                        }
                    },
                }
            }
            places.extend(parts.into_iter().rev());
        }
        if self.truncated {
            out.tag(TRUNCATED);
        }
        out.0
    }

    fn write_node(&self, node: NodeId, out: &mut Out) {
        let node = &self.nodes[node];
        out.tag(node.kind as u8);
        out.text(node.name);
        out.number(node.len);
        out.names(node.names);
        out.number(node.children.len());
        out.number(node.entries.len());
        for (name, _) in &node.entries {
            out.text(name);
        }
        out.number(node.notes.len());
        for note in &node.notes {
            out.note(note);
        }
    }
}

struct Out(Vec<u8>);

impl Out {
    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
    }

    /// With its length, so that no two lists of names read alike.
    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn names(&mut self, names: &[&str]) {
        self.number(names.len());
        names.iter().for_each(|name| self.text(name));
    }

    fn note(&mut self, note: &Note) {
        match note {
            Note::Missing(name) => {
                self.tag(1);
                self.text(name);
            }
            Note::Duplicate(name) => {
                self.tag(2);
                self.text(name);
            }
            Note::Names(names) => {
                self.tag(3);
                self.names(names);
            }
            Note::Expected(text) => {
                self.tag(4);
                self.text(text);
            }
        }
    }
}
