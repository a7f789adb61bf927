//! What `Bounded` hands to visitors: every way down into a compound is watched again.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{Bounded, DecodeScope, Seed};

/// A visitor that passes scalars on and hands out watched access to everything that has parts.
pub(crate) struct Watch<'b, V> {
    pub(crate) visitor: V,
    pub(crate) scope: DecodeScope<'b>,
    pub(crate) counted: bool,
}

impl<V> Watch<'_, V> {
    /// Pays for all elements at once where their number is claimed, so that a claim beyond the budget ends here and
    /// the elements cost nothing: a codec that claims a number gives no more than that. Whether they are paid for.
    #[inline]
    fn pay<E: Error>(&self, claimed: Option<usize>) -> Result<bool, E> {
        if !self.counted {
            return Ok(true);
        }
        let Some(claimed) = claimed else { return Ok(false) };
        self.scope.budget.charge(claimed)?;
        Ok(true)
    }
}

macro_rules! pass_on {
    ($($method:ident($ty:ty);)*) => {
        $(
            #[inline]
            fn $method<E: Error>(self, value: $ty) -> Result<V::Value, E> {
                self.visitor.$method(value)
            }
        )*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watch<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    pass_on! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_i128(i128);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_u128(u128);
        visit_f32(f32);
        visit_f64(f64);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let scope = self.scope.wrapper()?;
        self.visitor.visit_some(Bounded { inner, scope })
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let scope = self.scope.wrapper()?;
        self.visitor.visit_newtype_struct(Bounded { inner, scope })
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let scope = self.scope.container()?;
        let paid = self.pay(inner.size_hint())?;
        self.visitor.visit_seq(WatchedParts { inner, scope, paid })
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let scope = self.scope.container()?;
        let paid = self.pay(inner.size_hint())?;
        self.visitor.visit_map(WatchedParts { inner, scope, paid })
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let scope = self.scope.container()?;
        self.visitor.visit_enum(WatchedParts { inner, scope, paid: true })
    }
}

/// Access to the parts of a compound, whichever kind it is.
struct WatchedParts<'b, A> {
    inner: A,
    scope: DecodeScope<'b>,
    /// All elements are paid for, or are not to be: their number is in the type.
    paid: bool,
}

impl<'b, A> WatchedParts<'b, A> {
    #[inline]
    fn seed<S>(&self, inner: S) -> Seed<'b, S> {
        Seed { inner, scope: self.scope }
    }

    #[inline]
    fn charge<E: Error>(&self) -> Result<(), E> {
        // Of the same answer for all elements, so that the loop over them is compiled without the question.
        if self.paid { Ok(()) } else { self.scope.budget.charge(1) }
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for WatchedParts<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.charge()?;
        let seed = self.seed(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.scope.budget.reserve(self.inner.size_hint())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WatchedParts<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.charge()?;
        let seed = self.seed(seed);
        self.inner.next_key_seed(seed)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.seed(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.scope.budget.reserve(self.inner.size_hint())
    }
}

impl<'de, 'b, A: EnumAccess<'de>> EnumAccess<'de> for WatchedParts<'b, A> {
    type Error = A::Error;
    type Variant = WatchedParts<'b, A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let seed = self.seed(seed);
        let (value, inner) = self.inner.variant_seed(seed)?;
        let variant = WatchedParts { inner, scope: self.scope, paid: true };
        Ok((value, variant))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for WatchedParts<'_, A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.seed(seed);
        self.inner.newtype_variant_seed(seed)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Watch { visitor, scope: self.scope, counted: false })
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Watch { visitor, scope: self.scope, counted: false })
    }
}
