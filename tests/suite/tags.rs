//! `tags`, `group`: entries that are invalidated together, and what is never served afterwards.

mod counted;
mod held;
mod joining;
mod local;
mod names;
mod own_names;
mod races;
mod stale;
mod typed;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use serde::{Deserialize, Serialize};

use crate::source::Source;
use crate::{Failed, both, redis, settled};

#[redis_cached(ttl = 60, key = "row:<id>", skip(source, org), tags = ["org:<org>"])]
async fn row(source: &Source, org: &str, id: u64) -> u64 {
    let _ = (org, id);
    source.read().await
}

#[redis_cached(ttl = 60, key = "blocking:<id>", skip(source, org), tags = ["org:<org>", "all"], group = "numbers")]
fn blocking(source: &Source, org: &str, id: u64) -> Option<u64> {
    let _ = (org, id);
    Some(source.quick_read())
}

struct Tenant {
    source: Arc<Source>,
    name: String,
}

impl Tenant {
    #[redis_cached(ttl = 60, key = "m:<T>:<self.name>:<id>", tags = ["org:<self.name>", "kind:<T>"], group = "numbers")]
    async fn number<T: ?Sized>(&self, id: u64) -> Result<u64, Failed> {
        let _ = id;
        Ok(self.source.read().await)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Member {
    teams: Vec<String>,
    row: u64,
}

#[redis_cached(
    ttl = 60, key = "member:<id>", skip(source, teams), group = "members",
    tags = |member: &Member| member.teams.iter().map(|team| format!("team:{team}")).collect()
)]
async fn member(source: &Source, id: u64, teams: &[&str]) -> Member {
    let _ = id;
    let teams = teams.iter().map(|team| (*team).to_owned()).collect();
    Member { teams, row: source.read().await }
}

#[tokio::test]
async fn an_invalidated_tag_takes_all_its_entries_and_no_others() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async |org: &'static str, id| cache.scope(row(&source, org, id)).await;
        for _ in 0..2 {
            for (org, id) in [("a", 1), ("a", 2), ("b", 3)] {
                assert_eq!(call(org, id).await, 1);
                cache.flush().await.unwrap();
            }
        }
        assert_eq!(source.reads(), 3, "each is stored");
        let new = source.write();
        cache.invalidate_tag("org:a").await.unwrap();
        assert_eq!((call("a", 1).await, call("a", 2).await, call("b", 3).await), (new, new, 1));
        cache.flush().await.unwrap();
        assert_eq!((call("a", 1).await, source.reads()), (new, 5));
        cache.invalidate_tags(["org:nobody", "org:b"]).await.unwrap();
        cache.invalidate_tags([""; 0]).await.unwrap();
        assert_eq!((call("a", 1).await, call("b", 3).await), (new, new));
    }
}

#[tokio::test]
async fn functions_of_all_kinds_share_a_tag() {
    let (_server, caches) = both().await;
    for cache in caches {
        let tenant = Tenant { source: Source::new(), name: "Zoë/1".into() };
        let source = Arc::clone(&tenant.source);
        let all = async || {
            let found = (
                cache.scope(row(&source, &tenant.name, 1)).await,
                cache.sync_scope(|| blocking(&source, &tenant.name, 1)).unwrap(),
                cache.scope(tenant.number::<str>(1)).await.unwrap(),
            );
            cache.flush().await.unwrap();
            found
        };
        assert_eq!(all().await, (1, 1, 1));
        let new = source.write();
        cache.invalidate_tag("org:Zoë/1").await.unwrap();
        assert_eq!(all().await, (new, new, new));
        assert_eq!((all().await, source.reads()), ((new, new, new), 6));

        let newer = source.write();
        cache.blocking().invalidate_tag("all").unwrap();
        assert_eq!(all().await, (new, newer, new));
        cache.blocking().invalidate_tags([String::from("kind:str")]).unwrap();
        assert_eq!(all().await, (new, newer, newer));
        let newest = source.write();
        cache.invalidate_group("numbers").await.unwrap();
        assert_eq!(all().await, (new, newest, newest));
    }
}

#[tokio::test]
async fn a_tag_that_is_missing_fits_no_entry() {
    let (server, cache) = redis().await;
    let source = Source::new();
    let call = async || {
        let found = cache.scope(row(&source, "a", 1)).await;
        cache.flush().await.unwrap();
        found
    };
    for lose in [&["DEL", "\u{1}tag:org:a"][..], &["SET", "\u{1}tag:org:a", "something else"], &["FLUSHALL"]]
    {
        call().await;
        let new = source.write();
        assert_ne!(call().await, new);
        server.cli(lose);
        assert_eq!(call().await, new, "{lose:?}");
        assert_eq!(cache.sync_scope(|| row_entry("a", 1)).get().await.unwrap(), Some(new));
    }
}

#[tokio::test]
async fn an_entry_knows_its_tags() {
    let (_server, caches) = both().await;
    for cache in caches {
        let entry = cache.sync_scope(|| row_entry("a", 1));
        assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None));
        entry.put(&7).await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(7));
        assert!(entry.ttl().await.unwrap().is_some());
        let source = Source::new();
        assert_eq!(cache.scope(row(&source, "a", 1)).await, 7);
        // Of another organisation: not what is there.
        assert_eq!(cache.sync_scope(|| row_entry("b", 1)).get().await.unwrap(), None);
        cache.invalidate_tag("org:a").await.unwrap();
        assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None));
        entry.put(&8).await.unwrap();
        entry.invalidate().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), None);
    }
}

#[tokio::test]
async fn values_name_tags_too() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async |id, teams: &'static [&str]| {
            let found = cache.scope(member(&source, id, teams)).await.row;
            cache.flush().await.unwrap();
            found
        };
        let all = async || (call(1, &["x", "y"]).await, call(2, &["y"]).await, call(3, &[]).await);
        assert_eq!((all().await, all().await, source.reads()), ((1, 1, 1), (1, 1, 1), 3));
        let new = source.write();
        cache.invalidate_tag("team:x").await.unwrap();
        assert_eq!((all().await, all().await), ((new, 1, 1), (new, 1, 1)));
        cache.invalidate_tag("team:y").await.unwrap();
        assert_eq!((all().await, all().await), ((new, new, 1), (new, new, 1)));
        let newer = source.write();
        cache.invalidate_tag("group:members").await.unwrap();
        assert_eq!((all().await, all().await), ((newer, newer, newer), (newer, newer, newer)));
        let entry = cache.sync_scope(|| member_entry(9));
        entry.put(&Member { teams: vec!["z".into()], row: 77 }).await.unwrap();
        assert_eq!(call(9, &[]).await, 77);
        cache.invalidate_tag("team:z").await.unwrap();
        assert_eq!((entry.get().await.unwrap(), call(9, &[]).await), (None, newer));
    }
}

#[tokio::test]
async fn a_failed_invalidation_is_made_up_for() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let source = Source::new();
    let call = async || {
        let found = cache.scope(row(&source, "a", 1)).await;
        cache.flush().await.unwrap();
        found
    };
    while cache.sync_scope(|| row_entry("a", 1)).get().await.ok() != Some(Some(1)) {
        call().await;
    }
    server.pause();
    let new = source.write();
    assert!(cache.invalidate_tag("org:a").await.is_err());
    assert_eq!(cache.stats().pending_invalidations, 1);
    server.resume();
    assert_eq!(call().await, new);
    settled(&cache).await;
    assert_eq!(server.query::<usize>(&["EXISTS", "\u{1}tag:org:a"]), 0);
    assert_eq!(call().await, new);
}
