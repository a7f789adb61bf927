//! What a server was sent, and how long that kept it from others.

use std::fmt;

use redis::Value;
use redis_cached_test_support::RedisServer;

use crate::Failure;

/// What belongs to a connection, or to the counting itself.
const NOT_COUNTED: [&str; 9] =
    ["auth", "client", "config", "dbsize", "hello", "info", "ping", "select", "slowlog"];
/// The longest log that is asked for: more commands than any way sends.
const LOGGED: &str = "10000";

/// The commands of a while, in this process's eyes: on a server of our own nobody else sends any.
pub struct Commands {
    /// Names and numbers, in the server's order.
    sent: Vec<(String, u64)>,
    /// Seconds in which the server did nothing else, for all and for the longest.
    pub busy: f64,
    pub longest: f64,
}

impl Commands {
    /// Counts from now on.
    pub fn count(server: &RedisServer) {
        // With a limit of zero the log of slow commands is one of all.
        server.cli(&["CONFIG", "SET", "slowlog-max-len", LOGGED, "slowlog-log-slower-than", "0"]);
        server.cli(&["SLOWLOG", "RESET"]);
        server.cli(&["CONFIG", "RESETSTAT"]);
    }

    pub fn counted(server: &RedisServer) -> Result<Self, Failure> {
        server.cli(&["CONFIG", "SET", "slowlog-log-slower-than", "-1"]);
        let stats: String = server.query(&["INFO", "commandstats"]);
        let stats: Vec<_> = stats.lines().filter_map(counted).collect();
        let log: Vec<Vec<Value>> = server.query(&["SLOWLOG", "GET", LOGGED]);
        let longest = log.iter().map(|entry| logged(entry)).collect::<Option<Vec<_>>>();
        let longest = longest.ok_or("a log of slow commands that cannot be read")?;
        Ok(Self {
            busy: stats.iter().map(|(.., micros)| micros).sum::<u64>() as f64 / 1e6,
            longest: longest.into_iter().max().unwrap_or(0) as f64 / 1e6,
            sent: stats.into_iter().map(|(name, calls, _)| (name, calls)).collect(),
        })
    }
}

impl fmt::Display for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent: Vec<_> = self.sent.iter().map(|(name, calls)| format!("{calls} {name}")).collect();
        f.write_str(&sent.join(", "))
    }
}

/// Name, calls and microseconds of a line such as `cmdstat_get:calls=7,usec=21,…`.
fn counted(line: &str) -> Option<(String, u64, u64)> {
    let (name, stats) = line.strip_prefix("cmdstat_")?.split_once(':')?;
    if is_not_counted(name.split('|').next()?) {
        return None;
    }
    let figure = |name: &str| {
        let figures = stats.split(',').filter_map(|figure| figure.split_once('='));
        figures.into_iter().find(|figure| figure.0 == name)?.1.parse().ok()
    };
    Some((name.to_uppercase(), figure("calls")?, figure("usec")?))
}

/// The microseconds of an entry, which are its third item; none for what is not counted.
fn logged(entry: &[Value]) -> Option<u64> {
    let [_, _, Value::Int(micros), Value::Array(arguments), ..] = entry else { return None };
    let Some(Value::BulkString(name)) = arguments.first() else { return None };
    if is_not_counted(&String::from_utf8_lossy(name)) { Some(0) } else { u64::try_from(*micros).ok() }
}

fn is_not_counted(name: &str) -> bool {
    NOT_COUNTED.iter().any(|other| other.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::{counted, logged};

    #[test]
    fn a_line_is_a_commands_name_its_calls_and_its_time() {
        let line = |name: &str| format!("cmdstat_{name}:calls=7,usec=21,usec_per_call=3.00,rejected_calls=0");
        assert_eq!(counted(&line("unlink")), Some(("UNLINK".to_owned(), 7, 21)));
        for other in ["config|resetstat", "client|setinfo", "hello"] {
            assert_eq!(counted(&line(other)), None, "{other}");
        }
        assert_eq!(counted("# Commandstats"), None);
    }

    #[test]
    fn an_entry_of_the_log_is_its_time_unless_it_is_of_the_counting_itself() {
        let entry = |name: &str| {
            let name = Value::BulkString(name.into());
            [Value::Int(1), Value::Int(2), Value::Int(345), Value::Array(vec![name]), Value::Nil]
        };
        assert_eq!([logged(&entry("SCAN")), logged(&entry("CONFIG"))], [Some(345), Some(0)]);
        assert_eq!(logged(&[Value::Nil]), None);
    }
}
