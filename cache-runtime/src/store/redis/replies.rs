//! What the server's replies say.

use std::time::Duration;

use redis::{RedisError, RedisResult, Value, from_redis_value_ref};

use super::error::{is_wrong_type, translate};
use crate::error::{Error, ErrorKind};
use crate::store::vocabulary::{Found, KeyAnswer, KeyResults, Left};

pub(super) fn found(doing: &str, answer: Result<Value, RedisError>) -> Result<Found, Error> {
    match answer {
        Ok(Value::BulkString(bytes)) => Ok(Found::Bytes(bytes)),
        Ok(Value::Nil) => Ok(Found::Absent),
        Ok(_) => Ok(Found::Foreign),
        Err(error) if is_wrong_type(&error) => Ok(Found::Foreign),
        Err(error) => Err(translate(doing, error)),
    }
}

/// The values of several `MGET`s. `MGET` cannot tell a missing key from one of another type; the lease request will.
pub(super) fn values_of(answers: Vec<Value>, keys: usize) -> KeyResults<Found> {
    let mut all = Vec::with_capacity(keys);
    for answer in answers {
        let Value::Array(values) = answer else { break };
        for value in values {
            all.push(found("MGET", Ok(value)));
        }
    }
    if all.len() == keys {
        return Ok(all);
    }
    Err(Error::new(ErrorKind::Server, "cannot MGET: there is not one value for each key"))
}

pub(super) fn left(answer: &Value) -> Left {
    match answer {
        Value::Int(millis @ 0..) => Left::Expires(Duration::from_millis(millis.unsigned_abs())),
        Value::Int(-1) => Left::Never,
        _ => Left::Absent,
    }
}

/// What is at each key, behind the time that it has left where that was asked.
pub(super) fn timed(
    doing: &str,
    answers: Vec<RedisResult<Value>>,
    are_timed: impl ExactSizeIterator<Item = bool>,
) -> Result<Vec<KeyAnswer>, Error> {
    let mut answers = answers.into_iter();
    let mut next = || answers.next().ok_or_else(|| strange(doing));
    let mut read = Vec::with_capacity(are_timed.len());
    for is_timed in are_timed {
        let time = is_timed.then(&mut next).transpose()?;
        let time = time.transpose().map_err(|error| translate("PTTL", error));
        let found = found(doing, next()?);
        read.push(found.and_then(|found| Ok((found, time?.as_ref().map(left)))));
    }
    Ok(read)
}

pub(super) fn times_left(answers: Vec<RedisResult<Value>>) -> Result<Vec<Left>, Error> {
    let time = |answer: RedisResult<Value>| answer.map(|answer| left(&answer));
    answers.into_iter().map(|answer| time(answer).map_err(|error| translate("PTTL", error))).collect()
}

/// A text, as of `INFO` and its like: a verbatim string in RESP3.
pub(super) fn text(answer: &Value) -> Option<String> {
    from_redis_value_ref(answer).ok()
}

/// A field of a text of `name:value` lines.
pub(super) fn field<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim_end())
}

pub(super) fn strange(doing: &str) -> Error {
    Error::new(ErrorKind::Server, format!("cannot {doing}: the answer is not what was asked for"))
}
