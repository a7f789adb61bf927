//! The deserializer that a type's `Deserialize` is run against.
//!
//! It has no bytes. It notes what it is asked for and answers with a candidate, so that the type goes on to its next
//! field. The graph is never borrowed while the type's code runs.

use std::{any::type_name, cell::RefCell};

use serde::de::Visitor;

use super::{
    access::{Entries, Places},
    graph::{Frame, Graph},
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

pub(super) type Outcome<T> = Result<T, Refusal>;

impl<'g> Tracer<'g> {
    /// The same, at another place one level further in.
    fn at(self, slot: SlotId) -> Self {
        Tracer { slot, depth: self.depth + 1, ..self }
    }

    /// Gives the type a place to ask at, and looks at what comes back: between the last answer there and here, the
    /// type may still refuse the value as a whole.
    pub(super) fn hand_out<R>(self, slot: SlotId, give: impl FnOnce(Self) -> Outcome<R>) -> Outcome<R> {
        let mark = self.graph.borrow().mark();
        let result = give(self.at(slot));
        self.graph.borrow_mut().handed_back(slot, mark, result.is_ok());
        result
    }

    pub(super) fn leaf<'de, V: Visitor<'de>>(
        self,
        leaf: Leaf,
        arity: usize,
        visitor: V,
        visit: impl FnOnce(V, usize) -> Outcome<V::Value>,
    ) -> Outcome<V::Value> {
        let name = type_name::<V>();
        let (point, candidate) =
            self.graph.borrow_mut().leaf(self.slot, self.depth, What::Leaf(leaf), arity, name)?;
        let result = visit(visitor, candidate);
        let taken = result.is_ok();
        self.graph.borrow_mut().answer(self.slot, point, candidate, taken, name);
        result
    }

    /// A leaf whose candidates are few and never refused on their own.
    pub(super) fn mark(self, leaf: Leaf) -> Outcome<()> {
        let mut graph = self.graph.borrow_mut();
        graph.leaf(self.slot, self.depth, What::Leaf(leaf), 1, "").map(drop)
    }

    pub(super) fn compound<'de, V: Visitor<'de>>(
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
        let frame = self.graph.borrow_mut().open(self.slot, self.depth, key, asked.names, arity)?;
        let result = visit(visitor, &frame);
        self.graph.borrow_mut().close(&frame, result.is_ok());
        result
    }

    /// Elements of which there are as many as the type says.
    pub(super) fn elements<'de, V: Visitor<'de>>(self, asked: Asked, visitor: V) -> Outcome<V::Value> {
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
        let asked = Asked { names: fields, ..Asked::named(Kind::Struct, name, fields.len()) };
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
pub(super) struct Asked {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) names: &'static [&'static str],
    pub(super) len: usize,
}

impl Asked {
    pub(super) fn unnamed(kind: Kind) -> Self {
        Asked::named(kind, "", 0)
    }

    pub(super) fn named(kind: Kind, name: &'static str, len: usize) -> Self {
        Asked { kind, name, names: &[], len }
    }
}
