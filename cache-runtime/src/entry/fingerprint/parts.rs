//! The parts of compounds, as a type asks for them one after the other. Behind the part that is to be seen everything is an
//! error, so nothing is completed: no default of a field that is missing, no value of the whole.

use std::any::type_name;

use serde::de::{
    DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor, value::BorrowedStrDeserializer,
};

use super::asked::Kind;
use super::tracer::{Stop, Task, Traced, Tracer};

/// Elements of a sequence, or fields by position.
pub(super) struct Places<'p> {
    tracer: Tracer<'p>,
    /// How many are made first.
    made: usize,
    then: Then<'p>,
}

enum Then<'p> {
    Do(Task<'p>),
    End,
    Stop,
}

impl<'p> Places<'p> {
    pub(super) fn up_to(tracer: Tracer<'p>, made: usize, then: Task<'p>) -> Self {
        Places { tracer, made, then: Then::Do(then) }
    }

    /// As many as are asked for.
    pub(super) fn all(tracer: Tracer<'p>) -> Self {
        Places { tracer, made: usize::MAX, then: Then::Stop }
    }

    pub(super) fn none(tracer: Tracer<'p>) -> Self {
        Places { tracer, made: 0, then: Then::End }
    }

    fn next(&mut self) -> Traced<Option<Task<'p>>> {
        if let Some(left) = self.made.checked_sub(1) {
            self.made = left;
            return Ok(Some(Task::Make));
        }
        match std::mem::replace(&mut self.then, Then::Stop) {
            Then::Do(task) => Ok(Some(task)),
            Then::End => Ok(None),
            Then::Stop => Err(Stop),
        }
    }
}

impl<'de> SeqAccess<'de> for Places<'_> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Traced<Option<S::Value>> {
        let Some(task) = self.next()? else { return Ok(None) };
        seed.deserialize(self.tracer.at(task, type_name::<S::Value>())).map(Some)
    }
}

/// A field by its name; before it, if its content depends on one, a tag.
pub(super) struct Entries<'p> {
    tracer: Tracer<'p>,
    tag: Option<(&'static str, &'static str)>,
    field: Option<(&'static str, Task<'p>)>,
    value: Option<Given<'p>>,
}

enum Given<'p> {
    Variant(&'static str),
    Place(Task<'p>),
}

impl<'p> Entries<'p> {
    pub(super) fn new(
        tracer: Tracer<'p>,
        tag: Option<(&'static str, &'static str)>,
        field: (&'static str, Task<'p>),
    ) -> Self {
        Entries { tracer, tag, field: Some(field), value: None }
    }

    fn next(&mut self) -> Traced<&'static str> {
        let (name, value) = match (self.tag.take(), self.field) {
            (Some((name, variant)), _) => (name, Given::Variant(variant)),
            (None, Some((name, task))) => {
                self.field = None;
                (name, Given::Place(task))
            }
            (None, None) => return Err(Stop),
        };
        self.value = Some(value);
        Ok(name)
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Traced<Option<K::Value>> {
        seed.deserialize(BorrowedStrDeserializer::new(self.next()?)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Traced<S::Value> {
        match self.value.take().ok_or(Stop)? {
            Given::Variant(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            Given::Place(task) => seed.deserialize(self.tracer.at(task, type_name::<S::Value>())),
        }
    }
}

/// The key or the value of a map's entry; no entry at all where a map is made.
pub(super) struct Pairs<'p> {
    pub(super) tracer: Tracer<'p>,
    pub(super) part: Option<(usize, Task<'p>)>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Traced<Option<K::Value>> {
        match self.part {
            None => Ok(None),
            Some((0, task)) => seed.deserialize(self.tracer.at(task, type_name::<K::Value>())).map(Some),
            Some(_) => Err(Stop),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, _: S) -> Traced<S::Value> {
        Err(Stop)
    }

    // What collections call: the value is seen without a key.
    fn next_entry_seed<K: DeserializeSeed<'de>, S: DeserializeSeed<'de>>(
        &mut self,
        key: K,
        value: S,
    ) -> Traced<Option<(K::Value, S::Value)>> {
        match self.part {
            None => return Ok(None),
            Some((0, task)) => {
                key.deserialize(self.tracer.at(task, type_name::<K::Value>()))?;
            }
            Some((_, task)) => {
                value.deserialize(self.tracer.at(task, type_name::<S::Value>()))?;
            }
        }
        Err(Stop)
    }
}

/// One variant of an enum.
pub(super) struct Chosen<'p> {
    pub(super) name: &'static str,
    pub(super) content: Tracer<'p>,
}

impl<'de> EnumAccess<'de> for Chosen<'_> {
    type Error = Stop;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Traced<(S::Value, Self)> {
        let variant = seed.deserialize(BorrowedStrDeserializer::new(self.name))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_> {
    type Error = Stop;

    fn unit_variant(self) -> Traced<()> {
        self.content.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Traced<S::Value> {
        self.content.newtype_variant(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Traced<V::Value> {
        self.content.tuple_like(Kind::TupleStruct, "", len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Traced<V::Value> {
        self.content.struct_like("", fields, visitor)
    }
}
