//! Translates the driver's errors. A server's reply can be shown, except for the arguments that it repeats: they are keys and values, and
//! in the greeting the password.

mod login;

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind as Driver, RedisError, ServerError, ServerErrorKind};

use super::tls;
use crate::error::{Error, ErrorKind};

/// `doing` is what failed: `connect to 127.0.0.1:6379`, `GET`, …
pub(super) fn translate(doing: &str, error: RedisError) -> Error {
    if let Some(reason) = as_io(&error).and_then(tls::explain) {
        return Error::with_source(ErrorKind::Tls, format!("cannot {doing}: {reason}"), error);
    }
    let (kind, reason) = login::explain(&error).unwrap_or_else(|| (kind(&error), reason(&error).into()));
    let message = format!("cannot {doing}: {reason}");
    match error.kind() {
        // An error of the network is the source, and so is what says where a request has to go, or that this is about to change: whoever
        // routes it reads that. Any other error of the driver is in the message completely.
        Driver::Io
        | Driver::Server(
            ServerErrorKind::Moved
            | ServerErrorKind::Ask
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::BusyLoading
            | ServerErrorKind::ReadOnly,
        ) => Error::with_source(kind, message, error),
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

/// Of the reply to an unknown command.
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
    // Servers before 7.0 wrap the error of a script's command.
    error.code() == Some("WRONGTYPE") || error.detail().is_some_and(|detail| detail.contains("WRONGTYPE"))
}

/// Whether the server refuses the command as such: from everybody, from this user, or because it does not know an option. Any other
/// error, about the state of a key or of the server, says nothing about the next command.
pub(super) fn is_refused(error: &RedisError) -> bool {
    let detail = error.detail().unwrap_or_default().to_ascii_lowercase();
    match error.code() {
        // Others with this code are about keys.
        Some("NOPERM") => detail.contains(" command"),
        // Servers before 7.0 append the error of a script's command after this.
        Some("ERR") if !detail.contains(": -") => REFUSALS.iter().any(|refusal| detail.contains(refusal)),
        _ => false,
    }
}

/// What servers, proxies and services answer to a command that they do not support.
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

/// Whether a command within a script was refused, and not the script.
pub(super) fn is_within_script(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("script") && !detail.contains("scripting engine"))
}

/// Whether a refusal is of the command itself and not of one of its keys: missing rights, a server or a proxy that does not know
/// it, or keys of several nodes.
pub(super) fn is_about_mget(error: &RedisError) -> bool {
    let names_it = |detail: &str| {
        let detail = detail.to_ascii_lowercase();
        detail.contains("'mget'") || detail.contains("`mget`")
    };
    error.code() == Some("CROSSSLOT") || error.detail().is_some_and(names_it)
}

/// Whether the server does not know a script by its name.
pub(super) fn is_no_script(error: &RedisError) -> bool {
    error.kind() == Driver::Server(ServerErrorKind::NoScript)
}

/// Whether the peer answered, and then closed the connection.
pub(super) fn was_hung_up(error: &RedisError) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let ends = [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof];
    as_io(error).is_some_and(|error| ends.contains(&error.kind()))
}

/// The error of the stream, if it is one.
pub(super) fn as_io(error: &RedisError) -> Option<&io::Error> {
    // The driver wraps it in an `Arc`.
    error.source()?.downcast_ref::<Arc<dyn StdError + Send + Sync>>()?.downcast_ref()
}

/// Whether another server, or another connection to this one, is needed: a primary has become a replica, a replica loads its data, or
/// the user has to authenticate again.
pub(super) fn is_misplaced(error: &ServerError) -> bool {
    matches!(error.code(), "READONLY" | "LOADING" | "MASTERDOWN" | "NOAUTH")
        // Servers before 7.0 wrap the error of a script's command.
        || error.details().is_some_and(|detail| detail.contains(": -READONLY "))
}

/// Whether to greet a server or a proxy that answered this without `HELLO`. It is refused in many ways: as an unknown command in all kinds of
/// quotes, as an unknown protocol, for a missing right, or by closing the connection.
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
    // A server without room for the first connection has none for a second.
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
