//! The types of the standard library that have parts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash as StdHash};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    Hash, InShape, List, PartsReader, PartsWriter, Set, Shape, SortedSet, damaged, decode, encode, key_name,
    scored_part,
};
use crate::codec::{Codec, CodecError};
use crate::store::vocabulary::parts::{descending, score_of};

impl<T: InShape<S>, S: Shape> InShape<S> for Option<T> {
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
        match self {
            Some(value) => value.write_parts(parts),
            None => {
                parts.none();
                Ok(())
            }
        }
    }

    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
        if parts.parts.is_none() { Ok(None) } else { T::read_parts(parts).map(Some) }
    }
}

macro_rules! pointers {
    ($($pointer:ident)*) => {
        $(
            impl<T: InShape<S>, S: Shape> InShape<S> for $pointer<T> {
                fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
                    (**self).write_parts(parts)
                }

                fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
                    T::read_parts(parts).map($pointer::new)
                }
            }
        )*
    };
}
pointers!(Box Arc);

fn write_map<'m, C: Codec, K: Serialize + 'm, V: Serialize + 'm>(
    map: impl Iterator<Item = (&'m K, &'m V)>,
    parts: &mut PartsWriter<'_, C>,
) -> Result<(), CodecError> {
    let mut names = HashSet::new();
    for (key, value) in map {
        let name = key_name::<C, K>(key)?;
        parts.named(&name, value)?;
        alike(names.insert(name))?;
    }
    Ok(())
}

fn read_map<C: Codec, K: DeserializeOwned, V: DeserializeOwned, M: FromIterator<(K, V)>>(
    parts: &PartsReader<'_, C>,
) -> Result<M, CodecError> {
    let entry = |(name, part): &(&[u8], &[u8])| {
        let key = name.strip_prefix(b":").ok_or_else(damaged)?;
        Ok((C::decode_stored(key, key.len())?, decode::<C, V>(name, part)?))
    };
    parts.all.iter().map(entry).collect()
}

impl<K, V, B> InShape<Hash> for HashMap<K, V, B>
where
    K: Serialize + DeserializeOwned + Eq + StdHash,
    V: Serialize + DeserializeOwned,
    B: BuildHasher + Default,
{
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
        write_map(self.iter(), parts)
    }

    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
        read_map(parts)
    }
}

impl<K, V> InShape<Hash> for BTreeMap<K, V>
where
    K: Serialize + DeserializeOwned + Ord,
    V: Serialize + DeserializeOwned,
{
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
        write_map(self.iter(), parts)
    }

    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
        read_map(parts)
    }
}

fn write_set<'m, C: Codec, M: Serialize + 'm>(
    set: impl Iterator<Item = &'m M>,
    parts: &mut PartsWriter<'_, C>,
) -> Result<(), CodecError> {
    let mut members = HashSet::new();
    for member in set {
        let part = encode::<C, M>(&[], member)?;
        parts.parts.raw(&[], &part);
        alike(members.insert(part))?;
    }
    Ok(())
}

fn read_elements<C: Codec, M: DeserializeOwned, V: FromIterator<M>>(
    parts: &PartsReader<'_, C>,
) -> Result<V, CodecError> {
    parts.all.iter().map(|(_, part)| decode::<C, M>(&[], part)).collect()
}

impl<M, B> InShape<Set> for HashSet<M, B>
where
    M: Serialize + DeserializeOwned + Eq + StdHash,
    B: BuildHasher + Default,
{
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
        write_set(self.iter(), parts)
    }

    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
        read_elements(parts)
    }
}

impl<M: Serialize + DeserializeOwned + Ord> InShape<Set> for BTreeSet<M> {
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
        write_set(self.iter(), parts)
    }

    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
        read_elements(parts)
    }
}

macro_rules! lists {
    ($($list:ident)*) => {
        $(
            impl<E: Serialize + DeserializeOwned> InShape<List> for $list<E> {
                fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
                    self.iter().try_for_each(|element| parts.element(element))
                }

                fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
                    read_elements(parts)
                }
            }
        )*
    };
}
lists!(Vec VecDeque);

/// Writes members from the highest score down, as a server has them; `keeps_order` has the value's own order written too, where that differs.
fn write_scored<'m, C: Codec, M: Serialize + 'm>(
    scored: impl Iterator<Item = (&'m M, f64)>,
    keeps_order: bool,
    parts: &mut PartsWriter<'_, C>,
) -> Result<(), CodecError> {
    let (mut members, mut known) = (Vec::new(), HashSet::new());
    for (at, (member, score)) in scored.enumerate() {
        let part = encode::<C, M>(&[], member)?;
        scored_part(score)?;
        alike(known.insert(part.clone()))?;
        members.push(((part, score), u32::try_from(at).map_err(CodecError::new)?));
    }
    members.sort_by(|(a, _), (b, _)| descending(a, b));
    for ((part, score), _) in &members {
        parts.parts.raw(&scored_part(*score)?, part);
    }
    let order: Vec<u32> = members.into_iter().map(|(_, at)| at).collect();
    if keeps_order && !order.is_sorted() {
        parts.parts.order(&order);
    }
    Ok(())
}

/// In the order in which they were.
fn read_scored<C: Codec, M: DeserializeOwned>(
    parts: &PartsReader<'_, C>,
) -> Result<Vec<(M, f64)>, CodecError> {
    let scored = parts.all.iter().map(|(name, part)| Ok((*part, score_of(name).ok_or_else(damaged)?)));
    let mut scored = scored.collect::<Result<Vec<(&[u8], f64)>, CodecError>>()?;
    // A server gives them from the lowest up.
    scored.reverse();
    scored.sort_by(descending);
    let member = |(part, score): &(&[u8], f64)| Ok((decode::<C, M>(&[], part)?, *score));
    if !parts.parts.is_ordered() {
        return scored.iter().map(member).collect();
    }
    let order = parts.parts.order().filter(|order| order.len() == scored.len()).ok_or_else(damaged)?;
    let mut all: Vec<(u32, (M, f64))> = order
        .into_iter()
        .zip(&scored)
        .map(|(at, scored)| Ok((at, member(scored)?)))
        .collect::<Result<_, CodecError>>()?;
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, scored)| scored).collect())
}

impl<M: Serialize + DeserializeOwned> InShape<SortedSet> for Vec<(M, f64)> {
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
        write_scored(self.iter().map(|(member, score)| (member, *score)), true, parts)
    }

    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
        read_scored(parts)
    }
}

impl<M, B> InShape<SortedSet> for HashMap<M, f64, B>
where
    M: Serialize + DeserializeOwned + Eq + StdHash,
    B: BuildHasher + Default,
{
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
        write_scored(self.iter().map(|(member, score)| (member, *score)), false, parts)
    }

    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
        Ok(read_scored(parts)?.into_iter().collect())
    }
}

impl<M: Serialize + DeserializeOwned + Ord> InShape<SortedSet> for BTreeMap<M, f64> {
    fn write_parts<C: Codec>(&self, parts: &mut PartsWriter<'_, C>) -> Result<(), CodecError> {
        write_scored(self.iter().map(|(member, score)| (member, *score)), false, parts)
    }

    fn read_parts<C: Codec>(parts: &mut PartsReader<'_, C>) -> Result<Self, CodecError> {
        Ok(read_scored(parts)?.into_iter().collect())
    }
}

/// Redis would have one of two members that are written alike.
fn alike(is_new: bool) -> Result<(), CodecError> {
    if is_new {
        Ok(())
    } else {
        Err(CodecError::new("two members of the value are written as the same bytes"))
    }
}
