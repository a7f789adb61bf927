//! `version`: a new number disowns what the old one stored.

use redis_cached::{Cache, redis_cached};

mod old {
    use super::redis_cached;

    #[redis_cached(ttl = 60, key = "answer")]
    pub(super) async fn answer() -> u64 {
        41
    }
}

#[redis_cached(ttl = 60, key = "answer", version = 2)]
async fn answer() -> u64 {
    42
}

#[tokio::test]
async fn another_version_is_a_miss() {
    let cache = Cache::memory();
    cache
        .scope(async {
            assert_eq!(old::answer().await, 41);
            assert_eq!(answer().await, 42);
            assert_eq!(answer_entry().get().await.unwrap(), Some(42));
            assert_eq!(old::answer_entry().get().await.unwrap(), None);
        })
        .await;
}
