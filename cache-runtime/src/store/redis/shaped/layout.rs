//! How a value in parts lies in Redis, in the type of its shape. All of it is at one key.
//!
//! | type | the head | a part |
//! | --- | --- | --- |
//! | hash | the field `@` | a field |
//! | set | the member 0 and the head; 2 and its mark; 3 and what readers know of it | the member 1 and the part |
//! | sorted set | the member 0 0 and the head, at -inf; 0 1 and the order | the member 1 and the part, at its score |
//! | list | element 0 | an element |
//!
//! Of a set nothing can be found but what can be named. So whoever compares names the mark, and whoever asks for members names what a
//! reader knows of the head: type, function, key, and the nonces of its tags.

use std::borrow::Cow;

use crate::store::vocabulary::parts::{Heads, PROLOGUE_LEN, PartsPayload, ShapeKind, score_of};
use crate::store::vocabulary::{CasToken, LEASE, SLOT_LEN};

/// The field of a hash that has its head.
pub(super) const HEAD_FIELD: &[u8] = b"@";
pub(super) const HEAD: u8 = 0;
const PART: u8 = 1;
pub(super) const MARK: u8 = 2;
const KNOWN: u8 = 3;
/// Behind [`HEAD`], of a sorted set.
pub(super) const ORDER: u8 = 1;

type CommandWords<'b> = Vec<Cow<'b, [u8]>>;

/// The command that writes an entry, and its words behind the key.
pub(super) fn written<'b>(heads: &dyn Heads, key: &str, entry: &'b [u8]) -> CommandWords<'b> {
    in_parts(heads, key, entry).unwrap_or_else(|| vec![Cow::Borrowed(&b"SET"[..]), Cow::Borrowed(entry)])
}

fn in_parts<'b>(heads: &dyn Heads, key: &str, entry: &'b [u8]) -> Option<CommandWords<'b>> {
    let (head, _) = heads.head(key, entry)?;
    let payload_at = head.len() - PROLOGUE_LEN;
    let parts = PartsPayload::of(entry.get(payload_at..)?)?;
    let (all, order) = match parts.is_ordered() {
        true => {
            let mut all = parts.with_order()?;
            let (_, order) = all.pop()?;
            (all, Some(order))
        }
        false => (parts.with_order()?, None),
    };
    let mut words: CommandWords<'b> = Vec::with_capacity(2 * all.len() + 8);
    let prefixed = |prefix: &[u8], bytes: &[u8]| Cow::Owned([prefix, bytes].concat());
    match parts.kind {
        ShapeKind::Hash => {
            words.extend([Cow::Borrowed(&b"HSET"[..]), Cow::Borrowed(HEAD_FIELD), Cow::Owned(head)]);
            words.extend(all.iter().flat_map(|(name, value)| [Cow::Borrowed(*name), Cow::Borrowed(*value)]));
        }
        ShapeKind::Set => {
            words.extend([
                Cow::Borrowed(&b"SADD"[..]),
                known_member(&heads.known(key, &head)).into(),
                prefixed(&[MARK], head.get(..SLOT_LEN)?),
                prefixed(&[HEAD], &head),
            ]);
            words.extend(all.iter().map(|(_, value)| prefixed(&[PART], value)));
        }
        ShapeKind::SortedSet => {
            let lowest = || Cow::Borrowed(&b"-inf"[..]);
            words.extend([Cow::Borrowed(&b"ZADD"[..]), lowest(), prefixed(&[HEAD, HEAD], &head)]);
            words.extend(order.iter().flat_map(|order| [lowest(), prefixed(&[HEAD, ORDER], order)]));
            for (name, value) in &all {
                words.push(Cow::Owned(score_text(score_of(name)?).into_bytes()));
                words.push(prefixed(&[PART], value));
            }
        }
        ShapeKind::List => {
            words.extend([Cow::Borrowed(&b"RPUSH"[..]), Cow::Owned(head)]);
            words.extend(all.iter().map(|(_, value)| Cow::Borrowed(*value)));
        }
    }
    Some(words)
}

/// The member of a set that says whose it is.
pub(super) fn known_member(known: &[u8; 16]) -> Vec<u8> {
    [&[KNOWN], &known[..]].concat()
}

/// A part as a member of a set or a sorted set.
pub(super) fn member(part: &[u8]) -> Vec<u8> {
    [&[PART], part].concat()
}

/// The part that a member is; `None` for the head and what belongs to it.
pub(super) fn part_of(member: &[u8]) -> Option<&[u8]> {
    member.strip_prefix(&[PART])
}

/// How many members a set has beside its parts.
pub(super) const OTHERS_IN_SET: usize = 3;

/// As the server reads numbers, so that the same comes back.
pub(super) fn score_text(score: f64) -> String {
    match score {
        f64::INFINITY => "+inf".to_owned(),
        f64::NEG_INFINITY => "-inf".to_owned(),
        score => format!("{score:?}"),
    }
}

/// How to do a swap: what to do, and what is written.
pub(super) fn swap_words<'b>(
    heads: &dyn Heads,
    key: &str,
    mark: &CasToken,
    value: &'b [u8],
) -> (&'static [u8], CommandWords<'b>) {
    // A value that replaces itself is prolonged.
    if value == mark && mark[0] != LEASE {
        (b"prolong", Vec::new())
    } else {
        (b"swap", written(heads, key, value))
    }
}
