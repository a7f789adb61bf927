//! How long requests to Redis take: one request and its answer, whatever number of callers it was for.

use std::time::Instant;

use crate::error::ErrorKind;
use crate::util::counter::Counter;
use crate::util::histogram::{DurationHistogram, Durations};
use crate::util::serialize_fields::serialize_fields;
use crate::util::trace::Span;

/// Requests that are told apart. Whatever else is sent is rare, and counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandKind {
    Get,
    Mget,
    Set,
    Script,
    Unlink,
    Scan,
    Pipeline,
    Other,
}

/// Each with the name that a command has in Redis, or that OpenTelemetry has for it.
const OPERATIONS: [(CommandKind, &str); 8] = [
    (CommandKind::Get, "GET"),
    (CommandKind::Mget, "MGET"),
    (CommandKind::Set, "SET"),
    (CommandKind::Script, "EVALSHA"),
    (CommandKind::Unlink, "UNLINK"),
    (CommandKind::Scan, "SCAN"),
    (CommandKind::Pipeline, "PIPELINE"),
    (CommandKind::Other, "other"),
];

impl CommandKind {
    pub(crate) fn of_command(name: &[u8]) -> Self {
        match name {
            b"GET" => Self::Get,
            b"MGET" => Self::Mget,
            b"SET" => Self::Set,
            b"EVALSHA" | b"EVAL" => Self::Script,
            b"UNLINK" | b"DEL" => Self::Unlink,
            b"SCAN" => Self::Scan,
            _ => Self::Other,
        }
    }
}

/// What the connections of a cache record.
#[derive(Debug, Default)]
pub(crate) struct RequestTimes([OfOperation; OPERATIONS.len()]);

/// A request that is under way. One that its caller gives up is not recorded.
pub(crate) struct WatchedRequest<'a> {
    of_operation: &'a OfOperation,
    pub(crate) asked: Instant,
    span: Span,
}

impl WatchedRequest<'_> {
    /// The request has ended. What was not sent, because there is no connection, took no time.
    pub(crate) fn end(self, failed: Option<ErrorKind>) {
        let Self { of_operation, asked, span } = self;
        match failed {
            Some(ErrorKind::Timeout) => {
                span.failed("timeout");
                of_operation.timeouts.count();
            }
            Some(_) => {
                span.failed("connection");
                return of_operation.failures.count();
            }
            None => {}
        }
        of_operation.times.record(asked.elapsed());
    }
}

#[derive(Debug, Default)]
struct OfOperation {
    times: Durations,
    timeouts: Counter,
    failures: Counter,
}

impl RequestTimes {
    /// A request begins, of so many commands or keys.
    pub(crate) fn begin(&self, operation: CommandKind, batch: impl FnOnce() -> usize) -> WatchedRequest<'_> {
        let span = Span::request(OPERATIONS[operation as usize].1, batch);
        WatchedRequest { of_operation: &self.0[operation as usize], asked: Instant::now(), span }
    }

    /// The operations that were sent, or should have been.
    pub(crate) fn rows(&self) -> Vec<RequestStats> {
        let rows = OPERATIONS.iter().map(|(operation, name)| {
            let of_operation = &self.0[*operation as usize];
            let mut times = DurationHistogram::default();
            of_operation.times.add_to(&mut times);
            let (timeouts, failures) = (of_operation.timeouts.get(), of_operation.failures.get());
            RequestStats { operation: name, times, timeouts, failures }
        });
        rows.filter(|row| row.times.count() + row.failures > 0).collect()
    }
}

/// The requests to Redis of one kind.
///
/// A request is what is sent at once: one command, one script, or several commands as a pipeline. Concurrent look-ups share an `MGET`, so there are
/// fewer requests than look-ups.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestStats {
    /// The command: `GET`, `MGET`, `SET`, `EVALSHA` (a script, also by `EVAL`), `UNLINK` (also `DEL`), `SCAN`; `PIPELINE` for several, `other` for
    /// all that are rare.
    pub operation: &'static str,
    /// From the request until its answer or its timeout, with the time in which others were before it on the connection. What its callers
    /// gave up before is not in it.
    pub times: DurationHistogram,
    /// The requests that were not answered in time. They are in `times`.
    pub timeouts: u64,
    /// The requests that failed because there was no connection, or it ended. They are not in `times`: most of them took none.
    pub failures: u64,
}

serialize_fields!(RequestStats { operation, times, timeouts, failures });

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_operation_has_its_own_row() {
        assert!(OPERATIONS.iter().enumerate().all(|(index, (operation, _))| *operation as usize == index));
        let times = RequestTimes::default();
        assert!(times.rows().is_empty());
        let asked = Instant::now() - Duration::from_millis(3);
        for (name, failed) in [
            ("EVAL", None),
            ("EVALSHA", Some(ErrorKind::Timeout)),
            ("GET", Some(ErrorKind::Connection)),
            ("GETRANGE", None),
        ] {
            let watched = times.begin(CommandKind::of_command(name.as_bytes()), || 1);
            WatchedRequest { asked, ..watched }.end(failed);
        }
        let rows = times.rows();
        let counts: Vec<_> =
            rows.iter().map(|row| (row.operation, row.times.count(), row.timeouts, row.failures)).collect();
        assert_eq!(counts, [("GET", 0, 0, 1), ("EVALSHA", 2, 1, 0), ("other", 1, 0, 0)]);
        assert!(rows[1].times.sum() >= Duration::from_millis(6));
    }
}
