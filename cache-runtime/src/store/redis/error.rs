//! The driver's errors as ours. A server's reply may be shown, but for the arguments that it repeats: they are keys and values, and at the
//! greeting the password.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind as Driver, RedisError, ServerError, ServerErrorKind};

use super::connection::{login, tls};
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

/// Whether another server is wanted than the one that said this, or another connection to it: a primary that became a replica, one that
/// loads what another one sends, a user who has to say again who it is.
pub(super) fn is_misplaced(error: &ServerError) -> bool {
    matches!(error.code(), "READONLY" | "LOADING" | "MASTERDOWN" | "NOAUTH")
        // Within a script, servers before 7.0 wrap it.
        || error.details().is_some_and(|detail| detail.contains(": -READONLY "))
}

/// Whether a server, or a proxy, that answered so may be greeted without `HELLO`. There are many ways to refuse it: an unknown command in all
/// kinds of quotes, a protocol that is not known, a missing right, and to close the connection.
pub(super) fn refuses_hello(error: &RedisError) -> bool {
    let says_no = match error.kind() {
        Driver::RESP3NotSupported => true,
        Driver::Io => was_hung_up(error),
        Driver::Server(_) | Driver::Extension => {
            let code = error.code().unwrap_or_default();
            !matches!(code, "NOAUTH" | "WRONGPASS" | "LOADING" | "MASTERDOWN" | "BUSY" | "DENIED")
        }
        _ => false,
    };
    // A server that has no room would have none for a second connection.
    says_no && !error.detail().is_some_and(|detail| detail.contains("max number of clients"))
}

#[cfg(test)]
mod tests {
    use redis::{Value, parse_redis_value};

    use super::*;

    fn said(line: &str) -> ServerError {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(Value::ServerError(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn hello_is_refused_in_many_words() {
        for line in [
            "ERR unknown command 'HELLO', with args beginning with: '3' ",
            "ERR unknown command `HELLO`, with args beginning with: `3`, ",
            "ERR unknown command",
            "NOPROTO unsupported protocol version",
            "NOPROTO sorry this protocol version is not supported",
            "NOPERM this user has no permissions to run the 'hello' command",
            "ERR Protocol version is not an integer or out of range",
            "ERR Syntax error in HELLO option 'AUTH'",
            "invalid request",
            "ERR",
        ] {
            assert!(refuses_hello(&said(line).into()), "{line}");
        }
        for line in [
            "NOAUTH HELLO must be called with the client already authenticated",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "LOADING Redis is loading the dataset in memory",
            "MASTERDOWN Link with MASTER is down",
            "ERR max number of clients reached",
            "DENIED Redis is running in protected mode",
        ] {
            assert!(!refuses_hello(&said(line).into()), "{line}");
        }
    }

    #[test]
    fn another_server_is_wanted() {
        for line in [
            "READONLY You can't write against a read only replica.",
            "READONLY You can't write against a read only replica. script: 07067b, on @user_script:1.",
            "ERR Error running script (call to f_07067b): @user_script:1: -READONLY You can't write against a read only replica. ",
            "LOADING Redis is loading the dataset in memory",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "NOAUTH Authentication required.",
        ] {
            assert!(is_misplaced(&said(line)), "{line}");
        }
        for line in [
            "ERR unknown command 'READONLY', with args beginning with: 'READONLY' ",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "MISCONF Redis is configured to save RDB snapshots",
            "NOREPLICAS Not enough good replicas to write.",
            "BUSY Redis is busy running a script.",
            "CLUSTERDOWN Hash slot not served",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "NOPERM this user has no permissions to run the 'set' command",
        ] {
            assert!(!is_misplaced(&said(line)), "{line}");
        }
    }
}
