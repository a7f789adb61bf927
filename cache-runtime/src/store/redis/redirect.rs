//! Answers that send a request to another node. They say that it was not executed, so it can be sent again.

use std::fmt;

use redis::RedisError;

use super::route::Slot;

/// Where a node of a cluster listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeAddress {
    /// An IPv6 address is without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl NodeAddress {
    /// `None` for what no host is called: what is written into a message has no control characters.
    pub(crate) fn new(host: &str, port: u16) -> Option<Self> {
        let is_host = |char: char| char.is_alphanumeric() || "-_.:%".contains(char);
        let is_usable = !host.is_empty() && host.chars().all(is_host) && port != 0;
        is_usable.then(|| Self { host: host.to_owned(), port })
    }

    /// From `HOST:PORT`. Without a host it is that of the node which said so.
    fn parse(text: &str, said_by: &Self) -> Option<Self> {
        // An IPv6 address comes without brackets.
        let (host, port) = text.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Self::new(if host.is_empty() { &said_by.host } else { host }, port.parse().ok()?)
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Where to send a request instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redirect {
    /// The slot has another owner, for this and all later requests.
    Moved(Slot, NodeAddress),
    /// The slot is being migrated, and this key is not at its owner: for this request only, with `ASKING` right before it.
    Ask(NodeAddress),
}

impl Redirect {
    /// `None` for any other error, and for a redirection that names no node.
    pub(crate) fn of(error: &RedisError, said_by: &NodeAddress) -> Option<Self> {
        let code = error.code().filter(|code| matches!(*code, "MOVED" | "ASK"))?;
        let mut words = error.detail()?.split_ascii_whitespace();
        let slot = Slot::new(words.next()?.parse().ok()?)?;
        let address = NodeAddress::parse(words.next()?, said_by)?;
        Some(if code == "MOVED" { Self::Moved(slot, address) } else { Self::Ask(address) })
    }
}

/// The slot that has another owner, as an error says.
pub(crate) fn moved_slot(error: &RedisError) -> Option<Slot> {
    let detail = error.detail().filter(|_| error.code() == Some("MOVED"))?;
    Slot::new(detail.split_ascii_whitespace().next()?.parse().ok()?)
}

/// Whether an error says that the slots may have other owners by now, or soon.
pub(crate) fn is_sign_of_change(error: &RedisError) -> bool {
    matches!(error.code(), Some("MOVED" | "CLUSTERDOWN" | "MASTERDOWN" | "LOADING" | "READONLY"))
}

#[cfg(test)]
mod tests {
    use redis::{Value, parse_redis_value};

    use super::*;

    fn said(line: &str) -> RedisError {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(Value::ServerError(error)) => error.into(),
            other => panic!("{other:?}"),
        }
    }

    fn of(line: &str) -> Option<Redirect> {
        let said_by = NodeAddress::new("10.0.0.1", 7000).expect("an address");
        Redirect::of(&said(line), &said_by)
    }

    fn address(host: &str, port: u16) -> NodeAddress {
        NodeAddress::new(host, port).expect("an address")
    }

    #[test]
    fn redirections_name_a_slot_and_a_node() {
        let slot = |number| Slot::new(number).expect("a slot");
        for (line, redirect) in [
            ("MOVED 3999 127.0.0.1:6381", Redirect::Moved(slot(3999), address("127.0.0.1", 6381))),
            ("ASK 0 node-1.example:6381", Redirect::Ask(address("node-1.example", 6381))),
            ("MOVED 16383 :6381", Redirect::Moved(slot(16383), address("10.0.0.1", 6381))),
            ("MOVED 1 2001:db8::1:6381", Redirect::Moved(slot(1), address("2001:db8::1", 6381))),
            ("ASK 1 [::1]:6381", Redirect::Ask(address("::1", 6381))),
        ] {
            assert_eq!(of(line), Some(redirect), "{line}");
        }
        assert_eq!(address("::1", 6381).to_string(), "[::1]:6381");
    }

    #[test]
    fn any_other_answer_is_an_error_and_no_panic() {
        for line in [
            "MOVED",
            "MOVED 1",
            "MOVED 16384 127.0.0.1:1",
            "MOVED -1 127.0.0.1:1",
            "MOVED x 127.0.0.1:1",
            "MOVED 1 127.0.0.1",
            "MOVED 1 127.0.0.1:",
            "MOVED 1 127.0.0.1:0",
            "MOVED 1 127.0.0.1:65536",
            "MOVED 1 ?:6379",
            "ASK 1 a@b:1",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "CLUSTERDOWN Hash slot not served",
            "ERR MOVED 1 127.0.0.1:1",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
