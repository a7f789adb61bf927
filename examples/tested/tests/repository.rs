//! Does each read come from the cache, and does each writer invalidate all that shows its data?

use redis_cached::Cache;
use redis_cached::testing::{self, assert_computes, assert_hit, assert_invalidates};
use redis_cached_tested::{article, article_entry, publish, titles, titles_entry};

use crate::{database, written_by};

#[tokio::test]
async fn an_article_is_read_once() {
    let test = async {
        let db = database().await;
        let first = assert_computes!(1, article(&db, 7)).await.unwrap().unwrap();
        assert_eq!(first.title, "First");
        // What the codec gives back is what was stored.
        assert_eq!(assert_hit!(article(&db, 7)).await.unwrap(), Some(first));
    };
    testing::cache().scope(test).await;
}

#[tokio::test]
async fn each_argument_counts() {
    let test = async {
        let db = database().await;
        assert_computes!(2, async { article(&db, 7).await.and(article(&db, 8).await) }).await.unwrap();
        assert_computes!(2, async { titles(&db, "ann").await.and(titles(&db, "bob").await) }).await.unwrap();
    };
    testing::cache().scope(test).await;
}

#[tokio::test]
async fn publishing_invalidates_the_article_and_its_authors_titles() {
    let test = async {
        let db = database().await;
        article(&db, 7).await.unwrap();
        titles(&db, "ann").await.unwrap();
        titles(&db, "bob").await.unwrap();
        let change = publish(&db, written_by("ann", 7, "Second"));
        assert_invalidates!([article_entry(7), titles_entry("ann")], change).await.unwrap();
        assert_eq!(titles(&db, "ann").await.unwrap(), ["Second"]);
        assert_hit!(titles(&db, "bob")).await.unwrap();
    };
    testing::cache().scope(test).await;
}

/// The code behind the cache, without one.
#[tokio::test]
async fn without_a_cache_each_call_asks_the_database() {
    let test = async {
        let db = database().await;
        for _ in 0..2 {
            assert_computes!(1, article(&db, 7)).await.unwrap();
        }
    };
    Cache::disabled().scope(test).await;
}
