//! How old may it be?

use std::time::Duration;

use redis_cached::Cache;
use redis_cached::testing::{self, CallSource, Clock, assert_computes, assert_hit};
use redis_cached_tested::{article, titles};

use crate::database;

#[tokio::test]
async fn an_article_lives_for_an_hour_and_its_absence_for_ten_seconds() {
    let cache = testing::cache();
    let test = async {
        let db = database().await;
        article(&db, 7).await.unwrap();
        assert_eq!(article(&db, 8).await.unwrap(), None);
        cache.settle().await.unwrap();
        cache.clock().advance("10s");
        assert_hit!(article(&db, 7)).await.unwrap();
        assert_computes!(1, article(&db, 8)).await.unwrap();
        cache.settle().await.unwrap();
        cache.clock().advance("59m 50s");
        assert_computes!(1, article(&db, 7)).await.unwrap();
    };
    cache.scope(test).await;
}

#[tokio::test]
async fn older_titles_are_served_while_new_ones_are_made() {
    let cache = testing::cache();
    let test = async {
        let db = database().await;
        titles(&db, "ann").await.unwrap();
        cache.settle().await.unwrap();
        cache.clock().advance("6m");
        let (_, calls) = testing::observe(titles(&db, "ann")).await;
        assert_eq!(calls.last(), Some(CallSource::Stale));
        cache.settle().await.unwrap();
        let (_, calls) = testing::observe(titles(&db, "ann")).await;
        assert_eq!(calls.last(), Some(CallSource::Store));
    };
    cache.scope(test).await;
}

/// Where the code under test sleeps: by the runtime's own clock, in no time.
#[tokio::test(start_paused = true)]
async fn while_the_program_sleeps_the_article_expires() {
    let cache = Cache::builder().url("memory://").clock(&Clock::of_runtime()).connect_lazy().unwrap();
    let test = async {
        let db = database().await;
        article(&db, 7).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_computes!(1, article(&db, 7)).await.unwrap();
    };
    cache.scope(test).await;
}
