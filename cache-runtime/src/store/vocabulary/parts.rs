//! A value in parts: what the payload of an entry is whose function has a `shape`, and what can be asked of it.
//!
//! ```text
//! 0     | which shape
//! 1     | flags: 1, the value is `None`; 2, the last part is the order of the others
//! 2..6  | how many parts follow
//! then  | each part: 4 bytes, length of its name; 4 bytes, length of its value; the name; the value
//! ```
//!
//! A part of a hash is named after its field, and one of a sorted set by the eight bytes of its score. The value of a part is four bytes that check
//! it, and what the codec made of it. They are the same bytes in this process and in Redis, so a part that is read alone can be trusted as
//! the whole can.

use xxhash_rust::xxh3::xxh3_64;

/// In which of Redis's types a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShapeKind {
    Hash = 1,
    Set = 2,
    SortedSet = 3,
    List = 4,
}

/// What stands before the parts: all that a reader of one part is given of the payload.
pub(crate) const PROLOGUE_LEN: usize = 6;
const CHECK_LEN: usize = 4;
const IS_NONE: u8 = 1;
const IS_ORDERED: u8 = 2;

impl ShapeKind {
    pub(crate) const ALL: [Self; 4] = [Self::Hash, Self::Set, Self::SortedSet, Self::List];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// Writes parts behind what a buffer has already.
pub(crate) struct PartsBuffer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    count: u32,
}

impl<'o> PartsBuffer<'o> {
    pub(crate) fn new(kind: ShapeKind, out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&[kind as u8, 0, 0, 0, 0, 0]);
        Self { out, start, count: 0 }
    }

    /// The value is `None`.
    pub(crate) fn none(&mut self) {
        self.out[self.start + 1] |= IS_NONE;
    }

    /// Adds a part. `encode` appends its value, which is checked under `checked`, a part of its name or nothing.
    pub(crate) fn part<A, E>(
        &mut self,
        name: &[u8],
        checked: &[u8],
        encode: impl FnOnce(&mut Vec<u8>) -> Result<A, E>,
    ) -> Result<A, E> {
        self.out.extend_from_slice(&(name.len() as u32).to_le_bytes());
        let len_at = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        self.out.extend_from_slice(name);
        let value_at = self.out.len();
        self.out.extend_from_slice(&[0; CHECK_LEN]);
        let done = encode(self.out)?;
        let check = check(checked, &self.out[value_at + CHECK_LEN..]);
        self.out[value_at..value_at + CHECK_LEN].copy_from_slice(&check);
        let len = ((self.out.len() - value_at) as u32).to_le_bytes();
        self.out[len_at..len_at + 4].copy_from_slice(&len);
        self.count += 1;
        Ok(done)
    }

    /// Adds a part as it is.
    pub(crate) fn raw(&mut self, name: &[u8], value: &[u8]) {
        self.out.extend_from_slice(&(name.len() as u32).to_le_bytes());
        self.out.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.out.extend_from_slice(name);
        self.out.extend_from_slice(value);
        self.count += 1;
    }

    /// Adds the order in which the value has the parts so far.
    pub(crate) fn order(&mut self, order: &[u32]) {
        self.out[self.start + 1] |= IS_ORDERED;
        let bytes: Vec<u8> = order.iter().flat_map(|place| place.to_le_bytes()).collect();
        self.raw(&[], &bytes);
    }

    /// Writes how many there are.
    pub(crate) fn finish(self) {
        let at = self.start + 2;
        self.out[at..at + 4].copy_from_slice(&self.count.to_le_bytes());
    }
}

/// What stands in the four bytes before a value.
pub(crate) fn check(checked: &[u8], value: &[u8]) -> [u8; CHECK_LEN] {
    let [a, b, c, d, ..] = (xxh3_64(value) ^ xxh3_64(checked).rotate_left(1)).to_le_bytes();
    [a, b, c, d]
}

/// A value as parts have it.
pub(crate) fn with_check(checked: &[u8], value: &[u8]) -> Vec<u8> {
    [&check(checked, value)[..], value].concat()
}

/// What a codec has made of a part's value, if that is as it was written.
pub(crate) fn checked<'v>(checked: &[u8], part: &'v [u8]) -> Option<&'v [u8]> {
    let (stored, value) = part.split_at_checked(CHECK_LEN)?;
    (stored == check(checked, value)).then_some(value)
}

/// A payload that consists of parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartsPayload<'b> {
    pub(crate) kind: ShapeKind,
    flags: u8,
    count: u32,
    rest: &'b [u8],
}

/// A part: its name and its value.
pub(crate) type PartBytes<'b> = (&'b [u8], &'b [u8]);

impl<'b> PartsPayload<'b> {
    /// Of a payload, or of its prologue alone. Whether all parts are there is for [`iter`](Self::iter) to say.
    pub(crate) fn of(payload: &'b [u8]) -> Option<Self> {
        let (prologue, rest) = payload.split_first_chunk::<PROLOGUE_LEN>()?;
        let [kind, flags, a, b, c, d] = *prologue;
        Some(Self { kind: ShapeKind::of(kind)?, flags, count: u32::from_le_bytes([a, b, c, d]), rest })
    }

    pub(crate) fn is_none(&self) -> bool {
        self.flags & IS_NONE != 0
    }

    pub(crate) fn is_ordered(&self) -> bool {
        self.flags & IS_ORDERED != 0
    }

    /// How many there are to be, the order included.
    pub(crate) fn count(&self) -> usize {
        self.count as usize
    }

    /// How many the value has.
    pub(crate) fn len(&self) -> usize {
        self.count().saturating_sub(usize::from(self.is_ordered()))
    }

    /// All parts; `None` unless they are as many as they are said to be, and nothing else follows. The order is not among them.
    pub(crate) fn all(&self) -> Option<Vec<PartBytes<'b>>> {
        let mut parts = self.with_order()?;
        if self.is_ordered() {
            parts.pop();
        }
        Some(parts)
    }

    /// In which order the value has its parts, if that is not theirs.
    pub(crate) fn order(&self) -> Option<Vec<u32>> {
        if !self.is_ordered() {
            return None;
        }
        let (_, bytes) = self.with_order()?.pop()?;
        let (places, _) = bytes.as_chunks::<4>();
        Some(places.iter().map(|place| u32::from_le_bytes(*place)).collect())
    }

    /// All parts, the order as the last of them.
    pub(crate) fn with_order(&self) -> Option<Vec<PartBytes<'b>>> {
        // As many as can be there, whatever a number claims.
        let mut parts = Vec::with_capacity(self.count().min(self.rest.len() / 8));
        let mut rest = self.rest;
        while !rest.is_empty() {
            let (part, others) = part(rest)?;
            parts.push(part);
            rest = others;
        }
        (parts.len() == self.count()).then_some(parts)
    }
}

fn part(bytes: &[u8]) -> Option<(PartBytes<'_>, &[u8])> {
    let (name_len, rest) = bytes.split_first_chunk::<4>()?;
    let (value_len, rest) = rest.split_first_chunk::<4>()?;
    let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*name_len) as usize)?;
    let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*value_len) as usize)?;
    Some(((name, value), rest))
}

/// The name of a sorted set's part.
pub(crate) fn score_name(score: f64) -> [u8; 8] {
    score.to_le_bytes()
}

/// The score in a sorted set's part's name.
pub(crate) fn score_of(name: &[u8]) -> Option<f64> {
    Some(f64::from_le_bytes(name.try_into().ok()?))
}

/// What is asked of a value in parts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PartQuestion<'a> {
    /// The values of a hash's fields.
    Fields(&'a [&'a [u8]]),
    /// Whether a set has these members.
    Members(&'a [&'a [u8]]),
    /// How many parts there are.
    Len,
    /// Members of a sorted set by their places, from the highest score down or from the lowest up.
    Ranked { from: usize, most: usize, ascending: bool },
    /// The place of a member of a sorted set, counted from the highest score, and its score.
    Rank { member: &'a [u8] },
    /// Members of a sorted set by their scores, from the highest down.
    Scored { lowest: f64, highest: f64, most: usize },
    /// Elements of a list.
    Elements { from: usize, most: usize },
}

/// The answer to each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PartAnswer {
    Values(Vec<Option<Vec<u8>>>),
    Flags(Vec<bool>),
    Len(usize),
    Scored(Vec<(Vec<u8>, f64)>),
    Rank(Option<(usize, f64)>),
}

/// What the whole value answers, as a server would: for whoever has it at hand. `None` if the parts are damaged.
pub(crate) fn answered(parts: &PartsPayload<'_>, question: PartQuestion<'_>) -> Option<PartAnswer> {
    let all = parts.all()?;
    let scored = || {
        let scored = all.iter().map(|(name, value)| Some((value.to_vec(), score_of(name)?)));
        let mut scored = scored.collect::<Option<Vec<(Vec<u8>, f64)>>>()?;
        scored.sort_by(descending);
        Some(scored)
    };
    Some(match question {
        PartQuestion::Fields(names) => {
            let value_of =
                |name: &&[u8]| all.iter().find(|(known, _)| known == name).map(|(_, value)| value.to_vec());
            PartAnswer::Values(names.iter().map(value_of).collect())
        }
        PartQuestion::Members(members) => {
            let known: std::collections::HashSet<&[u8]> = all.iter().map(|(_, value)| *value).collect();
            PartAnswer::Flags(members.iter().map(|member| known.contains(member)).collect())
        }
        PartQuestion::Len => PartAnswer::Len(all.len()),
        PartQuestion::Ranked { from, most, ascending } => {
            let mut scored = scored()?;
            if ascending {
                scored.reverse();
            }
            PartAnswer::Scored(scored.into_iter().skip(from).take(most).collect())
        }
        PartQuestion::Rank { member } => {
            let scored = scored()?;
            let place = scored.iter().position(|(known, _)| known == member);
            PartAnswer::Rank(place.map(|place| (place, scored[place].1)))
        }
        PartQuestion::Scored { lowest, highest, most } => {
            let within = |(_, score): &(Vec<u8>, f64)| (lowest..=highest).contains(score);
            PartAnswer::Scored(scored()?.into_iter().filter(within).take(most).collect())
        }
        PartQuestion::Elements { from, most } => {
            let elements = all.iter().skip(from).take(most);
            PartAnswer::Values(elements.map(|(_, value)| Some(value.to_vec())).collect())
        }
    })
}

/// The order in which a server gives the members of a sorted set from the highest score down: of equal scores, by their bytes.
pub(crate) fn descending<P: AsRef<[u8]>>(a: &(P, f64), b: &(P, f64)) -> std::cmp::Ordering {
    b.1.partial_cmp(&a.1).unwrap_or(std::cmp::Ordering::Equal).then_with(|| b.0.as_ref().cmp(a.0.as_ref()))
}

/// How an entry is taken apart into what is stored beside its parts, and put together again. The store does not know the layout of an entry.
pub(crate) trait Heads: std::fmt::Debug + Send + Sync + 'static {
    /// The head of the entry at `key`, which is an entry itself whose payload is the prologue, and the bytes of its parts; `None` for what has none.
    fn head<'b>(&self, key: &str, entry: &'b [u8]) -> Option<(Vec<u8>, &'b [u8])>;

    /// The entry at `key` of a head and its parts. A head that is damaged, or was written at another key, gives an entry that nobody uses.
    fn whole(&self, key: &str, head: &[u8], parts: &[u8]) -> Vec<u8>;

    /// What tells those who can name it that a set at `key` has this head.
    fn known(&self, key: &str, head: &[u8]) -> [u8; 16];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(kind: ShapeKind, parts: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut buffer = PartsBuffer::new(kind, &mut out);
        for (name, value) in parts {
            let written = buffer.part(name, &[], |out| {
                out.extend_from_slice(value);
                Ok::<_, ()>(())
            });
            written.expect("a part");
        }
        buffer.finish();
        out
    }

    #[test]
    fn parts_are_read_as_they_were_written() {
        let bytes = payload(ShapeKind::Hash, &[(b"id", b"7"), (b"", b""), (b"name", b"Ada")]);
        let parts = PartsPayload::of(&bytes).expect("parts");
        assert_eq!(
            (parts.kind, parts.len(), parts.is_none(), parts.is_ordered()),
            (ShapeKind::Hash, 3, false, false)
        );
        let all = parts.all().expect("all of them");
        assert_eq!(checked(b"", all[2].1), Some(&b"Ada"[..]));
        assert_eq!(all[2].0, b"name");
    }

    /// Whatever is cut off or put at the end is found out, and no claim has room reserved.
    #[test]
    fn damaged_parts_are_none() {
        let bytes = payload(ShapeKind::List, &[(b"", b"one"), (b"", b"two")]);
        for len in 0..bytes.len() {
            assert!(PartsPayload::of(&bytes[..len]).and_then(|parts| parts.all()).is_none(), "{len}");
        }
        assert!(PartsPayload::of(&[&bytes[..], b"x"].concat()).expect("parts").all().is_none());
        let mut many = bytes.clone();
        many[2..6].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(PartsPayload::of(&many).expect("parts").all().is_none());
        let mut unknown = bytes;
        unknown[0] = 9;
        assert!(PartsPayload::of(&unknown).is_none());
    }

    #[test]
    fn a_flipped_bit_of_a_value_is_found_out() {
        let part = with_check(b"name", b"Ada");
        assert_eq!(checked(b"name", &part), Some(&b"Ada"[..]));
        assert_eq!(checked(b"other", &part), None);
        for at in 0..part.len() * 8 {
            let mut flipped = part.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert_eq!(checked(b"name", &flipped), None, "{at}");
        }
    }

    #[test]
    fn members_are_ranked_as_a_server_ranks_them() {
        let scores = [(2.0, &b"b"[..]), (3.0, b"c"), (2.0, b"a")];
        let mut out = Vec::new();
        let mut buffer = PartsBuffer::new(ShapeKind::SortedSet, &mut out);
        scores.iter().for_each(|(score, member)| buffer.raw(&score_name(*score), member));
        buffer.order(&[1, 0, 2]);
        buffer.finish();
        let parts = PartsPayload::of(&out).expect("parts");
        assert_eq!((parts.len(), parts.order()), (3, Some(vec![1, 0, 2])));
        let ranked = |from, most, ascending| answered(&parts, PartQuestion::Ranked { from, most, ascending });
        let scored = |all: &[(&[u8], f64)]| {
            Some(PartAnswer::Scored(all.iter().map(|(member, score)| (member.to_vec(), *score)).collect()))
        };
        assert_eq!(ranked(0, 2, false), scored(&[(b"c", 3.0), (b"b", 2.0)]));
        assert_eq!(ranked(0, 1, true), scored(&[(b"a", 2.0)]));
        let rank = |member| answered(&parts, PartQuestion::Rank { member });
        assert_eq!(rank(b"a"), Some(PartAnswer::Rank(Some((2, 2.0)))));
        assert_eq!(rank(b"x"), Some(PartAnswer::Rank(None)));
        let within = PartQuestion::Scored { lowest: 2.0, highest: 2.5, most: 10 };
        assert_eq!(answered(&parts, within), scored(&[(b"b", 2.0), (b"a", 2.0)]));
    }
}
