//! `cache_if`: only what it wants is stored.

use redis_cached::redis_cached;

use crate::{Runs, User, runs_within_both, user};

static RUNS: Runs = Runs::new();

#[redis_cached(ttl = 60, key = "user:<id>", cache_if = |user: &User| user.id > 10)]
async fn large(id: u64) -> User {
    RUNS.count();
    user(id)
}

#[tokio::test]
async fn decides_by_the_value() {
    runs_within_both(&RUNS, 3 + 1, async |_| {
        for _ in 0..3 {
            assert_eq!(large(1).await, user(1));
            assert_eq!(large(11).await, user(11));
        }
        // An unwanted value that is put takes the old one away, so that it is not served any more.
        large_entry(11).put(&user(1)).await.unwrap();
        assert_eq!(large_entry(11).get().await.unwrap(), None);
    })
    .await;
}
