//! The driver's errors as ours. A server's reply may be shown, but for the arguments that it repeats: they are keys and values, and at the
//! greeting the password.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind as Driver, RedisError, ServerErrorKind};

use super::{login, tls};
use crate::error::{Error, ErrorKind};

/// `doing` is what was tried: `connect to 127.0.0.1:6379`, `GET`, …
pub(super) fn translate(doing: &str, error: RedisError) -> Error {
    if let Some(reason) = tls::explain(&error) {
        return Error::with_source(ErrorKind::Tls, format!("cannot {doing}: {reason}"), error);
    }
    let (kind, reason) = login::explain(&error).unwrap_or_else(|| (kind(&error), reason(&error).into()));
    let message = format!("cannot {doing}: {reason}");
    match error.kind() {
        // The network's own. What else the driver has says what the server did, all of it.
        Driver::Io => Error::with_source(kind, message, error),
        _ => Error::new(kind, message),
    }
}

fn reason(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        _ if error.is_timeout() => "no answer in time".into(),
        (Some(code), Some(detail)) => format!("{code} {}", without_arguments(detail)),
        _ => without_arguments(&error.to_string()).to_owned(),
    }
}

/// Of what a server that does not know a command says.
fn without_arguments(detail: &str) -> &str {
    detail.split(", with args beginning with").next().unwrap_or_default()
}

fn kind(error: &RedisError) -> ErrorKind {
    match error.kind() {
        _ if error.is_timeout() => ErrorKind::Timeout,
        Driver::InvalidClientConfig => ErrorKind::Url,
        Driver::Io | Driver::Parse => ErrorKind::Connection,
        _ if error.is_unrecoverable_error() => ErrorKind::Connection,
        _ => ErrorKind::Server,
    }
}

/// Whether the key holds another type than a string.
pub(super) fn is_wrong_type(error: &RedisError) -> bool {
    // Within a script, servers before 7.0 wrap it.
    error.code() == Some("WRONGTYPE") || error.detail().is_some_and(|detail| detail.contains("WRONGTYPE"))
}

/// Whether the server will have the command from nobody, or not from this user, or does not know one of its options. What else it may
/// have against one, the state of its keys or its own, says nothing of the next one.
pub(super) fn is_refused(error: &RedisError) -> bool {
    let detail = error.detail().unwrap_or_default().to_ascii_lowercase();
    match error.code() {
        // The others of this code are about keys.
        Some("NOPERM") => detail.contains(" command"),
        // Servers before 7.0 put what a script's command was answered behind this.
        Some("ERR") if !detail.contains(": -") => REFUSALS.iter().any(|refusal| detail.contains(refusal)),
        _ => false,
    }
}

/// What servers, proxies and services answer to what they do not have.
const REFUSALS: [&str; 12] = [
    "unknown command",
    "unknown redis command",
    "unknown subcommand",
    "syntax error",
    "to run the '",
    "can't run this command",
    "scripting engine",
    "not supported",
    "unsupported",
    "not implemented",
    "not allowed",
    "disabled",
];

/// Whether what is refused is a command that a script has called, and not the script.
pub(super) fn is_within_script(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("script") && !detail.contains("scripting engine"))
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
