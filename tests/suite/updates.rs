//! `#[redis_updates]`: what a function wrote to the database is in the cache when the function has returned.

use std::time::Duration;

use redis_cached::{Cache, redis_cached, redis_invalidates, redis_updates};
use redis_cached_test_support::RedisServer;
use tokio::sync::{Barrier, oneshot};

use crate::{Failed, User, both, redis, settled, user, within_both};

#[redis_cached(ttl = 600, key = "user:<id>", cache_if = |user: &User| user.name != "secret")]
async fn get_user(id: u64) -> Result<User, Failed> {
    Ok(User { id, name: "old".into() })
}

#[redis_cached(ttl = 600, key = "name:<name>")]
async fn by_name(name: String) -> User {
    User { id: 0, name }
}

#[redis_cached(ttl = 600, key = "found:<id>", negative_ttl = 60)]
async fn find_user(id: u64) -> Option<User> {
    (id > 0).then(|| user(id))
}

#[redis_cached(ttl = 600, key = "seen:<id>")]
async fn seen(id: u64) -> Option<User> {
    (id > 0).then(|| user(id))
}

#[redis_updates(get_user(ret.id), by_name(&ret.name))]
async fn save(user: User, fails: bool) -> Result<User, Failed> {
    if fails {
        return Err(Failed("save"));
    }
    Ok(user)
}

fn named(id: u64, name: &str) -> User {
    User { id, name: name.into() }
}

#[tokio::test]
async fn what_it_returned_becomes_the_entries() {
    within_both(async |cache| {
        get_user(1).await.unwrap();
        cache.flush().await.unwrap();
        let new = named(1, "new");
        assert_eq!(save(new.clone(), true).await, Err(Failed("save")));
        assert_eq!(get_user(1).await, Ok(named(1, "old")), "a failure writes nothing");
        assert_eq!(save(new.clone(), false).await.as_ref(), Ok(&new));
        assert_eq!(get_user(1).await.as_ref(), Ok(&new));
        assert_eq!(by_name("new".into()).await, new);
        let ttl = get_user_entry(1).ttl().await.unwrap().unwrap();
        assert!(ttl > Duration::from_secs(500) && ttl <= Duration::from_secs(600), "{ttl:?}");
    })
    .await;
}

#[tokio::test]
async fn a_write_is_one_command_for_each_entry() {
    let (server, cache) = redis().await;
    let monitor = server.monitor();
    cache.scope(save(named(1, "new"), false)).await.unwrap();
    let mut sent: Vec<_> = monitor
        .commands()
        .iter()
        .map(|command| format!("{} {}", command.name(), command.args()[0]))
        .collect();
    sent.sort();
    assert_eq!(sent, ["SET name:new", "SET user:1"]);
}

#[redis_updates(get_user(user.id), value = user)]
async fn overwrite(user: &mut User) {
    user.name.push('!');
}

#[tokio::test]
async fn a_value_is_looked_at_after_the_body() {
    let (_server, caches) = both().await;
    for cache in caches {
        let mut user = named(3, "new");
        cache.scope(overwrite(&mut user)).await;
        assert_eq!(cache.scope(get_user(3)).await, Ok(named(3, "new!")));
    }
}

#[redis_updates(get_user(ret.id))]
fn save_blocking(id: u64) -> Result<User, Failed> {
    Ok(named(id.checked_sub(1).ok_or(Failed("zero"))?, "blocking"))
}

#[test]
fn blocking_functions_write() {
    let server = RedisServer::start();
    for cache in [Cache::builder().url(server.url()).connect_lazy().unwrap(), Cache::memory()] {
        cache.sync_scope(|| {
            assert_eq!(save_blocking(0), Err(Failed("zero")));
            save_blocking(5).unwrap();
            assert_eq!(get_user_entry(4).blocking().get().unwrap(), Some(named(4, "blocking")));
        });
    }
}

#[redis_updates(find_user(id), value = Some(ret.clone()))]
async fn insert(id: u64) -> User {
    user(id)
}

#[redis_updates(find_user(id))]
async fn find_again(id: u64) -> Option<User> {
    None
}

#[redis_updates(seen(id))]
async fn see_again(id: u64) -> Option<User> {
    None
}

#[tokio::test]
async fn options_of_the_cached_function_decide_what_is_kept() {
    within_both(async |_| {
        insert(6).await;
        assert_eq!(find_user_entry(6).get().await.unwrap(), Some(Some(user(6))));
        find_again(6).await;
        assert_eq!(find_user_entry(6).get().await.unwrap(), Some(None), "negative_ttl");
        seen_entry(6).put(&Some(user(6))).await.unwrap();
        see_again(6).await;
        assert_eq!(seen_entry(6).get().await.unwrap(), None, "no negative_ttl: removed");
        save(named(6, "known"), false).await.unwrap();
        save(named(6, "secret"), false).await.unwrap();
        assert_eq!(get_user_entry(6).get().await.unwrap(), None, "cache_if: removed");
    })
    .await;
}

#[redis_cached(ttl = 600, key = "user:<id>", skip(read, end))]
async fn slowly(id: u64, read: &Barrier, end: &Barrier) -> User {
    read.wait().await;
    end.wait().await;
    named(id, "read before the write")
}

#[tokio::test]
async fn what_was_computed_from_older_data_does_not_overtake_it() {
    let (_server, caches) = both().await;
    for cache in caches {
        let (read, end) = (Barrier::new(2), Barrier::new(2));
        let reader = cache.scope(slowly(2, &read, &end));
        let writer = async {
            read.wait().await;
            cache.scope(save(named(2, "written"), false)).await.unwrap();
            end.wait().await;
        };
        tokio::join!(reader, writer);
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(get_user(2)).await, Ok(named(2, "written")));
    }
}

#[tokio::test]
async fn a_silent_redis_fails_no_call_and_the_old_value_is_removed_later() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let entry = cache.sync_scope(|| get_user_entry(8));
    entry.put(&named(8, "old")).await.unwrap();
    server.pause();
    assert!(cache.scope(save(named(8, "new"), false)).await.is_ok());
    assert_eq!(cache.stats().pending_invalidations, 2);
    server.resume();
    settled(&cache).await;
    // What was written late, and what was removed later: never the old one.
    assert_ne!(entry.get().await.unwrap(), Some(named(8, "old")));
}

#[redis_updates(get_user(id))]
async fn never_returns(id: u64, began: oneshot::Sender<()>) -> User {
    began.send(()).unwrap();
    std::future::pending::<()>().await;
    user(id)
}

#[tokio::test]
async fn a_call_that_is_cancelled_removes_the_old_value() {
    let (_server, caches) = both().await;
    for cache in caches {
        let entry = cache.sync_scope(|| get_user_entry(9));
        entry.put(&user(9)).await.unwrap();
        let (began, has_begun) = oneshot::channel();
        let call = tokio::spawn({
            let cache = cache.clone();
            async move { cache.scope(never_returns(9, began)).await }
        });
        has_begun.await.unwrap();
        call.abort();
        assert!(call.await.is_err());
        settled(&cache).await;
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), None);
    }
}

#[redis_updates(get_user(ret.id))]
#[redis_invalidates(by_name(&ret.name))]
async fn both_attributes(id: u64) -> Result<User, Failed> {
    Ok(named(id, "both"))
}

#[tokio::test]
async fn both_attributes_stand_together() {
    let cache = Cache::memory();
    let calls = async {
        by_name_entry(&"both".into()).put(&user(1)).await.unwrap();
        both_attributes(1).await.unwrap();
        assert_eq!(get_user(1).await, Ok(named(1, "both")));
        assert_eq!(by_name_entry(&"both".into()).get().await.unwrap(), None);
    };
    cache.scope(calls).await;
}

#[test]
fn futures_are_still_send() {
    fn check<T: Send>(_: &T) {}
    check(&save(user(1), false));
    check(&overwrite(&mut user(1)));
    check(&both_attributes(1));
}
