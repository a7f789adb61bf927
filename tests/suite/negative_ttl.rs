//! `negative_ttl`: `None` is stored only where asked for, and for a time of its own.

use std::time::Duration;

use redis_cached::redis_cached;

use crate::{Failed, Runs, User, both, user};

static WITHOUT: Runs = Runs::new();
static WITH: Runs = Runs::new();

type Maybe = Option<User>;

#[redis_cached(ttl = 60, key = "without:<id>")]
async fn without(id: u64) -> Result<Maybe, Failed> {
    WITHOUT.count();
    Ok((id > 10).then(|| user(id)))
}

#[redis_cached(ttl = 60, negative_ttl = "5s", key = "with:<id>")]
async fn with(id: u64) -> Maybe {
    WITH.count();
    (id > 10).then(|| user(id))
}

#[tokio::test]
async fn none_is_stored_only_where_asked_for() {
    let (_server, caches) = both().await;
    for cache in caches {
        let before = (WITHOUT.get(), WITH.get());
        cache
            .scope(async {
                for _ in 0..3 {
                    assert_eq!(without(1).await, Ok(None));
                    assert_eq!(without(11).await, Ok(Some(user(11))));
                    assert_eq!(with(1).await, None);
                    assert_eq!(with(11).await, Some(user(11)));
                }
                assert!(with_entry(1).ttl().await.unwrap().unwrap() <= Duration::from_secs(5));
                assert!(with_entry(11).ttl().await.unwrap().unwrap() > Duration::from_secs(30));
                assert_eq!(with_entry(1).get().await.unwrap(), Some(None));
                assert_eq!(without_entry(1).get().await.unwrap(), None);
            })
            .await;
        assert_eq!((WITHOUT.get() - before.0, WITH.get() - before.1), (3 + 1, 1 + 1));
    }
}
