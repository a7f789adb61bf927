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

use redis::Value;

use crate::store::redis::replies::left;
use crate::store::vocabulary::parts::{
    Heads, PROLOGUE_LEN, PartsBuffer, PartsPayload, ShapeKind, score_name, score_of,
};
use crate::store::vocabulary::{CasToken, Found, LEASE, Left, SLOT_LEN};

/// The field of a hash that has its head.
pub(super) const HEAD_FIELD: &[u8] = b"@";
const HEAD: u8 = 0;
const PART: u8 = 1;
const MARK: u8 = 2;
const KNOWN: u8 = 3;
/// Behind [`HEAD`], of a sorted set.
const ORDER: u8 = 1;

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

/// What the script that reads has answered; `None` if that is none of its answers.
pub(super) fn found(heads: &dyn Heads, key: &str, answer: Value) -> Option<(Found, Left)> {
    let Value::Array(answer) = answer else { return None };
    let [kind, content, time]: [Value; 3] = answer.try_into().ok()?;
    let found = match (kind, content) {
        (Value::Int(0), _) => Found::Absent,
        (Value::Int(1), Value::BulkString(bytes)) => Found::Bytes(bytes),
        (Value::Int(kind @ 2..=5), Value::Array(content)) => {
            let content: Vec<Vec<u8>> = content.into_iter().map(text).collect::<Option<_>>()?;
            whole(heads, key, kind, &content).map_or(Found::Foreign, Found::Bytes)
        }
        _ => Found::Foreign,
    };
    Some((found, left(&time)))
}

/// A string of an answer.
pub(super) fn text(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}

/// The entry of which these are the fields, members or elements. `None` where there is no head.
fn whole(heads: &dyn Heads, key: &str, kind: i64, content: &[Vec<u8>]) -> Option<Vec<u8>> {
    match kind {
        2 => of_hash(heads, key, content),
        3 => of_set(heads, key, content),
        4 => of_sorted_set(heads, key, content),
        _ => {
            let (head, elements) = content.split_first()?;
            let elements = elements.iter().map(|element| ([], &element[..]));
            Some(joined(heads, key, head, ShapeKind::List, elements, None))
        }
    }
}

fn of_hash(heads: &dyn Heads, key: &str, content: &[Vec<u8>]) -> Option<Vec<u8>> {
    let (fields, _) = content.as_chunks::<2>();
    let [_, head] = fields.iter().find(|[name, _]| name == HEAD_FIELD)?;
    let others = fields.iter().filter(|[name, _]| name != HEAD_FIELD);
    Some(joined(heads, key, head, ShapeKind::Hash, others.map(|[name, value]| (&name[..], &value[..])), None))
}

fn of_set(heads: &dyn Heads, key: &str, content: &[Vec<u8>]) -> Option<Vec<u8>> {
    let head = content.iter().find_map(|member| member.strip_prefix(&[HEAD]))?;
    // Without these two nobody could replace it, or ask for its members.
    let (mark, known) = ([&[MARK], head.get(..SLOT_LEN)?].concat(), known_member(&heads.known(key, head)));
    if !content.contains(&mark) || !content.contains(&known) {
        return None;
    }
    let parts = content.iter().filter_map(|member| Some(([], part_of(member)?)));
    Some(joined(heads, key, head, ShapeKind::Set, parts, None))
}

fn of_sorted_set(heads: &dyn Heads, key: &str, content: &[Vec<u8>]) -> Option<Vec<u8>> {
    let (scored, _) = content.as_chunks::<2>();
    // Nothing else stands at the lowest score, so these come first.
    let first = || scored.iter().take(2);
    let head = first().find_map(|[member, _]| member.strip_prefix(&[HEAD, HEAD]))?;
    let order = first().find_map(|[member, _]| member.strip_prefix(&[HEAD, ORDER]));
    let parts =
        scored.iter().filter_map(|[member, score]| Some((score_name(score_in(score)?), part_of(member)?)));
    Some(joined(heads, key, head, ShapeKind::SortedSet, parts, order))
}

fn joined<'p, N: AsRef<[u8]>>(
    heads: &dyn Heads,
    key: &str,
    head: &[u8],
    kind: ShapeKind,
    parts: impl Iterator<Item = (N, &'p [u8])>,
    order: Option<&[u8]>,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = PartsBuffer::new(kind, &mut bytes);
    parts.for_each(|(name, value)| buffer.raw(name.as_ref(), value));
    order.iter().for_each(|order| buffer.raw(&[], order));
    // The prologue is the head's: it says how many parts there are to be.
    heads.whole(key, head, &bytes[PROLOGUE_LEN..])
}

/// A score as the server writes it.
pub(super) fn score_in(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
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
