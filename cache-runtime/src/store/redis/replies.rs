//! What the server's replies say.

use std::time::Duration;

use redis::{RedisError, RedisResult, Value};

use super::error::{is_wrong_type, translate};
use crate::error::{Error, ErrorKind};
use crate::store::vocabulary::{Found, Left};

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
pub(super) fn values_of(answers: Vec<Value>, keys: usize) -> Result<Vec<Result<Found, Error>>, Error> {
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

pub(super) fn times_left(answers: Vec<RedisResult<Value>>) -> Result<Vec<Left>, Error> {
    let time = |answer: RedisResult<Value>| answer.map(|answer| left(&answer));
    answers.into_iter().map(|answer| time(answer).map_err(|error| translate("PTTL", error))).collect()
}

pub(super) fn strange(doing: &str) -> Error {
    Error::new(ErrorKind::Server, format!("cannot {doing}: the answer is not what was asked for"))
}
