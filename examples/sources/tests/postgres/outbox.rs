//! The outbox table and its trigger.

use redis_cached_sources::Outbox;

use crate::{OUTBOX, Shop, wait_until};

impl Shop {
    async fn outbox_is_empty(&self) -> bool {
        let empty = sqlx::query_scalar("SELECT NOT EXISTS (SELECT FROM cache_changes)");
        empty.fetch_one(&self.pool).await.unwrap()
    }

    /// Waits until everything that is committed is invalidated.
    async fn caught_up(&self) {
        wait_until(async || self.outbox_is_empty().await).await;
    }

    /// A shop whose changes so far are done with, a follower, and a full cache.
    async fn with_outbox() -> Self {
        let shop = Self::open(OUTBOX).await;
        shop.follow(Outbox::new(shop.pool.clone()));
        shop.caught_up().await;
        shop.fill().await;
        shop
    }
}

#[tokio::test]
async fn what_sql_changes_is_invalidated_and_nothing_else() {
    let shop = Shop::with_outbox().await;
    shop.sql("UPDATE products SET price = 5 WHERE id = 2").await;
    shop.caught_up().await;
    assert_eq!(shop.stored().await, (vec![1, 3, 4, 5, 6, 7, 8], vec!["inks"]));

    shop.fill().await;
    // Into another category: the lists of both have changed.
    shop.sql("UPDATE products SET category = 'inks' WHERE id = 4; DELETE FROM products WHERE id = 7").await;
    shop.caught_up().await;
    assert_eq!(shop.stored().await, (vec![1, 2, 3, 5, 6, 8], vec![]));

    shop.sql("INSERT INTO products VALUES (7, 'pens', 'no name', 1)").await;
    shop.caught_up().await;
    shop.fill().await;
    shop.sql("TRUNCATE products").await;
    shop.caught_up().await;
    assert_eq!(shop.stored().await, (vec![], vec![]), "nobody says which rows there were");
    assert_eq!(shop.cache.stats().changes.unwrap().unknown, 1);
}

/// A follower that remembers the last id that it has seen never sees the first of these two.
#[tokio::test]
async fn a_change_that_is_committed_after_a_later_one_is_not_skipped() {
    let shop = Shop::with_outbox().await;
    let mut early = shop.pool.begin().await.unwrap();
    let set = "UPDATE products SET price = 9 WHERE id = $1";
    sqlx::query(set).bind(1_i64).execute(&mut *early).await.unwrap();
    let mut late = shop.pool.begin().await.unwrap();
    sqlx::query(set).bind(2_i64).execute(&mut *late).await.unwrap();
    late.commit().await.unwrap();
    shop.caught_up().await;
    let seen: i64 =
        sqlx::query_scalar("SELECT last_value FROM pg_sequences WHERE sequencename = 'cache_changes_id_seq'")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(shop.stored().await.0, [1, 3, 4, 5, 6, 7, 8]);
    early.commit().await.unwrap();
    shop.caught_up().await;
    assert_eq!(shop.stored().await.0, [3, 4, 5, 6, 7, 8]);
    let now: i64 =
        sqlx::query_scalar("SELECT last_value FROM pg_sequences WHERE sequencename = 'cache_changes_id_seq'")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(seen, now, "the id of the change was given before, as this test is about");
}

#[tokio::test]
async fn what_is_rolled_back_touches_nothing() {
    let shop = Shop::with_outbox().await;
    let before = shop.cache.stats().changes.unwrap().changes;
    shop.sql("BEGIN; UPDATE products SET price = 5; ROLLBACK").await;
    shop.sql("UPDATE products SET price = 5 WHERE id = 1").await;
    shop.caught_up().await;
    assert_eq!(shop.stored().await, (vec![2, 3, 4, 5, 6, 7, 8], vec!["pens"]));
    assert_eq!(shop.cache.stats().changes.unwrap().changes - before, 1);
}

#[tokio::test]
async fn what_was_changed_while_nobody_followed_is_made_good() {
    let shop = Shop::open(OUTBOX).await;
    shop.fill().await;
    // By whoever may write products, and has no right at the outbox.
    shop.sql(
        "CREATE ROLE clerk; GRANT SELECT, UPDATE ON products TO clerk; SET ROLE clerk;
         UPDATE products SET price = 5 WHERE id = 3; RESET ROLE;
         DELETE FROM cache_changes WHERE change ->> 'id' <> '3';",
    )
    .await;
    let first = shop.follow(Outbox::new(shop.pool.clone()));
    let second = shop.follow(Outbox::new(shop.pool.clone()));
    shop.caught_up().await;
    assert!(!shop.stored().await.0.contains(&3));
    for follower in [first, second] {
        follower.abort();
    }
}
