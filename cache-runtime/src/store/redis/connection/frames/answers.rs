//! The answers that a piece consists of.

use redis::{RedisResult, Value, parse_redis_value};

use super::scanner::{Scanner, header};
use super::strange;

/// The most digits of the length of a string and of a list.
const MOST_DIGITS: usize = 9;
/// The longest line of a number.
const LONGEST_NUMBER: usize = 24;
/// The shortest frame of a string or of nothing. No list has more elements than its bytes have room for.
const SHORTEST: usize = 3;

/// The piece, if the driver was given it in parts.
pub(crate) fn whole(parts: Vec<Value>) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    for part in parts {
        let Value::BulkString(part) = part else { return None };
        whole.extend_from_slice(&part);
    }
    Some(whole)
}

/// The answers in a piece, of which there are to be so many.
///
/// # Errors
/// If one of them cannot be read, or it is not as many.
pub(crate) fn answers(piece: &mut [u8], count: usize) -> RedisResult<Vec<Value>> {
    let (mut answers, mut at) = (Vec::with_capacity(count), 0);
    while let Some(rest @ [_, ..]) = piece.get_mut(at..) {
        let (answer, len) = match plain(rest).or_else(|| list(rest)) {
            Some(known) => known,
            None => other(rest)?,
        };
        answers.push(answer);
        at += len;
    }
    if answers.len() == count { Ok(answers) } else { Err(strange("an answer is missing").into()) }
}

/// A string, nothing or a number, and how long it is with its lines.
#[inline]
fn plain(bytes: &[u8]) -> Option<(Value, usize)> {
    if let Some((line, len)) = header::<MOST_DIGITS>(b'$', bytes) {
        let end = line + usize::try_from(len).ok()?;
        let text = bytes.get(line..end)?;
        return (bytes.get(end..end + 2) == Some(b"\r\n"))
            .then(|| (Value::BulkString(text.to_vec()), end + 2));
    }
    match bytes {
        [b'$', b'-', b'1', b'\r', b'\n', ..] => Some((Value::Nil, 5)),
        [b'_', b'\r', b'\n', ..] => Some((Value::Nil, 3)),
        [b':', rest @ ..] => {
            let end = rest.iter().take(LONGEST_NUMBER).position(|byte| *byte == b'\r')?;
            let number = str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
            (rest.get(end + 1) == Some(&b'\n')).then_some((Value::Int(number), end + 3))
        }
        _ => None,
    }
}

/// A list of such.
fn list(bytes: &[u8]) -> Option<(Value, usize)> {
    let (mut at, count) = header::<MOST_DIGITS>(b'*', bytes)?;
    let mut values = Vec::with_capacity(usize::try_from(count).ok()?.min(bytes.len() / SHORTEST));
    for _ in 0..count {
        let (value, len) = plain(bytes.get(at..)?)?;
        values.push(value);
        at += len;
    }
    Some((Value::Array(values), at))
}

/// Any other frame, as the driver reads it.
fn other(bytes: &mut [u8]) -> RedisResult<(Value, usize)> {
    let len = Scanner::default().read_frame(bytes).map_err(strange)?;
    Ok((parse_redis_value(bytes.get(..len).unwrap_or_default())?, len))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn as_the_driver_reads_it(frame: &str) -> Value {
        parse_redis_value(frame.as_bytes()).expect("a frame")
    }

    #[test]
    fn every_answer_is_what_the_driver_makes_of_it() {
        let frames = [
            "$3\r\na\r\n\r\n",
            "$0\r\n\r\n",
            "$-1\r\n",
            "_\r\n",
            ":-12\r\n",
            ":9223372036854775807\r\n",
            "+OK\r\n",
            "-WRONGTYPE Operation against a key\r\n",
            "*0\r\n",
            "*-1\r\n",
            "*3\r\n$1\r\na\r\n$-1\r\n$0\r\n\r\n",
            "*3\r\n$1\r\na\r\n-ERR no\r\n:1\r\n",
            "*2\r\n*1\r\n$1\r\na\r\n%1\r\n+a\r\n~1\r\n,1.5\r\n",
            "=7\r\ntxt:abc\r\n",
            "#t\r\n",
        ];
        let mut piece = frames.concat().into_bytes();
        assert_eq!(answers(&mut piece, frames.len()), Ok(frames.map(as_the_driver_reads_it).into()));
    }

    #[test]
    fn a_piece_of_another_number_of_answers_is_refused() {
        for (piece, count) in [("$1\r\na\r\n", 2), ("$1\r\na\r\n$1\r\nb\r\n", 1), ("", 1)] {
            assert!(answers(&mut piece.as_bytes().to_vec(), count).is_err(), "{piece:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for piece in [
            "$1\r\nab\r\n",
            "$2\r\na\r\n",
            "*2\r\n$1\r\na\r\n",
            ":1x\r\n",
            ":1\n",
            "$1\r\na",
            "\r\n",
            "*1\r\n$1\r\nab",
        ] {
            assert!(answers(&mut piece.as_bytes().to_vec(), 1).is_err(), "{piece:?}");
        }
    }

    proptest! {
        #[test]
        fn values_come_back(values in vec(prop::option::of(vec(any::<u8>(), 0..40)), 0..20)) {
            let mut piece = format!("*{}\r\n", values.len()).into_bytes();
            for value in &values {
                match value {
                    Some(bytes) => piece.extend([format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()),
                    None => piece.extend(b"$-1\r\n"),
                }
            }
            let values = values.into_iter().map(|value| value.map_or(Value::Nil, Value::BulkString)).collect();
            prop_assert_eq!(answers(&mut piece, 1), Ok(vec![Value::Array(values)]));
        }

        #[test]
        fn nothing_panics(mut bytes in vec(prop_oneof![any::<u8>(), Just(b'*'), Just(b'$'), Just(b':'), Just(b'1'), Just(b'\r'), Just(b'\n')], 0..200)) {
            let _ = answers(&mut bytes, 1);
        }
    }
}
