//! What is known of a type: a graph of the places where it asks for a value and of what it asks for there.

use std::collections::{HashMap, VecDeque};

use super::asked::{Asked, Kind};
use super::names::short;
use super::trust;

pub(super) type NodeId = usize;
/// One part of a compound.
pub(super) type PlaceId = (NodeId, usize);

/// Compounds in one another. It bounds the stack; codecs read no deeper.
const MAX_DEPTH: usize = 128;
/// Stands for the outside: its only part is the type itself.
const OUTSIDE: NodeId = 0;

/// From a compound to one of its parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct PathStep {
    pub(super) node: NodeId,
    pub(super) part: usize,
}

/// What stands at a place; nothing if the place could not be reached.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) found: Option<Finding>,
}

#[derive(Debug)]
pub(super) struct Finding {
    pub(super) what: What,
    /// The type's name, where code that is not seen through reads it.
    pub(super) label: Option<String>,
    /// A value of it may be made, if one of its parts may.
    makeable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Leaf(Kind),
    ShapeNode(NodeId),
}

/// What makes two askings the same one, so that a recursive type is a finite graph. Rust's names hold the type's parameters,
/// which serde's own names do not: `Page<Page<u8>>` must not look recursive. They are compared and never hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TypeIdentity {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) names: &'static [&'static str],
    pub(super) len: usize,
    visitor: &'static str,
    value: &'static str,
    /// For contents of variants, whose visitors all have the same name.
    variant: Option<PlaceId>,
}

impl TypeIdentity {
    fn new(asked: &Asked, variant: Option<PlaceId>) -> Self {
        let Asked { kind, name, names, len, visitor, value, .. } = *asked;
        TypeIdentity { kind, name, names, len, visitor, value, variant }
    }
}

#[derive(Debug)]
pub(super) struct ShapeNode {
    pub(super) key: TypeIdentity,
    pub(super) parts: Vec<Place>,
    /// How it was reached first.
    path: Vec<PathStep>,
    /// The variants of an enum whose tag and content are two fields. Then part 0 is the tag, and the others are the contents
    /// of the variants.
    tagged: Option<&'static [&'static str]>,
    /// A value can be made, of an enum by this variant.
    ends: Option<usize>,
}

impl ShapeNode {
    fn new(key: TypeIdentity, path: Vec<PathStep>) -> Self {
        ShapeNode { key, parts: Vec::new(), path, tagged: None, ends: None }
    }

    /// Whether a type asks at this node as it did when it was found.
    pub(super) fn is_what_was(&self, asked: &Asked) -> bool {
        self.key.kind == asked.kind && self.key.visitor == asked.visitor
    }

    /// The variant that a part is the content of, where that hangs on a field beside it.
    pub(super) fn tag_of(&self, part: usize) -> Option<&'static str> {
        self.tagged?.get(part.checked_sub(1)?).copied()
    }

    /// The name of the value, if it has to stand for parts that were not reached.
    pub(super) fn label(&self) -> Option<String> {
        self.parts.iter().any(|place| place.found.is_none()).then(|| short(self.key.value))
    }

    /// Whether a part can only be seen behind those before it.
    fn is_in_order(&self) -> bool {
        matches!(self.key.kind, Kind::Tuple | Kind::TupleStruct)
    }
}

#[derive(Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<ShapeNode>,
    known: HashMap<TypeIdentity, NodeId>,
    queue: VecDeque<PlaceId>,
    /// Behind parts that have to be made first, and are not known yet.
    held: Vec<PlaceId>,
    self_describing: bool,
    /// A bound was met.
    pub(super) truncated: bool,
}

impl Graph {
    pub(super) fn new() -> Self {
        let key = TypeIdentity {
            kind: Kind::Newtype,
            name: "",
            names: &[],
            len: 1,
            visitor: "",
            value: "",
            variant: None,
        };
        let mut outside = ShapeNode::new(key, Vec::new());
        outside.parts.push(Place::default());
        Graph {
            nodes: vec![outside],
            known: HashMap::new(),
            queue: VecDeque::from([(OUTSIDE, 0)]),
            held: Vec::new(),
            self_describing: false,
            truncated: false,
        }
    }

    pub(super) fn node(&self, node: NodeId) -> &ShapeNode {
        &self.nodes[node]
    }

    pub(super) fn root(&self) -> &Place {
        &self.nodes[OUTSIDE].parts[0]
    }

    /// Whether the type asks the bytes what they are.
    pub(super) fn is_self_describing(&self) -> bool {
        self.self_describing
    }

    pub(super) fn truncate(&mut self) {
        self.truncated = true;
    }

    /// A place that is to be looked at.
    pub(super) fn next_place(&mut self) -> Option<PlaceId> {
        if self.queue.is_empty() && !self.held.is_empty() {
            self.find_ends();
            let held = std::mem::take(&mut self.held);
            let (open, held) = held.into_iter().partition::<Vec<_>, _>(|place| self.is_open(*place));
            self.queue.extend(open);
            self.held = held;
        }
        self.queue.pop_front()
    }

    /// The steps from the type to a place.
    pub(super) fn path_to(&self, (node, part): PlaceId) -> Vec<PathStep> {
        if node == OUTSIDE {
            return Vec::new();
        }
        let mut path = self.nodes[node].path.clone();
        path.push(PathStep { node, part });
        path
    }

    /// Notes what was asked for at a place.
    pub(super) fn answer(&mut self, place: PlaceId, asked: Option<Asked>) {
        let Some(asked) = asked else { return };
        let seen_through = trust::is_seen_through(&asked);
        // What a tag's variant holds is read in place of the enum.
        let plain =
            seen_through && (self.nodes[place.0].tagged.is_some() || trust::comes_out_as_it_is(&asked));
        self.self_describing |= trust::asks_the_bytes(&asked);
        let what = if asked.kind.is_compound() {
            What::ShapeNode(self.meet(place, &asked, seen_through))
        } else {
            What::Leaf(asked.kind)
        };
        let found = Finding {
            what,
            label: (!plain).then(|| short(trust::read_as(&asked))),
            makeable: trust::may_be_made(&asked),
        };
        self.nodes[place.0].parts[place.1].found = Some(found);
        if trust::is_tag(&asked) {
            self.tag(place, asked.names);
        }
    }

    /// The node of a compound, new or known.
    fn meet(&mut self, place: PlaceId, asked: &Asked, seen_through: bool) -> NodeId {
        let around = &self.nodes[place.0];
        let is_content = around.key.kind == Kind::Enum || around.tagged.is_some();
        let key = TypeIdentity::new(asked, is_content.then_some(place));
        if let Some(&node) = self.known.get(&key) {
            return node;
        }
        let id = self.nodes.len();
        let mut node = ShapeNode::new(key, self.path_to(place));
        if node.path.len() >= MAX_DEPTH {
            self.truncated = true;
        } else if seen_through {
            node.parts.resize_with(number_of_parts(asked), Place::default);
        }
        for part in 0..node.parts.len() {
            if node.is_in_order() && part > 0 {
                self.held.push((id, part));
            } else {
                self.queue.push_back((id, part));
            }
        }
        self.nodes.push(node);
        self.known.insert(key, id);
        id
    }

    /// A field turned out to be the tag of an enum: the other one has as many shapes as there are variants.
    fn tag(&mut self, (id, part): PlaceId, variants: &'static [&'static str]) {
        let node = &mut self.nodes[id];
        if part != 0 || node.parts.len() != 2 {
            return;
        }
        node.tagged = Some(variants);
        // The second field is on the list already, as the content of the first variant.
        for part in 2..=variants.len() {
            node.parts.push(Place::default());
            self.queue.push_back((id, part));
        }
    }

    fn is_open(&self, (node, part): PlaceId) -> bool {
        self.nodes[node].parts[..part].iter().all(|before| self.can_be_made(before))
    }

    fn can_be_made(&self, place: &Place) -> bool {
        place.found.as_ref().is_some_and(|found| {
            found.makeable
                && match found.what {
                    What::Leaf(_) => true,
                    What::ShapeNode(node) => self.nodes[node].ends.is_some(),
                }
        })
    }

    /// Finds the nodes of which a value can be made without end, and for enums the variant that was found first: what it holds
    /// was found before, so it ends every recursion.
    fn find_ends(&mut self) {
        loop {
            let mut found = false;
            for id in 0..self.nodes.len() {
                if self.nodes[id].ends.is_none() {
                    let ends = self.ending(&self.nodes[id]);
                    found |= ends.is_some();
                    self.nodes[id].ends = ends;
                }
            }
            if !found {
                return;
            }
        }
    }

    fn ending(&self, node: &ShapeNode) -> Option<usize> {
        match node.key.kind {
            Kind::Option | Kind::Seq | Kind::Map => Some(0),
            Kind::Enum => node.parts.iter().position(|part| self.can_be_made(part)),
            _ if node.tagged.is_some() || node.parts.len() != parts_of(&node.key) => None,
            _ => node.parts.iter().all(|part| self.can_be_made(part)).then_some(0),
        }
    }

    pub(super) fn variant_that_ends(&self, asked: &Asked) -> Option<usize> {
        let node = self.known.get(&TypeIdentity::new(asked, None))?;
        self.nodes[*node].ends
    }
}

fn number_of_parts(asked: &Asked) -> usize {
    parts_of(&TypeIdentity::new(asked, None))
}

fn parts_of(key: &TypeIdentity) -> usize {
    match key.kind {
        Kind::Option | Kind::Seq | Kind::Newtype | Kind::NewtypeVariant => 1,
        Kind::Map => 2,
        // All elements of an array are the same.
        Kind::Tuple if key.value.starts_with('[') => key.len.min(1),
        Kind::Tuple | Kind::TupleStruct | Kind::Struct | Kind::Enum => key.len,
        _ => 0,
    }
}
