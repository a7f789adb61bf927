//! What goes over the wire.

use std::time::Duration;

use redis_cached::{Cache, Entry};
use redis_cached_test_support::{Command, Proxy, RedisServer};

use super::held::Held;
use super::{Member, Source, member, member_entry, row, row_entry};
use crate::{both, redis};

/// The commands that a client sent, by name and first key.
pub(super) fn sent(commands: &[Command]) -> Vec<String> {
    let sent = commands.iter().filter(|command| !command.in_script());
    sent.map(|command| match command.name() {
        "EVAL" | "EVALSHA" => format!("script {}", command.args()[2]),
        name => format!("{name} {}", command.args().join(" ")),
    })
    .collect()
}

#[tokio::test]
async fn a_hit_is_one_command_and_an_invalidation_too() {
    let (server, cache) = redis().await;
    let source = Source::new();
    // The scripts are known afterwards, and what the server knows.
    cache.scope(row(&source, "a", 1)).await;
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    cache.scope(row(&source, "a", 2)).await;
    cache.flush().await.unwrap();
    let miss = sent(&monitor.commands());
    // The tag and the lease are asked for at once: see below.
    assert_eq!(miss.len(), 4, "{miss:?}");
    assert_eq!(miss[..2], [r"MGET row:2 \x01tag:org:a", r"script \x01tag:org:a"]);
    monitor.clear();
    cache.scope(row(&source, "a", 2)).await;
    assert_eq!(sent(&monitor.commands()), [r"MGET row:2 \x01tag:org:a"]);
    monitor.clear();
    cache.invalidate_tags(["org:a", "org:b"]).await.unwrap();
    assert_eq!(sent(&monitor.commands()), [r"UNLINK \x01tags \x01tag:org:a \x01tag:org:b"]);
}

/// While no answer comes, all that does not depend on it is asked.
#[tokio::test]
async fn a_tag_and_the_lease_are_one_round_trip() {
    let server = RedisServer::start();
    let proxy = Proxy::start(&server);
    let cache = Cache::builder().url(proxy.url()).deadline(Duration::from_secs(30)).connect().await.unwrap();
    let source = Source::new();
    cache.scope(row(&source, "a", 1)).await;
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    let mut call = Held::after_look_up(cache.scope(row(&source, "a", 2))).await;
    assert_eq!(sent(&monitor.commands()), [r"MGET row:2 \x01tag:org:a"]);
    // From here on nothing is answered, so whatever waits for an answer before it asks the next thing never asks it.
    proxy.delay_replies(Duration::from_secs(3600));
    call.until(|| sent(&monitor.commands()).len() == 3).await;
    assert_eq!(source.reads(), 1, "both are waited for before the body runs");
    proxy.heal();
    assert_eq!((call.call.await, source.reads()), (1, 2));
}

/// A warm-up stores under the tags too, those of arguments and those that values name.
#[tokio::test]
async fn many_values_are_stored_with_their_tags() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let rows = [("a", 1), ("a", 2), ("b", 3)];
        let entries = cache.sync_scope(|| rows.map(|(org, id)| (row_entry(org, id), 70 + id)));
        Entry::put_many(entries).await.unwrap();
        let named = |team: &str| Member { teams: vec![team.into()], row: 77 };
        let entries = cache.sync_scope(|| [(member_entry(1), named("x")), (member_entry(2), named("y"))]);
        Entry::put_many(entries).await.unwrap();
        let all = async || {
            let row = |org, id| cache.scope(row(&source, org, id));
            let member = async |id| cache.scope(member(&source, id, &[])).await.row;
            [row("a", 1).await, row("a", 2).await, row("b", 3).await, member(1).await, member(2).await]
        };
        assert_eq!(all().await, [71, 72, 73, 77, 77]);
        cache.invalidate_tags(["org:a", "team:x"]).await.unwrap();
        assert_eq!(all().await, [1, 1, 73, 1, 77]);
    }
}
