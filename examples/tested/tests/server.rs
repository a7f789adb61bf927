//! And on a real server?

use redis_cached::Cache;
use redis_cached::testing::{assert_computes, assert_hit, assert_invalidates};
use redis_cached_test::{RedisServer, servers};
use redis_cached_tested::{article, article_entry, publish};

use crate::{database, written_by};

/// On this machine's server, and on those that `REDIS_SERVERS` names.
#[tokio::test]
async fn an_article_is_read_once_and_again_after_a_change() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let cache = Cache::connect(server.url()).await.unwrap();
        let test = async {
            let db = database().await;
            assert_computes!(1, article(&db, 7)).await.unwrap();
            cache.flush().await.unwrap();
            assert_hit!(article(&db, 7)).await.unwrap();
            let change = publish(&db, written_by("ann", 7, "Second"));
            assert_invalidates!(article_entry(7), change).await.unwrap();
            assert_eq!(server.query::<u64>(&["EXISTS", "article:7"]), 0);
        };
        cache.scope(test).await;
    }
}

#[tokio::test]
async fn a_server_that_is_killed_costs_the_cache_and_nothing_else() {
    let server = RedisServer::start();
    let cache = Cache::connect(server.url()).await.unwrap();
    let test = async {
        let db = database().await;
        article(&db, 7).await.unwrap();
        server.kill();
        assert_eq!(assert_computes!(1, article(&db, 7)).await.unwrap().unwrap().title, "First");
    };
    cache.scope(test).await;
}
