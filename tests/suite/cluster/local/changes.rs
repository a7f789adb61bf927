//! Changes while nothing goes wrong.

use std::time::Duration;

use redis_cached_test_support::{Monitor, RedisCluster, RedisServer};

use super::{
    Row, STALENESS, cache, change, is_local, kept, kept_entry, name_on, named, names, other, settle_all,
    several, tagged,
};
use crate::local::{becomes, local_hits, settle};
use crate::log_recorder::{record, warnings};

const FAR: Duration = Duration::from_secs(600);

/// The questions about entries that the nodes were asked; the probe of a heartbeat is a lone `PTTL`.
fn entries_read(monitors: &[Monitor]) -> Vec<String> {
    let commands = monitors.iter().flat_map(Monitor::commands);
    commands.filter(|command| command.name() == "GET").map(|command| command.args()[0].clone()).collect()
}

#[tokio::test]
async fn a_local_hit_asks_no_node() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, Duration::from_secs(2)), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    let tag = name_on(&servers, servers.primary(2), "\u{1}tag:");
    let entry = name_on(&servers, servers.primary(0), "tagged:");
    settle(&cache, async || tagged(&row, &entry, &tag).await).await;
    settle(&cache, async || several(&row, &names).await).await;
    let monitors: Vec<Monitor> = servers.nodes().iter().map(RedisServer::monitor).collect();
    let before = local_hits(&cache);
    for _ in 0..100 {
        for name in &names {
            cache.scope(kept(&row, name)).await;
        }
        cache.scope(tagged(&row, &entry, &tag)).await;
        cache.scope(several(&row, &names)).await;
    }
    assert_eq!(local_hits(&cache), before + 700);
    assert_eq!(entries_read(&monitors), [""; 0]);
    assert!(cache.stats().local.unwrap().serving);

    // What is not here takes one round trip.
    change(&servers, &row, &names[0]).await;
    becomes(&cache, 1, async || kept(&row, &names[0]).await).await;
    cache.flush().await.unwrap();
    monitors.iter().for_each(Monitor::clear);
    settle(&cache, async || kept(&row, &names[0]).await).await;
    let read = entries_read(&monitors);
    assert!(read.len() <= 1 && read.iter().all(|key| *key == format!("kept:{}", names[0])), "{read:?}");
}

#[tokio::test]
async fn a_change_by_another_process_is_heard_of_from_every_node() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, FAR), Row::default());
    let names = names(&servers);
    for _ in 0..5 {
        for name in &names {
            settle(&cache, async || kept(&row, name).await).await;
            change(&servers, &row, name).await;
            becomes(&cache, row.get(), async || kept(&row, name).await).await;
        }
    }
}

#[tokio::test]
async fn an_own_change_is_seen_at_once_on_every_node() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, FAR), Row::default());
    for name in &names(&servers) {
        let entry = cache.sync_scope(|| kept_entry(name));
        for _ in 0..30 {
            settle(&cache, async || kept(&row, name).await).await;
            row.set(row.get() + 1);
            entry.invalidate().await.unwrap();
            assert_eq!(cache.scope(kept(&row, name)).await, row.get());
        }
    }
}

#[tokio::test]
async fn flushall_of_a_node_drops_its_values_and_no_others() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, FAR), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    row.set(1);
    servers.primary(1).cli(&["FLUSHALL"]);
    becomes(&cache, 1, async || kept(&row, &names[1]).await).await;
    for other in [0, 2] {
        assert!(is_local(&cache, &row, &names[other]).await, "{}", cache.stats());
    }
    assert_eq!(cache.stats().local.unwrap().dropped, 1);
}

/// The entry is on one node, its tag on another.
#[tokio::test]
async fn a_tag_is_heard_of_from_its_own_node() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, FAR), Row::default());
    let tag = name_on(&servers, servers.primary(2), "\u{1}tag:");
    let of_arguments = name_on(&servers, servers.primary(0), "tagged:");
    let of_value = name_on(&servers, servers.primary(1), "named:");
    for version in 1..6 {
        settle(&cache, async || tagged(&row, &of_arguments, &tag).await).await;
        settle(&cache, async || named(&row, &of_value, &tag).await).await;
        row.set(version);
        other(&servers).invalidate_tag(&tag).await.unwrap();
        becomes(&cache, version, async || tagged(&row, &of_arguments, &tag).await).await;
        becomes(&cache, version, async || named(&row, &of_value, &tag).await.0).await;
    }
}

/// Of a batch, what has changed is asked for, and of its own node.
#[tokio::test]
async fn a_batch_asks_for_what_is_not_here() {
    let servers = RedisCluster::start();
    let (cache, row) = (cache(&servers, FAR), Row::default());
    let names = [0, 1, 2].map(|index| name_on(&servers, servers.primary(index), "several:"));
    settle(&cache, async || several(&row, &names).await).await;
    let monitors: Vec<Monitor> = servers.nodes().iter().map(RedisServer::monitor).collect();
    row.set(1);
    let entry = other(&servers).sync_scope(|| super::several_entry(&names[1]));
    entry.invalidate().await.unwrap();
    becomes(&cache, 1, async || several(&row, &names).await[&names[1]]).await;
    assert_eq!(cache.scope(several(&row, &names)).await[&names[0]], 0);
    let changed = format!("several:{}", names[1]);
    assert!(entries_read(&monitors).iter().all(|key| *key == changed), "{:?}", entries_read(&monitors));
}

#[tokio::test]
async fn without_resp3_nothing_is_kept_and_it_is_said_once() {
    record();
    let servers = RedisCluster::start();
    let url = format!("{}?protocol=resp2", servers.url());
    let quick = redis_cached::Cache::builder().url(url).local_staleness(STALENESS);
    let cache = quick.deadline(Duration::from_secs(10)).connect_lazy().unwrap();
    let row = Row::default();
    for name in &names(&servers) {
        for _ in 0..3 {
            cache.scope(kept(&row, name)).await;
            cache.flush().await.unwrap();
        }
    }
    assert_eq!(local_hits(&cache), 0);
    assert_eq!((cache.stats().functions[0].hits, cache.stats().local.unwrap().serving), (6, false));
    assert_eq!(warnings("a cluster could tell of changes").len(), 1);
}

/// Who may not track is served all the same, and each node is asked once more in a while.
#[tokio::test]
async fn a_user_who_may_not_watch_is_served_by_the_nodes() {
    record();
    let servers = RedisCluster::start();
    for node in servers.nodes() {
        node.cli(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-client"]);
    }
    let url = servers.url().replace("redis+cluster://", "redis+cluster://app:secret@");
    let patient = redis_cached::Cache::builder().url(url).deadline(Duration::from_secs(10));
    let (cache, row) = (patient.connect().await.unwrap(), Row::default());
    let names = names(&servers);
    for version in 1..4 {
        row.set(version);
        for name in &names {
            cache.sync_scope(|| kept_entry(name)).invalidate().await.unwrap();
            for _ in 0..3 {
                assert_eq!(cache.scope(kept(&row, name)).await, version);
                cache.flush().await.unwrap();
            }
        }
    }
    assert_eq!(local_hits(&cache), 0);
    let refuses = |node: &RedisServer| warnings(&format!(":{} refuses CLIENT TRACKING", node.port())).len();
    assert!(servers.nodes().iter().all(|node| refuses(node) == 1));
}

/// What the heartbeat asks needs no more rights than what is read: the key is one of the user's.
#[tokio::test]
async fn a_user_with_few_rights_is_kept_up_to_date() {
    let servers = RedisCluster::start();
    for node in servers.nodes() {
        let rights = "+get +mget +set +unlink +pttl +pexpire +persist +getrange +evalsha +eval +ping +client|tracking +scan +asking +cluster|slots";
        let mut user = vec!["ACL", "SETUSER", "few", "on", ">secret", "~kept:*", "resetchannels", "-@all"];
        user.extend(rights.split(' '));
        node.cli(&user);
    }
    let url = servers.url().replace("redis+cluster://", "redis+cluster://few:secret@");
    let patient = redis_cached::Cache::builder().url(url).deadline(Duration::from_secs(10));
    let (cache, row) = (patient.local_staleness(STALENESS).connect().await.unwrap(), Row::default());
    let names = names(&servers);
    settle_all(&cache, &row, &names).await;
    tokio::time::sleep(3 * STALENESS).await;
    let mut local = 0;
    for name in &names {
        local += u32::from(is_local(&cache, &row, name).await);
    }
    assert_eq!(local, 3, "{}", cache.stats());
}
