//! The deserializer that a type's `Deserialize` is run against.
//!
//! It has no bytes. It goes down one path, says at its end what was asked for, and makes values only of what stands in the way.

use std::{
    any::type_name,
    cell::{Cell, RefCell},
    fmt,
};

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

use super::asked::{Asked, Kind};
use super::graph::{Graph, PathStep};
use super::parts::{Chosen, Entries, Pairs, Places};
use super::{names, trust};

/// Values made in one pass. More are in the way of something only in arrays of arrays.
const MAX_MADE: u32 = 100_000;

/// One run of a type's `Deserialize`.
pub(super) struct Pass<'g> {
    graph: &'g Graph,
    human_readable: bool,
    asked: RefCell<Option<Asked>>,
    made: Cell<u32>,
}

impl<'g> Pass<'g> {
    pub(super) fn new(graph: &'g Graph, human_readable: bool) -> Self {
        Pass { graph, human_readable, asked: RefCell::new(None), made: Cell::new(0) }
    }

    /// What was asked for at the end of the path, if it was reached.
    pub(super) fn asked(self) -> Option<Asked> {
        self.asked.into_inner()
    }
}

#[derive(Clone, Copy)]
pub(super) enum Task<'p> {
    /// Goes these steps, to note what is asked for at their end.
    Follower(&'p [PathStep]),
    /// Makes a value, to see what comes after it.
    Make,
}

/// A value is asked for at one place.
#[derive(Clone, Copy)]
pub(super) struct Tracer<'p> {
    pass: &'p Pass<'p>,
    task: Task<'p>,
    expected: &'static str,
}

/// Ends a pass. It says nothing: what a type's own code says about an error is not even formatted.
#[derive(Debug)]
pub(super) struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no value here")
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Stop
    }
}

pub(super) type Traced<T> = Result<T, Stop>;

/// How a compound is gone through.
enum Way<'p> {
    /// To one of its parts.
    Into {
        part: usize,
        then: Task<'p>,
        tag: Option<&'static str>,
    },
    Make,
}

impl<'p> Tracer<'p> {
    pub(super) fn follow(pass: &'p Pass<'p>, steps: &'p [PathStep], expected: &'static str) -> Self {
        Tracer { pass, task: Task::Follower(steps), expected }
    }

    /// The same pass at another place.
    pub(super) fn at(self, task: Task<'p>, expected: &'static str) -> Self {
        Tracer { task, expected, ..self }
    }

    fn way(&self, asked: &Asked) -> Traced<Way<'p>> {
        match self.task {
            Task::Follower([]) => {
                self.pass.asked.replace(Some(*asked));
                Err(Stop)
            }
            Task::Follower([step, rest @ ..]) => {
                let node = self.pass.graph.node(step.node);
                // Otherwise the type asks for something else each time.
                if !node.is_what_was(asked) {
                    return Err(Stop);
                }
                Ok(Way::Into { part: step.part, then: Task::Follower(rest), tag: node.tag_of(step.part) })
            }
            Task::Make => {
                self.pass.made.set(self.pass.made.get() + 1);
                let may = trust::may_be_made(asked) && self.pass.made.get() < MAX_MADE;
                if may { Ok(Way::Make) } else { Err(Stop) }
            }
        }
    }

    fn asked<'de, V: Visitor<'de>>(&self, kind: Kind) -> Asked {
        let (visitor, value) = (type_name::<V>(), type_name::<V::Value>());
        Asked { kind, name: "", names: &[], len: 0, visitor, value, expected: self.expected }
    }

    /// `Ok` if a value is to be made.
    fn leaf<'de, V: Visitor<'de>>(&self, kind: Kind) -> Traced<Asked> {
        let asked = self.asked::<V>(kind);
        match self.way(&asked)? {
            Way::Make => Ok(asked),
            Way::Into { .. } => Err(Stop),
        }
    }

    /// A compound that is made empty.
    fn elastic<'de, V: Visitor<'de>>(&self, kind: Kind) -> Traced<Option<(usize, Task<'p>)>> {
        Ok(match self.way(&self.asked::<V>(kind))? {
            Way::Into { part, then, .. } => Some((part, then)),
            Way::Make => None,
        })
    }

    /// Elements one after the other, of which there are as many as the type says.
    fn elements<'de, V: Visitor<'de>>(self, asked: &Asked, visitor: V) -> Traced<V::Value> {
        visitor.visit_seq(match self.way(asked)? {
            Way::Into { part, then, .. } => Places::up_to(self, part, then),
            Way::Make => Places::all(self),
        })
    }

    pub(super) fn tuple_like<'de, V: Visitor<'de>>(
        self,
        kind: Kind,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Traced<V::Value> {
        let asked = Asked { name, len, ..self.asked::<V>(kind) };
        self.elements(&asked, visitor)
    }

    pub(super) fn struct_like<'de, V: Visitor<'de>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Traced<V::Value> {
        let asked = Asked { name, names, len: names.len(), ..self.asked::<V>(Kind::Struct) };
        match self.way(&asked)? {
            Way::Into { part, then, tag } => {
                let at = if tag.is_some() { 1 } else { part };
                let name = names.get(at).ok_or(Stop)?;
                let tag = names.first().copied().zip(tag);
                visitor.visit_map(Entries::new(self, tag, (name, then)))
            }
            Way::Make => visitor.visit_seq(Places::all(self)),
        }
    }

    /// What is in a variant whose content has a type of its own.
    pub(super) fn newtype_variant<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Traced<S::Value> {
        let inside = type_name::<S::Value>();
        let asked = Asked { visitor: inside, value: inside, ..self.variant(Kind::NewtypeVariant) };
        let then = match self.way(&asked)? {
            Way::Into { then, .. } => then,
            Way::Make => Task::Make,
        };
        seed.deserialize(self.at(then, inside))
    }

    pub(super) fn unit_variant(self) -> Traced<()> {
        match self.way(&self.variant(Kind::UnitVariant))? {
            Way::Into { .. } => Err(Stop),
            Way::Make => Ok(()),
        }
    }

    fn variant(&self, kind: Kind) -> Asked {
        Asked { kind, name: "", names: &[], len: 0, visitor: "", value: "", expected: self.expected }
    }
}

macro_rules! leaves {
    ($($method:ident: $kind:ident, $visit:ident($($value:expr)?);)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Traced<V::Value> {
                self.leaf::<V>(Kind::$kind)?;
                visitor.$visit($($value)?)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Stop;

    // One, for numbers that must not be zero.
    leaves! {
        deserialize_bool: Bool, visit_bool(false);
        deserialize_i8: I8, visit_i8(1);
        deserialize_i16: I16, visit_i16(1);
        deserialize_i32: I32, visit_i32(1);
        deserialize_i64: I64, visit_i64(1);
        deserialize_i128: I128, visit_i128(1);
        deserialize_u8: U8, visit_u8(1);
        deserialize_u16: U16, visit_u16(1);
        deserialize_u32: U32, visit_u32(1);
        deserialize_u64: U64, visit_u64(1);
        deserialize_u128: U128, visit_u128(1);
        deserialize_f32: F32, visit_f32(1.0);
        deserialize_f64: F64, visit_f64(1.0);
        deserialize_char: Char, visit_char('a');
        deserialize_unit: Unit, visit_unit();
        deserialize_ignored_any: Ignored, visit_unit();
        // Never made.
        deserialize_identifier: Identifier, visit_unit();
        deserialize_any: Any, visit_unit();
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Traced<V::Value> {
        let asked = self.leaf::<V>(Kind::Str)?;
        visitor.visit_borrowed_str(trust::text(&asked).unwrap_or(""))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Traced<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Traced<V::Value> {
        let asked = self.leaf::<V>(Kind::Bytes)?;
        visitor.visit_borrowed_bytes(trust::bytes(&asked))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Traced<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Traced<V::Value> {
        match self.elastic::<V>(Kind::Option)? {
            Some((_, then)) => {
                let inside = names::split(type_name::<V::Value>()).1;
                visitor.visit_some(self.at(then, inside.unwrap_or("")))
            }
            None => visitor.visit_none(),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Traced<V::Value> {
        visitor.visit_seq(match self.elastic::<V>(Kind::Seq)? {
            Some((part, then)) => Places::up_to(self, part, then),
            None => Places::none(self),
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Traced<V::Value> {
        let part = self.elastic::<V>(Kind::Map)?;
        visitor.visit_map(Pairs { tracer: self, part })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Traced<V::Value> {
        self.tuple_like(Kind::Tuple, "", len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Traced<V::Value> {
        self.tuple_like(Kind::TupleStruct, name, len, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Traced<V::Value> {
        // As a sequence of one, whose element says its type.
        self.tuple_like(Kind::Newtype, name, 1, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Traced<V::Value> {
        let asked = Asked { name, ..self.asked::<V>(Kind::UnitStruct) };
        match self.way(&asked)? {
            Way::Into { .. } => Err(Stop),
            Way::Make => visitor.visit_unit(),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Traced<V::Value> {
        self.struct_like(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Traced<V::Value> {
        let asked = Asked { name, names: variants, len: variants.len(), ..self.asked::<V>(Kind::Enum) };
        let (variant, then) = match self.way(&asked)? {
            Way::Into { part, then, .. } => (part, then),
            Way::Make => (self.pass.graph.variant_that_ends(&asked).ok_or(Stop)?, Task::Make),
        };
        let name = variants.get(variant).ok_or(Stop)?;
        visitor.visit_enum(Chosen { name, content: self.at(then, asked.value) })
    }

    fn is_human_readable(&self) -> bool {
        self.pass.human_readable
    }
}
