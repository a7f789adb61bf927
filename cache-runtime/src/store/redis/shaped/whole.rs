//! From what a server has at a key to the entry that it is.

use redis::{Cmd, Value, cmd};

use super::layout::{HEAD, HEAD_FIELD, MARK, ORDER, known_member, part_of};
use crate::store::redis::replies::left;
use crate::store::vocabulary::parts::{Heads, PROLOGUE_LEN, PartsBuffer, ShapeKind, score_name};
use crate::store::vocabulary::{Found, Left, SLOT_LEN, VALUE};

/// The command that reads all of a value, if it lies in this type.
pub(super) fn command(kind: ShapeKind, key: &str) -> Cmd {
    let (name, range): (_, &[&str]) = match kind {
        ShapeKind::Hash => ("HGETALL", &[]),
        ShapeKind::Set => ("SMEMBERS", &[]),
        ShapeKind::SortedSet => ("ZRANGE", &["0", "-1", "WITHSCORES"]),
        ShapeKind::List => ("LRANGE", &["0", "-1"]),
    };
    let mut command = cmd(name);
    command.arg(key).arg(range);
    command
}

/// What that command has answered, behind the time that is left; `None` if that is none of its answers.
pub(super) fn found(
    heads: &dyn Heads,
    key: &str,
    kind: ShapeKind,
    answer: [Value; 2],
) -> Option<(Found, Left)> {
    let [time, content] = answer;
    Some((of_content(heads, key, kind, content)?, left(&time)))
}

/// What the script that reads whatever there is has answered; `None` if that is none of its answers.
pub(super) fn found_by_script(heads: &dyn Heads, key: &str, answer: Value) -> Option<(Found, Left)> {
    let Value::Array(answer) = answer else { return None };
    let [kind, content, time]: [Value; 3] = answer.try_into().ok()?;
    let shape = match kind {
        Value::Int(2) => Some(ShapeKind::Hash),
        Value::Int(3) => Some(ShapeKind::Set),
        Value::Int(4) => Some(ShapeKind::SortedSet),
        Value::Int(5) => Some(ShapeKind::List),
        _ => None,
    };
    let found = match (shape, kind, content) {
        (Some(shape), _, content) => of_content(heads, key, shape, content)?,
        (None, Value::Int(0), _) => Found::Absent,
        (None, Value::Int(1), Value::BulkString(bytes)) => Found::Bytes(bytes),
        _ => Found::Foreign,
    };
    Some((found, left(&time)))
}

fn of_content(heads: &dyn Heads, key: &str, kind: ShapeKind, content: Value) -> Option<Found> {
    let whole = match kind {
        ShapeKind::Hash => {
            let fields = pairs(content)?;
            if fields.is_empty() {
                return Some(Found::Absent);
            }
            of_hash(heads, key, &fields)
        }
        ShapeKind::SortedSet => {
            let scored = scored(content)?;
            if scored.is_empty() {
                return Some(Found::Absent);
            }
            of_sorted_set(heads, key, &scored)
        }
        ShapeKind::Set | ShapeKind::List => {
            let (Value::Array(elements) | Value::Set(elements)) = content else { return None };
            let elements: Vec<Vec<u8>> = elements.into_iter().map(text).collect::<Option<_>>()?;
            match (kind, elements.split_first()) {
                (_, None) => return Some(Found::Absent),
                (ShapeKind::Set, _) => of_set(heads, key, &elements),
                (_, Some((head, elements))) => {
                    let elements = elements.iter().map(|element| ([], &element[..]));
                    joined(heads, key, head, ShapeKind::List, elements, None)
                }
            }
        }
    };
    Some(whole.map_or(Found::Foreign, Found::Bytes))
}

/// A string of an answer.
pub(super) fn text(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}

/// The fields of a hash and their values: a map in RESP3, and one after the other else.
fn pairs(answer: Value) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    match answer {
        Value::Map(fields) => fields.into_iter().map(|(name, value)| text(name).zip(text(value))).collect(),
        Value::Array(all) => {
            let mut all = all.into_iter();
            let next = || Some((text(all.next()?), text(all.next()?)));
            std::iter::from_fn(next).map(|(name, value)| name.zip(value)).collect()
        }
        _ => None,
    }
}

/// A score: a number in RESP3, and a text else.
pub(super) fn score_of(score: Value) -> Option<f64> {
    match score {
        Value::Double(score) => Some(score),
        score => std::str::from_utf8(&text(score)?).ok()?.parse().ok(),
    }
}

/// Members and their scores: pairs in RESP3, and one after the other else.
pub(super) fn scored(answer: Value) -> Option<Vec<(Vec<u8>, f64)>> {
    let Value::Array(all) = answer else { return None };
    if let Some(Value::Array(_)) = all.first() {
        let pair = |pair| {
            let Value::Array(pair) = pair else { return None };
            let [member, score]: [Value; 2] = pair.try_into().ok()?;
            Some((text(member)?, score_of(score)?))
        };
        return all.into_iter().map(pair).collect();
    }
    let mut all = all.into_iter();
    let next = || Some((text(all.next()?), score_of(all.next()?)));
    std::iter::from_fn(next).map(|(member, score)| member.zip(score)).collect()
}

/// The entry of which these are the fields. `None` where there is no head.
fn of_hash(heads: &dyn Heads, key: &str, fields: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<u8>> {
    let (_, head) = fields.iter().find(|(name, _)| name == HEAD_FIELD)?;
    let others = fields.iter().filter(|(name, _)| name != HEAD_FIELD);
    joined(heads, key, head, ShapeKind::Hash, others.map(|(name, value)| (&name[..], &value[..])), None)
}

fn of_set(heads: &dyn Heads, key: &str, members: &[Vec<u8>]) -> Option<Vec<u8>> {
    let head = members.iter().find_map(|member| member.strip_prefix(&[HEAD]))?;
    // Without this member nobody could replace it: it is cleared as what is foreign.
    let mark = [&[MARK], head.get(..SLOT_LEN)?].concat();
    if !members.contains(&mark) {
        return None;
    }
    // And without this one nobody could ask for its members: too short for an entry, but with a mark by which it is replaced.
    if !members.contains(&known_member(&heads.known(key, head))) {
        return Some(head.get(..=SLOT_LEN)?.to_vec());
    }
    let parts = members.iter().filter_map(|member| Some(([], part_of(member)?)));
    joined(heads, key, head, ShapeKind::Set, parts, None)
}

fn of_sorted_set(heads: &dyn Heads, key: &str, scored: &[(Vec<u8>, f64)]) -> Option<Vec<u8>> {
    // Nothing else stands at the lowest score, so these come first.
    let first = || scored.iter().take(2);
    let head = first().find_map(|(member, _)| member.strip_prefix(&[HEAD, HEAD]))?;
    let order = first().find_map(|(member, _)| member.strip_prefix(&[HEAD, ORDER]));
    let parts = scored.iter().filter_map(|(member, score)| Some((score_name(*score), part_of(member)?)));
    joined(heads, key, head, ShapeKind::SortedSet, parts, order)
}

/// `None` for what does not begin as an entry: somebody else has put it there.
fn joined<'p, N: AsRef<[u8]>>(
    heads: &dyn Heads,
    key: &str,
    head: &[u8],
    kind: ShapeKind,
    parts: impl Iterator<Item = (N, &'p [u8])>,
    order: Option<&[u8]>,
) -> Option<Vec<u8>> {
    if head.len() < SLOT_LEN || head.first() != Some(&VALUE) {
        return None;
    }
    let mut bytes = Vec::new();
    let mut buffer = PartsBuffer::new(kind, &mut bytes);
    parts.for_each(|(name, value)| buffer.raw(name.as_ref(), value));
    order.iter().for_each(|order| buffer.raw(&[], order));
    // The prologue is the head's: it says how many parts there are to be.
    Some(heads.whole(key, head, &bytes[PROLOGUE_LEN..]))
}
