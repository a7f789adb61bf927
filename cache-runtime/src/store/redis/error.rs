//! The driver's errors as ours. A server's reply may be shown, a URL may not: it contains the password.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind as Driver, RedisError, ServerErrorKind};

use super::tls;
use crate::error::{Error, ErrorKind};

/// `doing` is what was tried: `connect to 127.0.0.1:6379`, `GET`, …
pub(super) fn translate(doing: &str, error: RedisError) -> Error {
    if let Some(reason) = tls::explain(&error) {
        return Error::with_source(ErrorKind::Tls, format!("cannot {doing}: {reason}"), error);
    }
    let kind = kind(&error);
    let mut reason = match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    };
    if kind == ErrorKind::Timeout {
        reason = "no answer in time".into();
    }
    Error::with_source(kind, format!("cannot {doing}: {reason}"), error)
}

fn kind(error: &RedisError) -> ErrorKind {
    match error.kind() {
        _ if error.is_timeout() => ErrorKind::Timeout,
        Driver::AuthenticationFailed | Driver::Server(ServerErrorKind::NoPerm) => ErrorKind::Permission,
        Driver::InvalidClientConfig => ErrorKind::Url,
        Driver::Io | Driver::Parse => ErrorKind::Connection,
        _ if is_refusal(error) => ErrorKind::Permission,
        _ if error.is_unrecoverable_error() => ErrorKind::Connection,
        _ => ErrorKind::Server,
    }
}

fn is_refusal(error: &RedisError) -> bool {
    matches!(error.code(), Some("WRONGPASS" | "NOAUTH" | "NOPERM"))
        // What servers before 6.0, and AUTH without any password set, answer.
        || error.detail().is_some_and(|detail| detail.contains("invalid password") || detail.contains("AUTH <password>"))
}

/// Whether the key holds another type than a string.
pub(super) fn is_wrong_type(error: &RedisError) -> bool {
    // Within a script, servers before 7.0 wrap it.
    error.code() == Some("WRONGTYPE") || error.detail().is_some_and(|detail| detail.contains("WRONGTYPE"))
}

/// Whether the server does not know an option of a command.
pub(super) fn is_syntax_error(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("syntax error"))
}

/// Whether the server does not know a script by its name.
pub(super) fn is_no_script(error: &RedisError) -> bool {
    error.kind() == Driver::Server(ServerErrorKind::NoScript)
}

/// Whether the peer was there, and has ended the connection.
pub(super) fn was_hung_up(error: &RedisError) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let ends = [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof];
    as_io(error).is_some_and(|error| ends.contains(&error.kind()))
}

/// What the stream said, if it was the stream.
pub(super) fn as_io(error: &RedisError) -> Option<&io::Error> {
    // The driver shares what it was given.
    error.source()?.downcast_ref::<Arc<dyn StdError + Send + Sync>>()?.downcast_ref()
}

/// The answer to a HELLO that a server before 6.0 does not know.
pub(super) fn lacks_resp3(error: &RedisError) -> bool {
    error.kind() == Driver::RESP3NotSupported
}
