//! Questions about parts, as commands.

use std::time::Instant;

use redis::{Cmd, Value, cmd};

use super::ShapedStore;
use super::layout::{HEAD, HEAD_FIELD, OTHERS_IN_SET, known_member, member, part_of, score_text};
use super::whole::{score_of, scored, text};
use crate::error::{Error, ErrorKind};
use crate::store::redis::key_request::{KeyAction, KeyRequest};
use crate::store::redis::lua::SHAPED_ASK;
use crate::store::redis::replies::strange;
use crate::store::redis::route::Slot;
use crate::store::vocabulary::parts::{PROLOGUE_LEN, PartAnswer, PartQuestion, PartsPayload, ShapeKind};

/// The head of what is there, and what it answers. `None` if nothing is there that could be an entry in parts; of a set, if it is not the one that is
/// known, and then without a head.
pub(crate) type HeadAndAnswer = Option<(Vec<u8>, PartAnswer)>;

/// A command in words.
type OwnedWords = Vec<Vec<u8>>;

fn words(words: &[&[u8]]) -> OwnedWords {
    words.iter().map(|word| word.to_vec()).collect()
}

impl ShapedStore {
    /// Asks for parts of the value at a key. One round trip. `known` says which set is meant.
    pub(crate) async fn part(
        &self,
        key: &str,
        kind: ShapeKind,
        known: &[u8; 16],
        question: PartQuestion<'_>,
        until: Instant,
    ) -> Result<HeadAndAnswer, Error> {
        match kind {
            ShapeKind::Hash => self.of_hash(key, question, until).await,
            ShapeKind::Set => self.of_set(key, known, question, until).await,
            ShapeKind::SortedSet => self.of_sorted_set(key, question, until).await,
            ShapeKind::List => self.of_list(key, question, until).await,
        }
    }

    async fn of_hash(
        &self,
        key: &str,
        question: PartQuestion<'_>,
        until: Instant,
    ) -> Result<HeadAndAnswer, Error> {
        let names = match question {
            PartQuestion::Fields(names) => names,
            _ => &[],
        };
        let mut command = cmd("HMGET");
        command.arg(key).arg(HEAD_FIELD).arg(names);
        let Value::Array(values) = self.command("HMGET", key, &command, until).await? else {
            return Ok(None);
        };
        let mut values = values.into_iter().map(text);
        let Some(head) = values.next().flatten() else { return Ok(None) };
        Ok(match question {
            PartQuestion::Fields(_) => Some((head, PartAnswer::Values(values.collect()))),
            _ => with_len(head),
        })
    }

    async fn of_set(
        &self,
        key: &str,
        known: &[u8; 16],
        question: PartQuestion<'_>,
        until: Instant,
    ) -> Result<HeadAndAnswer, Error> {
        let known = known_member(known);
        if let PartQuestion::Members(parts) = question {
            let mut command = cmd("SMISMEMBER");
            let members: Vec<Vec<u8>> = parts.iter().map(|part| member(part)).collect();
            command.arg(key).arg(known).arg(members);
            let Value::Array(flags) = self.command("SMISMEMBER", key, &command, until).await? else {
                return Ok(None);
            };
            let mut flags = flags.iter().map(is_one);
            let is_known = flags.next().unwrap_or_default();
            return Ok(is_known.then(|| (Vec::new(), PartAnswer::Flags(flags.collect()))));
        }
        let asked = [words(&[b"SISMEMBER", key.as_bytes(), &known]), words(&[b"SCARD", key.as_bytes()])];
        let Some(answers) = self.ask_at_once(key, &[key], &asked, until).await? else { return Ok(None) };
        let Ok([is_known, Value::Int(count)]) = <[Value; 2]>::try_from(answers) else {
            return Err(strange("ask"));
        };
        let len = usize::try_from(count).unwrap_or_default().saturating_sub(OTHERS_IN_SET);
        Ok(is_one(&is_known).then_some((Vec::new(), PartAnswer::Len(len))))
    }

    /// Whether one server can have both keys.
    pub(crate) fn check_slots(&self, [key, other]: [&str; 2]) -> Result<(), Error> {
        if self.redis.is_cluster() && Slot::of(key.as_bytes()) != Slot::of(other.as_bytes()) {
            return Err(Error::new(
                ErrorKind::Server,
                "cannot intersect: the two sets are in different slots of the cluster; give their keys a common `{…}`",
            ));
        }
        Ok(())
    }

    /// The parts that two sets have in common, computed by the server; `None` unless both are those that are known. One round trip.
    pub(crate) async fn intersection(
        &self,
        [key, other]: [&str; 2],
        [known, other_known]: [&[u8; 16]; 2],
        until: Instant,
    ) -> Result<Option<Vec<Vec<u8>>>, Error> {
        let is_member = |key: &str, known| words(&[b"SISMEMBER", key.as_bytes(), &known_member(known)]);
        let asked = [
            is_member(key, known),
            is_member(other, other_known),
            words(&[b"SINTER", key.as_bytes(), other.as_bytes()]),
        ];
        let Some(answers) = self.ask_at_once(key, &[key, other], &asked, until).await? else {
            return Ok(None);
        };
        let Ok([one, two, Value::Array(common)]) = <[Value; 3]>::try_from(answers) else {
            return Err(strange("ask"));
        };
        let parts = common.into_iter().filter_map(|value| Some(part_of(&text(value)?)?.to_vec()));
        Ok((is_one(&one) && is_one(&two)).then(|| parts.collect()))
    }

    async fn of_sorted_set(
        &self,
        key: &str,
        question: PartQuestion<'_>,
        until: Instant,
    ) -> Result<HeadAndAnswer, Error> {
        let name = key.as_bytes();
        let mut asked = vec![words(&[b"ZRANGE", name, b"0", b"0"])];
        match question {
            PartQuestion::Ranked { from, most, ascending: false } => {
                let [first, last] = span(from, most);
                asked.push(words(&[b"ZREVRANGE", name, &first, &last, b"WITHSCORES"]));
            }
            // Nothing but the head and the order stands at -inf.
            PartQuestion::Ranked { from, most, .. } => {
                let [from, most] = [from, most].map(|number| number.to_string());
                let range = [b"ZRANGEBYSCORE", name, b"(-inf", b"+inf", b"WITHSCORES"];
                asked.push(words(&[&range[..], &[b"LIMIT", from.as_bytes(), most.as_bytes()]].concat()));
            }
            PartQuestion::Scored { lowest, highest, most } => {
                let [highest, lowest] = [highest, lowest].map(score_text);
                let most = most.to_string();
                let range = [b"ZREVRANGEBYSCORE", name, highest.as_bytes(), lowest.as_bytes(), b"WITHSCORES"];
                asked.push(words(&[&range[..], &[b"LIMIT", b"0", most.as_bytes()]].concat()));
            }
            PartQuestion::Rank { member: part } => {
                let member = member(part);
                asked.push(words(&[b"ZREVRANK", name, &member]));
                asked.push(words(&[b"ZSCORE", name, &member]));
            }
            _ => {}
        }
        let Some(answers) = self.ask_at_once(key, &[key], &asked, until).await? else { return Ok(None) };
        let mut answers = answers.into_iter();
        let Some(head) = answers.next().and_then(head_member) else { return Ok(None) };
        let answer = match (question, answers.next(), answers.next()) {
            (PartQuestion::Ranked { .. } | PartQuestion::Scored { .. }, Some(scored), _) => {
                PartAnswer::Scored(scored_parts(scored).ok_or_else(|| strange("ask"))?)
            }
            (PartQuestion::Rank { .. }, Some(Value::Int(place)), Some(score)) => {
                let score = score_of(score).ok_or_else(|| strange("ask"))?;
                PartAnswer::Rank(Some((usize::try_from(place).unwrap_or_default(), score)))
            }
            (PartQuestion::Rank { .. }, ..) => PartAnswer::Rank(None),
            _ => return Ok(with_len(head)),
        };
        Ok(Some((head, answer)))
    }

    async fn of_list(
        &self,
        key: &str,
        question: PartQuestion<'_>,
        until: Instant,
    ) -> Result<HeadAndAnswer, Error> {
        let name = key.as_bytes();
        let head = words(&[b"LINDEX", name, b"0"]);
        let (from, most) = match question {
            PartQuestion::Elements { from, most } => (from, most),
            _ => (0, 0),
        };
        // Element 0 is the head.
        let [first, last] = span(from.saturating_add(1), most);
        let elements = words(&[b"LRANGE", name, &first, &last]);
        let Some(answers) = self.ask_at_once(key, &[key], &[head, elements], until).await? else {
            return Ok(None);
        };
        let Ok([head, Value::Array(elements)]) = <[Value; 2]>::try_from(answers) else { return Ok(None) };
        let Some(head) = text(head) else { return Ok(None) };
        Ok(match question {
            PartQuestion::Elements { .. } => {
                Some((head, PartAnswer::Values(elements.into_iter().map(text).collect())))
            }
            _ => with_len(head),
        })
    }

    /// The answer; nil if what is there is of another type, as a lease is.
    async fn command(&self, doing: &str, key: &str, command: &Cmd, until: Instant) -> Result<Value, Error> {
        let request = KeyRequest { doing, is_write: false, action: KeyAction::Command(command) };
        self.redis.at_key(key, request, until).await
    }

    /// The answers to several commands, all of one moment; `None` if what is there is of another type.
    async fn ask_at_once(
        &self,
        key: &str,
        keys: &[&str],
        asked: &[OwnedWords],
        until: Instant,
    ) -> Result<Option<Vec<Value>>, Error> {
        let counts: Vec<String> = asked.iter().map(|words| words.len().to_string()).collect();
        let mut arguments: Vec<&[u8]> = Vec::new();
        for (count, words) in counts.iter().zip(asked) {
            arguments.push(count.as_bytes());
            arguments.extend(words.iter().map(|word| &word[..]));
        }
        let action = KeyAction::Script(&SHAPED_ASK, keys, &arguments);
        let request = KeyRequest { doing: "ask", is_write: false, action };
        match self.redis.at_key(key, request, until).await? {
            Value::Nil => Ok(None),
            Value::Array(answers) => Ok(Some(answers)),
            _ => Err(strange("ask")),
        }
    }
}

fn is_one(answer: &Value) -> bool {
    matches!(answer, Value::Int(1..) | Value::Boolean(true))
}

/// How many parts a head says there are.
fn with_len(head: Vec<u8>) -> HeadAndAnswer {
    let prologue = head.get(head.len().checked_sub(PROLOGUE_LEN)?..)?;
    let len = PartsPayload::of(prologue)?.len();
    Some((head, PartAnswer::Len(len)))
}

/// The first and the last index of so many, as words. None at all end before they begin.
fn span(from: usize, most: usize) -> [Vec<u8>; 2] {
    let first = i64::try_from(from).unwrap_or(i64::MAX - 1).min(i64::MAX - 1);
    let count = i64::try_from(most).unwrap_or(i64::MAX);
    // A last index of -1 would be that of the last of all.
    let (first, last) = if count == 0 { (1, 0) } else { (first, first.saturating_add(count - 1)) };
    [first, last].map(|index| index.to_string().into_bytes())
}

/// The head, if that is what stands first in a sorted set.
fn head_member(answer: Value) -> Option<Vec<u8>> {
    let Value::Array(first) = answer else { return None };
    Some(text(first.into_iter().next()?)?.strip_prefix(&[HEAD, HEAD])?.to_vec())
}

/// Parts and their scores, without what belongs to the head.
fn scored_parts(answer: Value) -> Option<Vec<(Vec<u8>, f64)>> {
    let parts = scored(answer)?.into_iter();
    Some(parts.filter_map(|(member, score)| Some((part_of(&member)?.to_vec(), score))).collect())
}
