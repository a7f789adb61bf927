//! What is known of a type: a graph of the places where it asks for a value and of what it asks for there.

/// A place where a value is asked for: a field, an element, the inside of an option.
pub(super) type SlotId = usize;
pub(super) type NodeId = usize;
/// A choice among candidates.
pub(super) type PointId = usize;

#[derive(Debug, Default)]
pub(super) struct Slot {
    /// Usually one. More where a sibling decides, as the tag of an adjacently tagged enum does.
    pub(super) shapes: Vec<Shape>,
    /// A value was made for this place.
    pub(super) made: bool,
    /// No value can be made for this place with the candidates there are: what is behind it stays unseen.
    pub(super) dead: bool,
    /// The attempts at making one, if they are not over.
    pub(super) search: Option<Box<super::search::Search>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) what: What,
    pub(super) point: PointId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Leaf(Leaf),
    Node(NodeId),
}

/// Numbered by hand: the numbers are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Leaf {
    Bool = 1,
    I8 = 2,
    I16 = 3,
    I32 = 4,
    I64 = 5,
    I128 = 6,
    U8 = 7,
    U16 = 8,
    U32 = 9,
    U64 = 10,
    U128 = 11,
    F32 = 12,
    F64 = 13,
    Char = 14,
    Str = 15,
    Bytes = 16,
    Unit = 17,
    /// A key or a tag that only its reader knows.
    Identifier = 18,
    Ignored = 19,
    /// Marks, beside the shape of the content.
    UnitVariant = 20,
    NewtypeVariant = 21,
}

/// Numbered by hand, apart from the leaves: the numbers are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Kind {
    Option = 32,
    Seq = 33,
    Map = 34,
    Tuple = 35,
    TupleStruct = 36,
    Struct = 37,
    Newtype = 38,
    UnitStruct = 39,
    Enum = 40,
    /// The type asks the bytes what they are.
    Any = 41,
}

/// What makes two askings the same one, so that a recursive type is a finite graph. The names of the visitor and of its
/// value hold the type's parameters, which serde's own names do not: `Page<Page<u8>>` must not look recursive. They
/// are compared and never hashed, since compilers may change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) len: usize,
    pub(super) visitor: &'static str,
    pub(super) value: &'static str,
    /// For `Kind::Any`, whose visitor is one and the same for every untagged enum: the place instead.
    pub(super) slot: Option<SlotId>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    /// Fields or variants, with their aliases.
    pub(super) names: &'static [&'static str],
    pub(super) len: usize,
    /// Elements, fields by position, variants: by kind.
    pub(super) children: Vec<SlotId>,
    /// Entries with a known key: fields of a struct that had to be read by name, and what a map was found to lack.
    pub(super) entries: Vec<(&'static str, SlotId)>,
    /// For enums, beside `children`.
    pub(super) variants: Vec<Variant>,
    /// For `Any`, and maps that were found to lack something: what was named while candidates were refused.
    pub(super) notes: Vec<super::refusal::Note>,
    /// How many frames of this node are open.
    pub(super) open: u32,
    /// A struct that is read by name, since reading it by position failed.
    pub(super) by_name: bool,
    /// Aliases, which would be the same field twice.
    pub(super) skipped: Vec<&'static str>,
    /// The key that was given last.
    pub(super) last_key: &'static str,
    /// The variant that was done first. It was done without another of its own enum, so it ends every recursion.
    pub(super) base: Option<usize>,
    /// An enum that takes the number of a variant and not its name.
    pub(super) by_index: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    New,
    /// Being explored, further up.
    Open,
    /// A value was made of it, so one can be made again.
    Done,
    /// It came to a recursion without an end, when so much was known.
    Endless(u32),
    /// No value can be made of it.
    Dead,
}

#[derive(Debug)]
pub(super) struct Point {
    pub(super) choice: usize,
    pub(super) refused: Vec<bool>,
    /// A tag whose names are known: each is to be tried.
    pub(super) tag: Option<Tag>,
}

#[derive(Debug)]
pub(super) struct Tag {
    pub(super) names: &'static [&'static str],
    pub(super) tried: Vec<bool>,
}

impl Point {
    pub(super) fn new(arity: usize, choice: usize) -> Self {
        Point { choice, refused: vec![false; arity], tag: None }
    }

    pub(super) fn arity(&self) -> usize {
        self.refused.len()
    }

    /// The same, except that a tag whose names were all tried goes round them: its content may have more to show.
    pub(super) fn pick_rotated(&self, rotation: usize) -> Option<usize> {
        let explored = self.tag.as_ref().is_some_and(|tag| tag.tried.iter().all(|tried| *tried));
        let first = if explored { self.choice + rotation } else { self.choice };
        self.pick_from(first)
    }

    /// The first candidate, from the chosen one on and around, that was not refused.
    pub(super) fn pick(&self) -> Option<usize> {
        self.pick_from(self.choice)
    }

    fn pick_from(&self, first: usize) -> Option<usize> {
        let arity = self.arity();
        (0..arity).map(|step| (first + step) % arity).find(|&candidate| !self.refused[candidate])
    }
}
