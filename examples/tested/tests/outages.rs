//! What does the program do while Redis is away?

use std::time::Duration;

use redis_cached::Cache;
use redis_cached::testing::{self, TestCache, assert_computes, assert_hit};
use redis_cached_tested::{article, publish};

use crate::{database, written_by};

/// With a deadline that does not keep the tests waiting.
fn impatient() -> TestCache {
    testing::cache_with(Cache::builder().deadline(Duration::from_millis(20))).unwrap()
}

#[tokio::test]
async fn readers_get_their_article_whatever_redis_does() {
    let cache = impatient();
    let test = async {
        let db = database().await;
        let faults = cache.faults();
        for fault in [
            &|| faults.refusing() as _,
            &|| faults.silent(),
            &|| faults.full(),
            &|| faults.lose_answers(0.5),
            &|| faults.slow(Duration::from_secs(60)),
        ] as [&dyn Fn(); 5]
        {
            fault();
            for id in 7..17 {
                article(&db, id).await.unwrap();
            }
        }
        faults.heal();
        cache.settle().await.unwrap();
        article(&db, 7).await.unwrap();
        assert_hit!(article(&db, 7)).await.unwrap();
    };
    cache.scope(test).await;
}

/// The old title must not come back: this process does not use the entry until Redis has taken its removal.
#[tokio::test]
async fn an_article_that_changes_meanwhile_is_not_old_afterwards() {
    let cache = impatient();
    let test = async {
        let db = database().await;
        article(&db, 7).await.unwrap();
        cache.settle().await.unwrap();
        cache.faults().refusing();
        publish(&db, written_by("ann", 7, "Second")).await.unwrap();
        cache.faults().heal();
        let seen = article(&db, 7).await.unwrap().unwrap();
        assert_eq!(seen.title, "Second");
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn what_redis_has_evicted_is_read_again() {
    let cache = impatient();
    let test = async {
        let db = database().await;
        article(&db, 7).await.unwrap();
        cache.settle().await.unwrap();
        assert_eq!(cache.faults().evict("article:*"), 1);
        assert_computes!(1, article(&db, 7)).await.unwrap();
    };
    cache.scope(test).await;
}
