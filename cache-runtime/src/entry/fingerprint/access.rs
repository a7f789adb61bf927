//! The parts of compounds, as a type asks for them one after the other.

use serde::{
    de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{
    graph::Frame,
    refusal::Refusal,
    shape::{Leaf, NodeId, SlotId},
    tracer::Tracer,
};

/// The elements of a sequence or a tuple, or the fields of a struct by position.
pub(super) struct Places<'g> {
    tracer: Tracer<'g>,
    node: NodeId,
    next: usize,
    len: usize,
    /// All elements are of one type and have one place.
    same: bool,
}

impl<'g> Places<'g> {
    pub(super) fn each(tracer: Tracer<'g>, node: NodeId, len: usize) -> Self {
        Places { tracer, node, next: 0, len, same: false }
    }

    pub(super) fn same(tracer: Tracer<'g>, node: NodeId, len: usize) -> Self {
        let places = Places::each(tracer, node, len);
        Places { same: true, ..places }
    }
}

impl<'de> SeqAccess<'de> for Places<'_> {
    type Error = Refusal;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refusal> {
        if self.next == self.len {
            return Ok(None);
        }
        let index = if self.same { 0 } else { self.next };
        self.next += 1;
        let slot = self.tracer.graph.borrow_mut().child(self.node, index);
        self.tracer.hand_out(slot, |inner| seed.deserialize(inner)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len - self.next)
    }
}

/// The entries of a map, or the fields of a struct by name.
pub(super) struct Entries<'g> {
    tracer: Tracer<'g>,
    node: NodeId,
    /// In reverse: names, and places of keys.
    left: Vec<(EntryKey, SlotId)>,
    value: Option<SlotId>,
}

enum EntryKey {
    Name(&'static str),
    /// Whatever the type asks for at this place.
    Place(SlotId),
}

impl<'g> Entries<'g> {
    /// Every field that a value can be made of, once.
    pub(super) fn fields(tracer: Tracer<'g>, node: NodeId) -> Self {
        let mut graph = tracer.graph.borrow_mut();
        let mut left = Vec::new();
        for name in graph.fields_by_name(node).into_iter().rev() {
            let slot = graph.entry(node, name);
            if graph.is_open_to(slot) {
                left.push((EntryKey::Name(name), slot));
            }
        }
        drop(graph);
        Entries { tracer, node, left, value: None }
    }

    /// As many entries of any kind, and those that the type was found to miss.
    pub(super) fn some(tracer: Tracer<'g>, node: NodeId, count: usize) -> Self {
        let mut graph = tracer.graph.borrow_mut();
        let entries = graph.nodes[node].entries.iter();
        let mut left: Vec<_> = entries
            .filter(|entry| graph.is_open_to(entry.1))
            .map(|&(name, slot)| (EntryKey::Name(name), slot))
            .collect();
        for _ in 0..count {
            let (key, value) = (graph.child(node, 0), graph.child(node, 1));
            left.push((EntryKey::Place(key), value));
        }
        left.reverse();
        drop(graph);
        Entries { tracer, node, left, value: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some((key, value)) = self.left.pop() else {
            return Ok(None);
        };
        self.value = Some(value);
        match key {
            EntryKey::Name(name) => {
                self.tracer.graph.borrow_mut().nodes[self.node].last_key = name;
                seed.deserialize(Name { name, number: None }).map(Some)
            }
            EntryKey::Place(slot) => {
                let key = self.tracer.hand_out(slot, |inner| seed.deserialize(inner));
                key.map(Some)
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refusal> {
        let slot = self.value.take().ok_or(Refusal)?;
        self.tracer.hand_out(slot, |inner| seed.deserialize(inner))
    }
}

/// One variant of an enum.
pub(super) struct Picked<'g> {
    tracer: Tracer<'g>,
    frame: Frame,
    name: Name,
    slot: SlotId,
}

impl<'g> Picked<'g> {
    pub(super) fn new(tracer: Tracer<'g>, frame: &Frame, index: usize, names: &[&'static str]) -> Self {
        let mut graph = tracer.graph.borrow_mut();
        let by_index = graph.nodes[frame.node].by_index;
        let slot = graph.child(frame.node, index);
        drop(graph);
        Picked {
            tracer,
            frame: *frame,
            name: Name {
                name: names.get(index).copied().unwrap_or(""),
                number: by_index.then_some(index as u32),
            },
            slot,
        }
    }

    fn content(&self) -> Tracer<'g> {
        Tracer { slot: self.slot, depth: self.tracer.depth + 1, ..self.tracer }
    }
}

impl<'de> EnumAccess<'de> for Picked<'_> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Refusal> {
        match seed.deserialize(self.name) {
            Ok(variant) => Ok((variant, self)),
            Err(refusal) => {
                self.tracer.graph.borrow_mut().variant_name_refused(&self.frame);
                Err(refusal)
            }
        }
    }
}

impl<'de> VariantAccess<'de> for Picked<'_> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        self.content().mark(Leaf::UnitVariant)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Refusal> {
        self.content().mark(Leaf::NewtypeVariant)?;
        let slot = self.slot;
        self.tracer.hand_out(slot, |inner| seed.deserialize(inner))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.content().tuple_like("", len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.content().struct_like("", fields, visitor)
    }
}

/// The name of a field or a variant, or the number of a variant for types that take nothing else.
#[derive(Clone, Copy)]
struct Name {
    name: &'static str,
    number: Option<u32>,
}

impl<'de> Deserializer<'de> for Name {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.number {
            Some(number) => visitor.visit_u32(number),
            None => visitor.visit_borrowed_str(self.name),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
