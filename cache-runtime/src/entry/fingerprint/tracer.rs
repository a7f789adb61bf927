//! The deserializer that a type's `Deserialize` is run against.
//!
//! It has no bytes. It notes what it is asked for and answers with a candidate, so that the type goes on to its next
//! field. The graph is never borrowed while the type's code runs.

use std::{any::type_name, cell::RefCell};

use serde::de::{Deserializer, Visitor};

use super::{
    access::{Entries, Picked, Places},
    candidates::{
        BYTE_LENGTHS, CHARS, FLOATS, INTEGERS, MAP_LENGTHS, SEQUENCE_LENGTHS, STRINGS, ZEROS,
    },
    graph::{Fault, Frame, Graph},
    refusal::Refusal,
    shape::{Key, Kind, Leaf, SlotId, What},
};

/// A value is asked for at one place.
#[derive(Clone, Copy)]
pub(super) struct Tracer<'g> {
    pub(super) graph: &'g RefCell<Graph>,
    pub(super) slot: SlotId,
    pub(super) depth: u16,
    pub(super) human_readable: bool,
}

type Outcome<T> = Result<T, Refusal>;

impl<'g> Tracer<'g> {
    /// The same, at another place one level further in.
    fn at(self, slot: SlotId) -> Self {
        Tracer {
            slot,
            depth: self.depth + 1,
            ..self
        }
    }

    /// Gives the type a place to ask at, and looks at what comes back: between the last answer there and here, the
    /// type may still refuse the value as a whole.
    pub(super) fn hand_out<R>(self, slot: SlotId, give: impl FnOnce(Self) -> Outcome<R>) -> Outcome<R> {
        let mark = self.graph.borrow().mark();
        let result = give(self.at(slot));
        self.graph.borrow_mut().handed_back(slot, mark, result.is_ok());
        result
    }

    fn leaf<'de, V: Visitor<'de>>(
        self,
        leaf: Leaf,
        arity: usize,
        visitor: V,
        visit: impl FnOnce(V, usize) -> Outcome<V::Value>,
    ) -> Outcome<V::Value> {
        let name = type_name::<V>();
        let (point, candidate) =
            self.graph
                .borrow_mut()
                .leaf(self.slot, self.depth, What::Leaf(leaf), arity, name)?;
        let result = visit(visitor, candidate);
        let taken = result.is_ok();
        self.graph
            .borrow_mut()
            .answer(self.slot, point, candidate, taken, name);
        result
    }

    /// A leaf whose candidates are few and never refused on their own.
    pub(super) fn mark(self, leaf: Leaf) -> Outcome<()> {
        let mut graph = self.graph.borrow_mut();
        graph.leaf(self.slot, self.depth, What::Leaf(leaf), 1, "").map(drop)
    }

    fn compound<'de, V: Visitor<'de>>(
        self,
        asked: Asked,
        arity: usize,
        visitor: V,
        visit: impl FnOnce(V, &Frame) -> Outcome<V::Value>,
    ) -> Outcome<V::Value> {
        let key = Key {
            kind: asked.kind,
            name: asked.name,
            len: asked.len,
            visitor: type_name::<V>(),
            value: type_name::<V::Value>(),
            slot: (asked.kind == Kind::Any).then_some(self.slot),
        };
        let frame = self
            .graph
            .borrow_mut()
            .open(self.slot, self.depth, key, asked.names, arity)?;
        let result = visit(visitor, &frame);
        self.graph.borrow_mut().close(&frame, result.is_ok());
        result
    }

    /// Elements of which there are as many as the type says.
    fn elements<'de, V: Visitor<'de>>(self, asked: Asked, visitor: V) -> Outcome<V::Value> {
        self.compound(asked, 1, visitor, |visitor, frame| {
            visitor.visit_seq(Places::each(self, frame.node, asked.len))
        })
    }

    pub(super) fn tuple_like<'de, V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Outcome<V::Value> {
        let asked = Asked::named(Kind::TupleStruct, name, len);
        self.elements(asked, visitor)
    }

    pub(super) fn struct_like<'de, V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        let asked = Asked {
            names: fields,
            ..Asked::named(Kind::Struct, name, fields.len())
        };
        self.compound(asked, 1, visitor, |visitor, frame| {
            let by_name = self.graph.borrow().is_by_name(frame);
            if by_name {
                visitor.visit_map(Entries::fields(self, frame.node))
            } else {
                // By position first: a list of fields holds their aliases too, and a map of it would hold a field twice.
                visitor.visit_seq(Places::each(self, frame.node, fields.len()))
            }
        })
    }
}

/// What the type calls the compound that it asks for.
#[derive(Clone, Copy)]
struct Asked {
    kind: Kind,
    name: &'static str,
    names: &'static [&'static str],
    len: usize,
}

impl Asked {
    fn unnamed(kind: Kind) -> Self {
        Asked::named(kind, "", 0)
    }

    fn named(kind: Kind, name: &'static str, len: usize) -> Self {
        Asked {
            kind,
            name,
            names: &[],
            len,
        }
    }
}

macro_rules! leaves {
    ($($method:ident: $leaf:ident from $list:ident, $visit:ident($ty:ty);)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
                self.leaf(Leaf::$leaf, $list.len(), visitor, |visitor, candidate| {
                    visitor.$visit($list[candidate] as $ty)
                })
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Refusal;

    leaves! {
        deserialize_i8: I8 from INTEGERS, visit_i8(i8);
        deserialize_i16: I16 from INTEGERS, visit_i16(i16);
        deserialize_i32: I32 from INTEGERS, visit_i32(i32);
        deserialize_i64: I64 from INTEGERS, visit_i64(i64);
        deserialize_i128: I128 from INTEGERS, visit_i128(i128);
        deserialize_u8: U8 from INTEGERS, visit_u8(u8);
        deserialize_u16: U16 from INTEGERS, visit_u16(u16);
        deserialize_u32: U32 from INTEGERS, visit_u32(u32);
        deserialize_u64: U64 from INTEGERS, visit_u64(u64);
        deserialize_u128: U128 from INTEGERS, visit_u128(u128);
        deserialize_f32: F32 from FLOATS, visit_f32(f32);
        deserialize_f64: F64 from FLOATS, visit_f64(f64);
        deserialize_char: Char from CHARS, visit_char(char);
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.leaf(Leaf::Bool, 2, visitor, |visitor, candidate| visitor.visit_bool(candidate == 1))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.leaf(Leaf::Str, STRINGS.len(), visitor, |visitor, candidate| {
            visitor.visit_borrowed_str(STRINGS[candidate])
        })
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.leaf(Leaf::Bytes, BYTE_LENGTHS.len(), visitor, |visitor, candidate| {
            visitor.visit_borrowed_bytes(&ZEROS[..BYTE_LENGTHS[candidate]])
        })
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.leaf(Leaf::Unit, 1, visitor, |visitor, _| visitor.visit_unit())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.leaf(Leaf::Ignored, 1, visitor, |visitor, _| visitor.visit_unit())
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let mark = self.graph.borrow().mark();
        let name = type_name::<V>();
        let what = What::Leaf(Leaf::Identifier);
        let (point, candidate) = self.graph.borrow_mut().leaf(self.slot, self.depth, what, 1, name)?;
        let text = self.graph.borrow().name_of_tag(point, candidate);
        let result = visitor.visit_borrowed_str(text);
        let taken = result.is_ok();
        let mut graph = self.graph.borrow_mut();
        if !taken && graph.learn_tag(point, mark) {
            graph.fault = Fault::Retry;
        } else {
            graph.answer(self.slot, point, candidate, taken, name);
        }
        result
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Outcome<V::Value> {
        let asked = Asked::named(Kind::UnitStruct, name, 0);
        self.compound(asked, 1, visitor, |visitor, _| visitor.visit_unit())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        let asked = Asked::named(Kind::Newtype, name, 0);
        self.compound(asked, 1, visitor, |visitor, frame| {
            let child = self.graph.borrow_mut().child(frame.node, 0);
            self.hand_out(child, |inner| visitor.visit_newtype_struct(inner))
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.compound(Asked::unnamed(Kind::Option), 2, visitor, |visitor, frame| {
            let child = self.graph.borrow_mut().child(frame.node, 0);
            let count = self.graph.borrow().count(frame, &[child], &[0, 1]);
            if count == 0 {
                visitor.visit_none()
            } else {
                self.hand_out(child, |inner| visitor.visit_some(inner))
            }
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let asked = Asked::unnamed(Kind::Seq);
        self.compound(asked, SEQUENCE_LENGTHS.len(), visitor, |visitor, frame| {
            let child = self.graph.borrow_mut().child(frame.node, 0);
            let count = self.graph.borrow().count(frame, &[child], &SEQUENCE_LENGTHS);
            visitor.visit_seq(Places::same(self, frame.node, count))
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let asked = Asked::unnamed(Kind::Map);
        self.compound(asked, MAP_LENGTHS.len(), visitor, |visitor, frame| {
            let key = self.graph.borrow_mut().child(frame.node, 0);
            let value = self.graph.borrow_mut().child(frame.node, 1);
            let count = self.graph.borrow().count(frame, &[key, value], &MAP_LENGTHS);
            visitor.visit_map(Entries::some(self, frame.node, count))
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Outcome<V::Value> {
        self.elements(Asked::named(Kind::Tuple, "", len), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Outcome<V::Value> {
        self.tuple_like(name, len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        self.struct_like(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        let asked = Asked {
            names: variants,
            ..Asked::named(Kind::Enum, name, variants.len())
        };
        self.compound(asked, variants.len().max(1), visitor, |visitor, frame| {
            let chosen = self.graph.borrow_mut().choose_variant(frame).ok_or(Refusal)?;
            let picked = Picked::new(self, frame, chosen.index, variants);
            let result = visitor.visit_enum(picked);
            self.graph
                .borrow_mut()
                .close_variant(frame, chosen, result.is_ok());
            result
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let asked = Asked::unnamed(Kind::Any);
        let name = type_name::<V>();
        self.compound(asked, ANY.len() + STRINGS.len(), visitor, |visitor, frame| {
            let candidate = self.graph.borrow_mut().offer(frame)?;
            let heard = self.graph.borrow().heard.first().copied().unwrap_or("");
            let result = match ANY.get(candidate) {
                Some(Any::Map) => visitor.visit_map(Entries::some(self, frame.node, 0)),
                Some(Any::Unit) => visitor.visit_unit(),
                Some(Any::Integer) => visitor.visit_u64(0),
                Some(Any::Text) => visitor.visit_borrowed_str(""),
                Some(Any::Name) => visitor.visit_borrowed_str(heard),
                Some(Any::Bool) => visitor.visit_bool(false),
                Some(Any::Float) => visitor.visit_f64(0.5),
                Some(Any::Seq) => visitor.visit_seq(Places::same(self, frame.node, 0)),
                Some(Any::Bytes) => visitor.visit_borrowed_bytes(&[]),
                Some(Any::Negative) => visitor.visit_i64(-1),
                None => visitor.visit_borrowed_str(STRINGS[candidate - ANY.len()]),
            };
            self.graph
                .borrow_mut()
                .offered(frame, candidate, result.is_ok(), name);
            result
        })
    }

    fn is_human_readable(&self) -> bool {
        self.human_readable
    }
}

/// What is offered to a type that asks the bytes what they are, before texts. The map first: it makes types name their
/// fields.
enum Any {
    Map,
    Unit,
    Integer,
    Text,
    /// A variant's name, if a text was refused and names were told.
    Name,
    Bool,
    Float,
    Seq,
    Bytes,
    Negative,
}

const ANY: [Any; 10] = [
    Any::Map,
    Any::Unit,
    Any::Integer,
    Any::Text,
    Any::Name,
    Any::Bool,
    Any::Float,
    Any::Seq,
    Any::Bytes,
    Any::Negative,
];
