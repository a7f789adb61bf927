//! `#[redis_invalidates]`: what a function changed is gone from the cache when the function has returned.

mod failures;
mod methods;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use redis_cached::{Cache, KeyPart, redis_cached, redis_invalidates};
use redis_cached_test_support::RedisServer;

use crate::{Failed, User, redis, user, within_both};

/// Stands for everything that the functions below read: it changes at every look.
static CLOCK: AtomicU64 = AtomicU64::new(1);

fn tick() -> u64 {
    CLOCK.fetch_add(1, Ordering::SeqCst)
}

#[derive(Clone, KeyPart)]
struct UserId(u64);

#[redis_cached(ttl = 600, key = "by-number:<id>")]
async fn by_number(id: u64) -> u64 {
    let _ = id;
    tick()
}

#[redis_cached(ttl = 600, key = "by-id:<id>")]
async fn by_id(id: UserId) -> u64 {
    let _ = id;
    tick()
}

#[redis_cached(ttl = 600, key = "by-name:<org>:<name>")]
async fn by_name(org: String, name: &str) -> u64 {
    let _ = (org, name);
    tick()
}

#[redis_cached(ttl = 600, key = "all")]
async fn all() -> u64 {
    tick()
}

#[redis_cached(ttl = 600, key = "of:<T>:<K>:<key>")]
async fn of<T: Send + Sync, K: KeyPart + Send>(key: K) -> u64 {
    let _ = key;
    tick()
}

mod elsewhere {
    use redis_cached::redis_cached;

    #[redis_cached(ttl = 600, key = "elsewhere:<ids>", entry = named)]
    pub(super) fn list(ids: &[u64]) -> u64 {
        let _ = ids;
        super::tick()
    }
}

#[redis_invalidates(by_number(id), all(), by_name(org.clone(), name))]
async fn rename(id: u64, org: String, name: &str, fails: bool) -> Result<String, Failed> {
    if fails {
        Err(Failed("rename"))?;
    }
    // Consumed: the targets were made before.
    drop(org);
    Ok(name.to_owned())
}

/// The three entries that `rename` is about.
async fn look() -> [u64; 3] {
    [by_number(7).await, all().await, by_name("acme".into(), "ann").await]
}

#[tokio::test]
async fn what_changed_is_gone_once_the_function_has_returned_ok() {
    within_both(async |cache| {
        let before = look().await;
        cache.flush().await.unwrap();
        assert_eq!(look().await, before, "cached");
        rename(7, "acme".into(), "ann", false).await.unwrap();
        let after = look().await;
        assert!(before.iter().zip(&after).all(|(before, after)| before != after), "{after:?}");
    })
    .await;
}

#[tokio::test]
async fn a_failing_function_invalidates_nothing() {
    within_both(async |cache| {
        let before = look().await;
        cache.flush().await.unwrap();
        assert_eq!(rename(7, "acme".into(), "ann", true).await, Err(Failed("rename")));
        assert_eq!(look().await, before);
    })
    .await;
}

#[tokio::test]
async fn several_targets_are_one_command() {
    let (server, cache) = redis().await;
    cache.scope(look()).await;
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    cache.scope(rename(7, "acme".into(), "ann", false)).await.unwrap();
    let commands = monitor.commands();
    let sent: Vec<_> = commands.iter().map(|command| (command.name(), command.args().to_vec())).collect();
    let keys = ["by-number:7", "all", "by-name:acme:ann"].map(str::to_owned).to_vec();
    assert_eq!(sent, [("UNLINK", keys)]);
}

#[redis_invalidates(entry(elsewhere::named(&ids)), by_number(ids[0]), by_number(*ret))]
fn forget_blocking(ids: Vec<u64>) -> u64 {
    if ids.len() > 1 {
        return ids[1];
    }
    ids.into_iter().sum::<u64>() + 1
}

#[test]
fn blocking_functions_invalidate_and_return_early() {
    let server = RedisServer::start();
    for cache in [Cache::builder().url(server.url()).connect_lazy().unwrap(), Cache::memory()] {
        cache.sync_scope(|| {
            for ids in [&[1, 2][..], &[1]] {
                elsewhere::named(ids).blocking().put(&0).unwrap();
                [1, 2, 3].iter().for_each(|id| by_number_entry(*id).blocking().put(&0).unwrap());
                assert_eq!(forget_blocking(ids.to_vec()), 2);
                assert_eq!(elsewhere::named(ids).blocking().get().unwrap(), None);
                let left = [1, 2, 3].map(|id| by_number_entry(id).blocking().get().unwrap());
                assert_eq!(left, [None, None, Some(0)]);
            }
        });
    }
}

#[redis_invalidates(by_number(id), before, on_error)]
async fn careful(id: u64, during: &Mutex<Option<Option<u64>>>) -> Result<(), Failed> {
    let found = by_number_entry(id).get().await.unwrap();
    *during.lock().unwrap() = Some(found);
    by_number_entry(id).put(&1).await.unwrap();
    Err(Failed("careful"))
}

#[tokio::test]
async fn before_and_on_error_add_to_when_it_is_done() {
    within_both(async |_| {
        by_number_entry(9).put(&0).await.unwrap();
        let during = Mutex::new(None);
        assert_eq!(careful(9, &during).await, Err(Failed("careful")));
        assert_eq!(during.into_inner().unwrap(), Some(None), "removed before the body");
        assert_eq!(by_number_entry(9).get().await.unwrap(), None, "removed after the error");
    })
    .await;
}

#[redis_invalidates(by_number(id), tag("org:<org.name>:<ret>:<id>"), tag("everything"))]
fn tagged(id: u64, org: User) -> u32 {
    drop(org);
    u32::MAX
}

#[tokio::test]
async fn tags_are_keys_under_the_caches_prefix() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).prefix("shop:").connect().await.unwrap();
    let monitor = server.monitor();
    cache.sync_scope(|| tagged(3, user(4)));
    let commands = monitor.commands();
    let sent = commands.iter().find(|command| command.name() == "UNLINK").unwrap();
    assert_eq!(
        sent.args(),
        [
            r"shop:\x01tags",
            "shop:by-number:3",
            r"shop:\x01tag:everything",
            r"shop:\x01tag:org:user 4:4294967295:3"
        ]
    );
}

/// The first attribute is the innermost: these two run in this order, and the entry of the second is told apart.
#[redis_invalidates(by_number(id))]
#[redis_cached(ttl = 600, key = "inside:<id>")]
async fn inside(id: u64) -> u64 {
    tick() + id
}

#[redis_cached(ttl = 600, key = "outside:<id>")]
#[redis_invalidates(by_number(id))]
#[tracing::instrument]
async fn outside(id: u64) -> u64 {
    tick() + id
}

#[tokio::test]
async fn the_order_of_the_attributes_says_whether_a_hit_invalidates() {
    let cache = Cache::memory();
    let calls = async {
        for (first, second, on_hit) in
            [(inside(1).await, inside(1).await, false), (outside(1).await, outside(1).await, true)]
        {
            assert_eq!(first, second);
            by_number_entry(1).put(&0).await.unwrap();
            let again = if on_hit { outside(1).await } else { inside(1).await };
            assert_eq!(again, first);
            assert_eq!(by_number_entry(1).get().await.unwrap().is_none(), on_hit);
        }
    };
    cache.scope(calls).await;
}
