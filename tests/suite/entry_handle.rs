//! `Entry`: what can be done with one.

use std::time::Duration;

use redis_cached::{Entry, redis_cached};

use crate::{Failed, User, both, redis, user, within_both};

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn get_user(id: u64) -> Result<User, Failed> {
    match id {
        0 => Err(Failed("no such user")),
        id => Ok(user(id)),
    }
}

#[redis_cached(ttl = 60, key = "renamed:<id>", entry = cached_number)]
async fn number(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn get_put_ttl_and_invalidate() {
    within_both(async |_| {
        let entry: Entry<User> = get_user_entry(1);
        assert!(entry.key().ends_with("user:1"), "{}", entry.key());
        assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None));
        entry.invalidate().await.unwrap();

        entry.put(&user(100)).await.unwrap();
        assert_eq!(get_user(1).await, Ok(user(100)));
        assert!(entry.ttl().await.unwrap().unwrap() > Duration::from_secs(50));

        entry.invalidate().await.unwrap();
        assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None));
        assert_eq!(get_user(1).await, Ok(user(1)));
        assert_eq!(entry.get().await.unwrap(), Some(user(1)));
    })
    .await;
}

#[redis_cached(ttl = 60, key = "user:<id>", tags = ["users"])]
async fn tagged_user(id: u64) -> User {
    user(id)
}

/// What is no value of this function has no time left either.
#[tokio::test]
async fn ttl_answers_as_get_does() {
    let (server, cache) = redis().await;
    let entry = cache.sync_scope(|| get_user_entry(1));
    let tagged = cache.sync_scope(|| tagged_user_entry(1));
    let nothing = async |what: &str| {
        assert_eq!((entry.get().await.unwrap(), entry.ttl().await.unwrap()), (None, None), "{what}");
        assert_eq!((tagged.get().await.unwrap(), tagged.ttl().await.unwrap()), (None, None), "{what}");
        assert_eq!(entry.blocking().ttl().unwrap(), None, "{what}");
    };
    for foreign in [
        &["RPUSH", "user:1", "x"][..],
        &["SET", "user:1", "garbage"],
        &["SET", "user:1", "L0123456789abcdef"],
        &["SET", "user:1", "V0123456789abcdef", "EX", "100"],
        &["HSET", "user:1", "field", "x"],
    ] {
        server.cli(&["DEL", "user:1"]);
        server.cli(foreign);
        nothing(&format!("{foreign:?}")).await;
    }
    entry.invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
    nothing("a hold").await;
    entry.put(&user(1)).await.unwrap();
    assert!(entry.ttl().await.unwrap().is_some());
    assert_eq!(tagged.ttl().await.unwrap(), None, "another function's");
    entry.invalidate().await.unwrap();
    let computed = entry.get_or_compute(async {
        nothing("a lease").await;
        user(1)
    });
    assert_eq!(computed.await, user(1));
}

#[tokio::test]
async fn get_or_compute_is_what_the_function_does() {
    within_both(async |_| {
        let entry = get_user_entry(2);
        let failed = entry.get_or_try_compute(async { Err("first") }).await;
        assert_eq!(failed, Err("first"));
        assert_eq!(entry.get_or_try_compute(async { Ok::<_, &str>(user(9)) }).await, Ok(user(9)));
        assert_eq!(entry.get_or_compute(async { unreachable!("it is there") }).await, user(9));
        assert_eq!(get_user(2).await, Ok(user(9)));

        let blocking = get_user_entry(3).blocking();
        assert_eq!(blocking.get_or_try_compute(|| Err("first")), Err("first"));
        assert_eq!(blocking.get_or_compute(|| user(8)), user(8));
        assert_eq!(blocking.get_or_compute(|| unreachable!("it is there")), user(8));
        assert_eq!(get_user(3).await, Ok(user(8)));
    })
    .await;
}

#[tokio::test]
async fn errors_are_not_stored() {
    let (_server, caches) = both().await;
    for cache in caches {
        cache
            .scope(async {
                assert_eq!(get_user(0).await, Err(Failed("no such user")));
                assert_eq!(get_user(0).await, Err(Failed("no such user")));
                assert_eq!(get_user_entry(0).get().await.unwrap(), None);
            })
            .await;
        let function = &cache.stats().functions[0];
        assert_eq!((function.compute_errors, function.computes, function.stored), (2, 2, 0));
    }
}

#[tokio::test]
async fn a_companion_can_be_renamed() {
    redis_cached::Cache::memory()
        .scope(async {
            assert_eq!(number(5).await, 5);
            assert_eq!(cached_number(5).get().await.unwrap(), Some(5));
        })
        .await;
}

#[test]
fn entries_are_send_and_sync_whatever_they_hold() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<Entry<std::rc::Rc<u8>>>();
    check::<redis_cached::BlockingEntry<std::rc::Rc<u8>>>();
    check::<redis_cached::Cache>();
    check::<redis_cached::Error>();
}
