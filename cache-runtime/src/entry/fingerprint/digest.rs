//! The graph as bytes, and the bytes as a number.
//!
//! Nodes are numbered as they are met, from the root on, and written once; a second meeting writes the number. Written are
//! serde's names, and names of Rust types without their paths; no address, so that builds and processes agree.

use xxhash_rust::xxh3::xxh3_64;

use super::asked::Kind;
use super::graph::{Graph, NodeId, Place, What};

// Beside the numbers of kinds.
const SEEN_BEFORE: u8 = 64;
const PLACE: u8 = 65;
const UNREACHED: u8 = 66;
const LABEL: u8 = 67;
const TRUNCATED: u8 = 68;

impl Graph {
    pub(super) fn digest(&self) -> u64 {
        xxh3_64(&self.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Out(Vec::new());
        let mut numbers: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut met = 0;
        // Places yet to be written, the next one last: a path through many types is longer than the stack.
        let mut places: Vec<&Place> = vec![self.root()];
        while let Some(place) = places.pop() {
            out.tag(PLACE);
            let Some(found) = &place.found else {
                out.tag(UNREACHED);
                continue;
            };
            out.label(found.label.as_deref());
            match found.what {
                What::Leaf(kind) => out.tag(kind as u8),
                What::ShapeNode(node) => match numbers[node] {
                    Some(number) => {
                        out.tag(SEEN_BEFORE);
                        out.number(number);
                    }
                    None => {
                        numbers[node] = Some(met);
                        met += 1;
                        self.write_node(node, &mut out);
                        let parts = &self.nodes[node].parts;
                        places.extend(
                            (0..self.width(node)).rev().filter_map(|part| parts.get(part).or(parts.last())),
                        );
                    }
                },
            }
        }
        if self.truncated {
            out.tag(TRUNCATED);
        }
        out.0
    }

    fn write_node(&self, id: NodeId, out: &mut Out) {
        let node = &self.nodes[id];
        out.tag(node.key.kind as u8);
        out.label(node.label().as_deref());
        out.text(node.key.name);
        out.number(node.key.len);
        out.names(node.key.names);
        out.number(self.width(id));
    }

    /// How many parts a node is written with: an array like a tuple, though its elements have one place.
    fn width(&self, id: NodeId) -> usize {
        let node = &self.nodes[id];
        let is_array = node.key.kind == Kind::Tuple && !node.parts.is_empty();
        if is_array { node.key.len } else { node.parts.len() }
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

    fn label(&mut self, label: Option<&str>) {
        if let Some(label) = label {
            self.tag(LABEL);
            self.text(label);
        }
    }

    fn names(&mut self, names: &[&str]) {
        self.number(names.len());
        names.iter().for_each(|name| self.text(name));
    }
}
