//! `LISTEN`, and the trigger that tells.

use redis_cached_sources::{CHANNEL, Notifications};

use crate::{NOTIFY, Shop};

impl Shop {
    fn listen(&self) -> tokio::task::JoinHandle<()> {
        self.follow(Notifications::new(self.pool.clone(), CHANNEL))
    }

    /// A shop with a follower that listens, and a full cache.
    async fn with_listener() -> Self {
        let shop = Self::open(NOTIFY).await;
        shop.listen();
        shop.wait_for_changes(1).await;
        shop.fill().await;
        shop
    }
}

#[tokio::test]
async fn what_sql_changes_is_told_and_invalidated() {
    let shop = Shop::with_listener().await;
    shop.sql("UPDATE products SET price = 5 WHERE id = 2").await;
    shop.wait_for_changes(2).await;
    assert_eq!(shop.stored().await, (vec![1, 3, 4, 5, 6, 7, 8], vec!["inks"]));
    shop.sql("TRUNCATE products").await;
    shop.wait_for_changes(3).await;
    assert_eq!(shop.stored().await, (vec![], vec![]));
    assert_eq!(shop.cache.stats().changes.unwrap().unknown, 2, "the beginning, and the table's end");
}

#[tokio::test]
async fn what_was_changed_while_nobody_listened_is_made_good() {
    let shop = Shop::open(NOTIFY).await;
    shop.fill().await;
    shop.sql("UPDATE products SET price = 5 WHERE id = 3").await;
    let follower = shop.listen();
    shop.wait_for_changes(1).await;
    assert_eq!(shop.stored().await, (vec![], vec![]), "nobody knows what was changed");
    follower.abort();
}

#[tokio::test]
async fn a_connection_that_ends_may_have_missed_something() {
    let shop = Shop::with_listener().await;
    // Its connection ends, and what is changed at this moment is told to nobody.
    shop.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1';
         UPDATE products SET price = 5 WHERE id = 3;",
    )
    .await;
    shop.wait_for_changes(2).await;
    assert!(!shop.stored().await.0.contains(&3));
    let stats = shop.cache.stats().changes.unwrap();
    assert!(stats.unknown >= 2 && stats.failures >= 1, "{stats:?}");
}
