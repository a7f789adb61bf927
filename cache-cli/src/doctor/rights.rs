//! Which commands the server takes from this user: each that the library uses, in a form that changes nothing.

use redis_cached::{ErrorKind, ReplyValue, ServerReply};

/// A command that the library uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Right {
    Get,
    Mget,
    Set,
    SetIfEqual,
    Unlink,
    Del,
    Pttl,
    Pexpire,
    Persist,
    GetRange,
    Eval,
    EvalSha,
    Scan,
    Tracking,
}

/// What stands for a key of the cache in a command.
pub(super) const KEY: &str = "\0KEY";

/// Each with the words to ask by. At the key nothing stands, and `XX` and `IFEQ` store nothing where nothing is.
pub(super) const ASKED: [(Right, &[&str]); 14] = [
    (Right::Get, &["GET", KEY]),
    (Right::Mget, &["MGET", KEY]),
    (Right::Set, &["SET", KEY, "x", "PX", "1000", "XX"]),
    (Right::SetIfEqual, &["SET", KEY, "x", "IFEQ", "y", "PX", "1000"]),
    (Right::Unlink, &["UNLINK", KEY]),
    (Right::Del, &["DEL", KEY]),
    (Right::Pttl, &["PTTL", KEY]),
    (Right::Pexpire, &["PEXPIRE", KEY, "1000"]),
    (Right::Persist, &["PERSIST", KEY]),
    (Right::GetRange, &["GETRANGE", KEY, "0", "16"]),
    (Right::Eval, &["EVAL", "return 1", "1", KEY]),
    (Right::EvalSha, &["EVALSHA", "0000000000000000000000000000000000000000", "1", KEY]),
    (Right::Scan, &["SCAN", "0", "COUNT", "1"]),
    (Right::Tracking, &["CLIENT", "TRACKING", "OFF"]),
];

/// What a server says to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    /// Forbidden, or not known.
    Refused,
    /// The command is allowed, and not with this key.
    KeyForbidden,
    /// The server's state is against it: full, a replica, its disk full.
    Failed(String),
}

/// What servers answer to what they do not support or allow.
const REFUSALS: [&str; 10] = [
    "unknown command",
    "unknown subcommand",
    "syntax error",
    "scripting engine",
    "can't run this command",
    "not supported",
    "unsupported",
    "not implemented",
    "not allowed",
    "disabled",
];

/// The codes of errors about the server's state. Their texts hold words of refusals: "OOM command not allowed when …".
const STATES: [&str; 8] =
    ["OOM ", "MISCONF ", "READONLY ", "LOADING ", "NOREPLICAS ", "BUSY ", "MASTERDOWN ", "CLUSTERDOWN "];

impl Verdict {
    pub(super) fn of(reply: &ServerReply) -> Self {
        match &reply.reply {
            Ok(_) => Self::Taken,
            Err(error) => Self::of_error(error.kind(), &error.to_string()),
        }
    }

    fn of_error(kind: ErrorKind, message: &str) -> Self {
        let says = |text: &str| message.contains(text);
        // Rights are looked at before the question whose key it is, and before the script.
        if says("MOVED ") || says("ASK ") || says("NOSCRIPT") || says("CROSSSLOT") {
            return Self::Taken;
        }
        if STATES.iter().any(|state| says(state)) {
            return Self::Failed(message.to_owned());
        }
        let lower = message.to_ascii_lowercase();
        match kind {
            ErrorKind::Permission if lower.contains("access") && lower.contains("key") => Self::KeyForbidden,
            ErrorKind::Permission => Self::Refused,
            _ if REFUSALS.iter().any(|refusal| lower.contains(refusal)) => Self::Refused,
            _ => Self::Failed(message.to_owned()),
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        *self == Self::Refused
    }
}

/// A flat list of names and values as pairs: what `CONFIG GET` and `HELLO` answer.
pub(super) fn pairs(reply: &ReplyValue) -> Vec<(String, String)> {
    let ReplyValue::List(values) = reply else { return Vec::new() };
    let text = |value: &ReplyValue| match value {
        ReplyValue::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ReplyValue::Integer(number) => number.to_string(),
        _ => String::new(),
    };
    values.chunks_exact(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_from_other_errors() {
        use ErrorKind::{Permission, Server};
        for (kind, message, verdict) in [
            (Server, "cannot GET: MOVED 7 127.0.0.1:7001", Verdict::Taken),
            (Server, "cannot EVALSHA: NOSCRIPT No matching script.", Verdict::Taken),
            (
                Permission,
                "cannot EVAL: NOPERM User u has no permissions to run the 'eval' command (docs …)",
                Verdict::Refused,
            ),
            (Permission, "cannot GET: NOPERM No permissions to access a key (docs …)", Verdict::KeyForbidden),
            (
                Permission,
                "cannot GET: NOPERM this user has no permissions to access one of the keys used as arguments",
                Verdict::KeyForbidden,
            ),
            (Server, "cannot MGET: ERR unknown command 'MGET'", Verdict::Refused),
            (Server, "cannot SET: ERR syntax error", Verdict::Refused),
        ] {
            assert_eq!(Verdict::of_error(kind, message), verdict, "{message}");
        }
        let full = "cannot SET: OOM command not allowed when used memory > 'maxmemory'.";
        assert_eq!(Verdict::of_error(Server, full), Verdict::Failed(full.to_owned()));
    }
}
