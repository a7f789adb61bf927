//! The tracer as serde sees it: each method says what was asked for and answers with a candidate.

use std::any::type_name;

use serde::de::{Deserializer, Visitor};

use super::{
    access::{Entries, Picked, Places},
    candidates::{
        ANY, Any, BYTE_LENGTHS, CHARS, FLOATS, INTEGERS, MAP_LENGTHS, SEQUENCE_LENGTHS, STRINGS, ZEROS,
    },
    graph::Fault,
    refusal::Refusal,
    shape::{Kind, Leaf, What},
    tracer::{Asked, Outcome, Tracer},
};

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
        let asked = Asked { names: variants, ..Asked::named(Kind::Enum, name, variants.len()) };
        self.compound(asked, variants.len().max(1), visitor, |visitor, frame| {
            let chosen = self.graph.borrow_mut().choose_variant(frame).ok_or(Refusal)?;
            let picked = Picked::new(self, frame, chosen.index, variants);
            let result = visitor.visit_enum(picked);
            self.graph.borrow_mut().close_variant(frame, chosen, result.is_ok());
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
            self.graph.borrow_mut().offered(frame, candidate, result.is_ok(), name);
            result
        })
    }

    fn is_human_readable(&self) -> bool {
        self.human_readable
    }
}
