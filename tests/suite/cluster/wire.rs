//! What goes over the wire: each key at its own node, and nothing else anywhere.

use std::collections::HashMap;

use redis_cached::redis_cached;
use redis_cached_test_support::{Monitor, RedisCluster, RedisServer};

use super::{cluster, patient, row, tagged};

pub(super) fn monitors(servers: &RedisCluster) -> Vec<Monitor> {
    servers.nodes().iter().map(RedisServer::monitor).collect()
}

/// The commands that each node was sent, by name and key; without those about the cluster, and what a script ran.
pub(super) fn sent(monitors: &[Monitor]) -> Vec<String> {
    let mut all = Vec::new();
    for monitor in monitors {
        for command in monitor.commands().iter().filter(|command| !command.in_script()) {
            match command.name() {
                "CLUSTER" => {}
                script @ ("EVAL" | "EVALSHA") => all.push(format!("{script} {}", command.args()[2])),
                name => all.push(format!("{name} {}", command.args().first().map_or("", String::as_str))),
            }
        }
        monitor.clear();
    }
    all.sort();
    all
}

#[tokio::test]
async fn hits_misses_and_invalidations_cost_what_they_cost_on_one_server() {
    let (servers, cache) = cluster().await;
    // Each node's connection learns what its server can.
    for id in 0..30 {
        cache.scope(row(id)).await;
        cache.scope(tagged(id, id)).await;
    }
    cache.flush().await.unwrap();
    let nx_get =
        servers.primary(0).takes(&["SET", &servers.key_of(servers.primary(0), ""), "1", "NX", "GET"]);
    let monitors = monitors(&servers);

    // Another miss is expected by now. Then there is a value, and the next miss is none that is expected.
    if nx_get {
        cache.scope(row(99)).await;
        cache.flush().await.unwrap();
        let miss = sent(&monitors);
        assert!(miss.len() == 2 && miss.contains(&"SET row:99".into()), "{miss:?}");
        cache.scope(row(99)).await;
        assert_eq!(sent(&monitors), ["SET row:99"]);
    }

    cache.scope(row(100)).await;
    cache.flush().await.unwrap();
    let miss = sent(&monitors);
    assert_eq!(miss.len(), 3, "{miss:?}");
    assert!(miss.iter().all(|command| command.ends_with("row:100")) && miss.contains(&"GET row:100".into()));
    assert_eq!(miss.contains(&"SET row:100".into()), nx_get);

    cache.scope(row(100)).await;
    assert_eq!(sent(&monitors), ["GET row:100"]);

    cache.scope(async { super::row_entry(100).invalidate().await.unwrap() }).await;
    assert_eq!(sent(&monitors), ["UNLINK row:100"]);

    cache.scope(tagged(7, 7)).await;
    assert_eq!(sent(&monitors), ["GET \\x01tag:group:7", "GET tagged:7"]);

    cache.invalidate_tag("group:7").await.unwrap();
    let removed = sent(&monitors);
    assert_eq!(removed.len(), 2, "{removed:?}");
    assert!(removed.iter().all(|command| command.starts_with("UNLINK")));
}

#[tokio::test]
async fn nobody_is_asked_for_what_another_node_has() {
    let (servers, cache) = cluster().await;
    for id in 0..60 {
        cache.scope(row(id)).await;
    }
    cache.flush().await.unwrap();
    let monitors = monitors(&servers);
    for id in 0..60 {
        cache.scope(row(id)).await;
    }
    for (node, monitor) in servers.nodes().iter().zip(&monitors) {
        for command in monitor.commands().iter().filter(|command| command.name() == "GET") {
            assert_eq!(servers.owner(&command.args()[0]).port(), node.port(), "{}", command.args()[0]);
        }
    }
}

#[redis_cached(ttl = 60, key = "{org:<org>}:member:<ids>", batch = ids, tags = ["{org:<org>}"])]
async fn of_one_org(org: u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, org)).collect()
}

#[tokio::test]
async fn a_hash_tag_in_keys_and_in_their_tag_makes_a_page_one_message_to_one_node() {
    let (servers, cache) = cluster().await;
    let ids: Vec<u64> = (0..20).collect();
    cache.scope(of_one_org(7, &ids)).await;
    cache.flush().await.unwrap();
    let owner = servers.owner("{org:7}").port();
    let monitors = monitors(&servers);
    cache.scope(of_one_org(7, &ids)).await;
    for (node, monitor) in servers.nodes().iter().zip(&monitors) {
        let count = monitor.commands().iter().filter(|command| command.name() == "GET").count();
        assert_eq!(count, if node.port() == owner { ids.len() + 1 } else { 0 });
    }
}

/// How often the server has read from a connection for this, at least: other things happen on it, too.
async fn reads_for(server: &RedisServer, request: impl AsyncFn()) -> u64 {
    let reads = || server.info("total_reads_processed").unwrap().parse::<u64>().unwrap();
    let mut least = u64::MAX;
    for _ in 0..10 {
        let before = reads();
        request().await;
        least = least.min(reads() - before);
    }
    least
}

#[tokio::test]
async fn any_tag_and_tags_are_one_message_where_one_node_has_both() {
    let servers = RedisCluster::start();
    let cache = patient(&servers).await;
    let any = servers.owner("\u{1}tags");
    let other = servers.nodes().iter().find(|node| node.port() != any.port()).unwrap();
    let tag_of = |node| servers.key_of(node, "\u{1}tag:")["\u{1}tag:".len()..].to_owned();
    let (beside, elsewhere) = (tag_of(any), tag_of(other));
    let row = servers.key_of(any, "row:")["row:".len()..].parse().unwrap();
    let entry = cache.sync_scope(|| super::row_entry(row));
    entry.invalidate().await.unwrap();
    let of_entry = reads_for(any, async || entry.invalidate().await.unwrap()).await;
    assert_eq!(reads_for(any, async || cache.invalidate_tag(&*beside).await.unwrap()).await, of_entry);
    // In order, and the key of any tag first.
    let monitors = monitors(&servers);
    for (tag, is_beside) in [(&beside, true), (&elsewhere, false)] {
        cache.invalidate_tag(tag.as_str()).await.unwrap();
        let removals: Vec<_> = monitors.iter().flat_map(Monitor::commands).collect();
        let removals: Vec<String> = removals
            .iter()
            .filter(|command| command.name() == "UNLINK")
            .map(|command| command.args()[0].clone())
            .collect();
        let (any, own) = ("\\x01tags".to_owned(), format!("\\x01tag:{tag}"));
        assert!(removals.contains(&any) && removals.contains(&own) && removals.len() == 2, "{removals:?}");
        if is_beside {
            assert_eq!(removals, [any, own]);
        }
        monitors.iter().for_each(Monitor::clear);
    }
}
