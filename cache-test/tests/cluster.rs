//! The clusters that tests get: they form, move slots and fail over as real ones do.

use redis::Value;
use redis_cached_test::{RedisCluster, servers};

#[test]
fn every_program_forms_a_cluster_that_serves_each_key_at_its_owner() {
    for program in servers() {
        let cluster = RedisCluster::builder().node(|node| node.program(&program)).start();
        for index in 0..3 {
            let key = cluster.key_of(cluster.primary(index), "key:");
            cluster.owner(&key).cli(&["SET", &key, "value"]);
            assert_eq!(cluster.primary(index).query::<String>(&["GET", &key]), "value", "{program}");
        }
    }
}

#[test]
fn a_slot_moves_and_is_at_both_nodes_meanwhile() {
    let cluster = RedisCluster::builder().node(|node| node.password("hunter2")).start();
    let (from, to) = (cluster.primary(0), cluster.primary(1));
    let tag = cluster.key_of(from, "");
    let [moved, left, absent] = ["moved", "left", "absent"].map(|name| format!("{{{tag}}}:{name}"));
    from.cli(&["SET", &moved, "1"]);
    from.cli(&["SET", &left, "2"]);
    let migration = cluster.migrate(cluster.slot(&tag), to);
    assert!(migration.move_key(&moved) && !migration.move_key(&absent));
    let ask =
        redis::cmd("GET").arg(&moved).query::<Value>(&mut from.connection()).expect_err("it is not there");
    assert_eq!(ask.code(), Some("ASK"));
    assert_eq!(from.query::<String>(&["GET", &left]), "2");
    migration.finish();
    assert_eq!(cluster.owner(&tag).port(), to.port());
    assert_eq!(to.query::<String>(&["GET", &left]), "2");
}

#[test]
fn a_replica_takes_over_when_asked_and_when_its_primary_is_gone() {
    let cluster = RedisCluster::builder().replicas(1).start();
    let (primary, replica) = (cluster.primary(0), cluster.replica(0));
    let key = cluster.key_of(primary, "key:");
    primary.cli(&["SET", &key, "value"]);
    primary.cli(&["WAIT", "1", "5000"]);
    cluster.failover(replica);
    assert_eq!(cluster.owner(&key).port(), replica.port());
    replica.kill();
    cluster.wait_for_primary(primary);
    assert_eq!(primary.query::<String>(&["GET", &key]), "value");
    replica.restart();
    cluster.wait_until_whole();
}
