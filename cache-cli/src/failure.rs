//! Why the command could not do what it was asked, and what to do about it.

use std::fmt;

use redis_cached::{Error, ErrorKind};

use crate::text::lines_shown;

/// What went wrong, and a way out.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    way_out: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { message: message.into(), way_out: way_out.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.to_string(), way_out(error.kind()))
    }
}

fn way_out(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Url => {
            "write redis://HOST:PORT, rediss://… for TLS, redis+cluster://HOST,HOST… or redis+sentinel://HOST,HOST…/SERVICE"
        }
        ErrorKind::Connection => {
            "check host and port, that the server runs, and that its `bind` and the firewalls in between let this machine in"
        }
        ErrorKind::Timeout => "check the network and the server's load, or wait longer: --timeout 30s",
        ErrorKind::Tls => {
            "see --tls-ca, --tls-cert and --tls-server-name in the help; rediss:// is for a port that speaks TLS"
        }
        ErrorKind::Permission => {
            "the rights that a cache needs are in docs/guarantees.md; `doctor` names those that are missing"
        }
        ErrorKind::EmptyPrefix => {
            "FLUSHDB empties a database; with a prefix of its own a cache can be emptied by itself"
        }
        ErrorKind::Name => "write the name as the program does",
        _ => "",
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "redis-cached: {}", lines_shown(&self.message))?;
        if self.way_out.is_empty() { Ok(()) } else { write!(f, "\n  {}", lines_shown(&self.way_out)) }
    }
}
