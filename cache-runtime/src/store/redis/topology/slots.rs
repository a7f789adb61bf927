//! Which node owns which slot.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU16, Ordering};

use redis::{Value, from_redis_value_ref};

use crate::error::{Error, ErrorKind};
use crate::store::redis::redirect::NodeAddress;
use crate::store::redis::route::{SLOTS, Slot};

/// Stands for no node.
const NOBODY: u16 = u16::MAX;

/// The owner of each slot, as the index of a node. Slots change one by one: no request needs to know two owners at the same instant, and
/// who is sent to the wrong one is redirected.
pub(crate) struct SlotTable(Box<[AtomicU16]>);

impl SlotTable {
    /// A table in which no slot has an owner.
    pub(crate) fn new() -> Self {
        Self((0..SLOTS).map(|_| AtomicU16::new(NOBODY)).collect())
    }

    #[inline]
    pub(crate) fn owner(&self, slot: Slot) -> Option<u16> {
        let owner = self.0.get(usize::from(slot.number()))?.load(Ordering::Acquire);
        (owner != NOBODY).then_some(owner)
    }

    /// Says whether it had another owner before.
    pub(crate) fn set_owner(&self, slot: Slot, owner: Option<u16>) -> bool {
        let owner = owner.unwrap_or(NOBODY);
        let entry = self.0.get(usize::from(slot.number()));
        entry.is_some_and(|entry| entry.swap(owner, Ordering::AcqRel) != owner)
    }
}

/// A range of slots, and the address of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedSlots {
    pub(crate) slots: RangeInclusive<u16>,
    /// `None` if the cluster gives no address for it.
    pub(crate) owner: Option<NodeAddress>,
    /// Where its replicas listen, as far as the cluster says how to reach them.
    pub(crate) replicas: Vec<NodeAddress>,
}

/// Reads the answer to `CLUSTER SLOTS` of the node at `said_by`. Slots that it does not name have no owner.
///
/// # Errors
/// If the answer is malformed: a partial map must not be used.
pub(crate) fn parse(answer: &Value, said_by: &NodeAddress) -> Result<Vec<OwnedSlots>, Error> {
    let odd = || {
        let message =
            format!("cannot use the cluster: the answer of {said_by} to CLUSTER SLOTS is not understood");
        Error::new(ErrorKind::Server, message)
    };
    let Value::Array(rows) = answer else { return Err(odd()) };
    let rows = rows.iter().map(|row| owned(row, said_by));
    let mut map: Vec<OwnedSlots> = rows.collect::<Option<_>>().ok_or_else(odd)?;
    map.sort_by_key(|owned| *owned.slots.start());
    let overlap = map.windows(2).any(|pair| pair[0].slots.end() >= pair[1].slots.start());
    if overlap { Err(odd()) } else { Ok(map) }
}

/// A row: the first slot, the last, the primary, and its replicas.
fn owned(row: &Value, said_by: &NodeAddress) -> Option<OwnedSlots> {
    let Value::Array(row) = row else { return None };
    let [first, last, primary, replicas @ ..] = &row[..] else { return None };
    let slot = |value: &Value| from_redis_value_ref(value).ok().and_then(Slot::new).map(Slot::number);
    let slots = slot(first)?..=slot(last)?;
    let owner = address(primary, said_by)?;
    // One that is not understood is not asked; the map is right without it.
    let replicas = replicas.iter().filter_map(|replica| address(replica, said_by)?).collect();
    (!slots.is_empty()).then_some(OwnedSlots { slots, owner, replicas })
}

/// A node: its preferred host, its port, its ID, and further hosts. The outer `None` is for what is not a node.
fn address(node: &Value, said_by: &NodeAddress) -> Option<Option<NodeAddress>> {
    let Value::Array(node) = node else { return None };
    let [host, Value::Int(port), rest @ ..] = &node[..] else { return None };
    let port = u16::try_from(*port).ok()?;
    let host = match host {
        // It is configured not to announce its address.
        Value::Nil => said_by.host.clone(),
        host => match from_redis_value_ref::<String>(host).ok()? {
            // It does not know its address yet.
            host if host.is_empty() => said_by.host.clone(),
            // It is configured to announce a name and has none.
            host if host == "?" => match rest.get(1).and_then(ip) {
                Some(ip) => ip,
                None => return Some(None),
            },
            host => host,
        },
    };
    // A node that speaks only TLS has port 0 for who asks without, and the other way round.
    if port == 0 { Some(None) } else { NodeAddress::new(&host, port).map(Some) }
}

/// The IP address among a node's further hosts: a map in RESP3, else names and values in turn.
fn ip(further: &Value) -> Option<String> {
    let text = |value: &Value| from_redis_value_ref::<String>(value).ok();
    let is_ip = |name: &Value| text(name).is_some_and(|name| name == "ip");
    let ip = match further {
        Value::Map(pairs) => pairs.iter().find(|(name, _)| is_ip(name)).map(|(_, ip)| ip),
        Value::Array(values) => values.chunks_exact(2).find(|pair| is_ip(&pair[0])).map(|pair| &pair[1]),
        _ => None,
    };
    text(ip?).filter(|ip| !ip.is_empty())
}

#[cfg(test)]
mod tests {
    use redis::parse_redis_value;
    use redis_cached_test_support::{RedisCluster, RedisServer};

    use super::*;

    fn node(host: &str, port: u16) -> NodeAddress {
        NodeAddress::new(host, port).expect("an address")
    }

    /// Of an answer in the protocol, with spaces for the ends of lines.
    fn parsed(answer: &str) -> Result<Vec<OwnedSlots>, Error> {
        let lines = answer.replace(' ', "\r\n") + "\r\n";
        let answer = parse_redis_value(lines.as_bytes()).unwrap_or_else(|error| panic!("{answer}: {error}"));
        parse(&answer, &node("10.0.0.1", 7000))
    }

    fn owned(slots: RangeInclusive<u16>, owner: Option<NodeAddress>) -> OwnedSlots {
        OwnedSlots { slots, owner, replicas: Vec::new() }
    }

    #[test]
    fn hosts_are_found_in_every_form() {
        for (primary, owner) in [
            ("*3 $9 127.0.0.1 :7001 $2 id", Some(node("127.0.0.1", 7001))),
            ("*2 $3 ::1 :7001", Some(node("::1", 7001))),
            ("*4 $0  :7001 $2 id *0", Some(node("10.0.0.1", 7001))),
            ("*4 $-1 :7001 $2 id *0", Some(node("10.0.0.1", 7001))),
            ("*4 _ :7001 $2 id %0", Some(node("10.0.0.1", 7001))),
            ("*4 $1 ? :7001 $2 id *2 $2 ip $8 10.0.0.9", Some(node("10.0.0.9", 7001))),
            ("*4 $1 ? :7001 $2 id %1 $2 ip $8 10.0.0.9", Some(node("10.0.0.9", 7001))),
            ("*4 $1 ? :7001 $2 id *0", None),
            ("*3 $1 ? :7001 $2 id", None),
            ("*3 $9 127.0.0.1 :0 $2 id", None),
        ] {
            let map = parsed(&format!("*1 *3 :0 :5 {primary}"));
            assert_eq!(map.expect(primary), [owned(0..=5, owner)], "{primary}");
        }
    }

    #[test]
    fn rows_come_in_any_order_and_need_not_name_all_slots() {
        assert_eq!(parsed("*0").expect("an empty map"), []);
        let map = parsed("*2 *4 :100 :16383 *2 $1 b :2 *2 $1 c :3 *3 :0 :0 *2 $1 a :1");
        let with_replica =
            OwnedSlots { replicas: vec![node("c", 3)], ..owned(100..=16383, Some(node("b", 2))) };
        assert_eq!(map.expect("a map"), [owned(0..=0, Some(node("a", 1))), with_replica]);
    }

    #[test]
    fn an_odd_answer_is_an_error() {
        for answer in [
            "$-1",
            "+OK",
            ":1",
            "%0",
            "*1 $-1",
            "*1 *0",
            "*1 *2 :0 :5",
            "*1 *3 :0 :16384 *2 $1 a :1",
            "*1 *3 :-1 :5 *2 $1 a :1",
            "*1 *3 :5 :4 *2 $1 a :1",
            "*1 *3 :0 $1 x *2 $1 a :1",
            "*1 *3 :0 :5 $1 a",
            "*1 *3 :0 :5 *1 $1 a",
            "*1 *3 :0 :5 *2 $1 a :65536",
            "*1 *3 :0 :5 *2 $1 a :-1",
            "*1 *3 :0 :5 *2 $3 a@b :1",
            "*1 *3 :0 :5 *2 *0 :1",
            "*2 *3 :0 :5 *2 $1 a :1 *3 :5 :9 *2 $1 b :2",
            "*2 *3 :0 :5 *2 $1 a :1 *3 :0 :5 *2 $1 b :2",
        ] {
            let error = parsed(answer).expect_err(answer);
            assert_eq!(error.kind(), ErrorKind::Server, "{answer}");
            assert!(error.to_string().contains("10.0.0.1:7000"), "{error}");
        }
    }

    fn asked(server: &RedisServer, protocol: &str) -> Vec<OwnedSlots> {
        let client = redis::Client::open(format!("{}?protocol={protocol}", server.url())).expect("a URL");
        let mut connection = client.get_connection().expect("it takes connections");
        let answer = redis::cmd("CLUSTER").arg("SLOTS").query(&mut connection).expect("it answers");
        parse(&answer, &node("localhost", server.port())).expect("it is understood")
    }

    #[test]
    fn real_clusters_are_understood_in_both_protocols() {
        let cluster = RedisCluster::shared();
        for protocol in ["resp2", "resp3"] {
            let map = asked(cluster.primary(1), protocol);
            assert_eq!(map.iter().map(|owned| owned.slots.len()).sum::<usize>(), usize::from(SLOTS));
            for owned in map {
                let port = cluster.owner_of_slot(*owned.slots.start()).port();
                assert_eq!(owned.owner, Some(node("127.0.0.1", port)), "{protocol}");
            }
        }
    }

    #[test]
    fn a_node_that_has_met_nobody_is_where_it_was_asked() {
        let server = RedisServer::builder().in_cluster_mode().start();
        assert_eq!(asked(&server, "resp3"), []);
        server.cli(&["CLUSTER", "ADDSLOTS", "7", "9"]);
        for protocol in ["resp2", "resp3"] {
            let owner = Some(node("localhost", server.port()));
            assert_eq!(asked(&server, protocol), [owned(7..=7, owner.clone()), owned(9..=9, owner)]);
        }
    }

    #[test]
    fn a_slot_has_the_owner_that_was_set_last() {
        let (table, slot) = (SlotTable::new(), Slot::new(16383).expect("a slot"));
        assert_eq!(table.owner(slot), None);
        assert!(table.set_owner(slot, Some(3)) && !table.set_owner(slot, Some(3)));
        assert_eq!(table.owner(slot), Some(3));
        assert!(table.set_owner(slot, None));
        assert_eq!(table.owner(slot), None);
    }
}
