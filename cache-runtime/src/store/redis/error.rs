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
        // Without the arguments that a server repeats: a key is nothing for a log.
        (Some(code), Some(detail)) => {
            format!("{code} {}", detail.split(", with args beginning with").next().unwrap_or_default())
        }
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
