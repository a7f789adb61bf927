//! Both sources on a real Postgres and a real Redis, with writers that know nothing of the cache.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod history;
mod notifications;
mod outbox;
mod run;

use std::time::{Duration, Instant};

use redis_cached::{Cache, ChangeSource};
use redis_cached_sources::{ProductChanged, dearest_entry, follow_products, price_entry};
use redis_cached_test_support::{Postgres, Proxy, RedisServer};
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::task::JoinHandle;

const PRODUCTS: &str = include_str!("../../sql/products.sql");
const OUTBOX: &str = include_str!("../../sql/outbox.sql");
const NOTIFY: &str = include_str!("../../sql/notify.sql");

/// A database with products 1 to 8, half of them pens, and what tells of their changes.
struct Shop {
    postgres: Postgres,
    url: String,
    pool: PgPool,
    redis: RedisServer,
    /// The way to Redis of a follower that is a process of its own.
    proxy: Proxy,
    cache: Cache,
}

impl Shop {
    async fn open(triggers: &str) -> Self {
        let (postgres, redis) = (Postgres::start(), RedisServer::start());
        let url = postgres.create_database("shop");
        let pool = PgPoolOptions::new().acquire_timeout(Duration::from_secs(1)).connect(&url).await.unwrap();
        let (cache, proxy) = (connect(&redis).await, Proxy::start(&redis));
        let shop = Self { postgres, url, pool, redis, proxy, cache };
        for script in [PRODUCTS, triggers] {
            shop.sql(script).await;
        }
        shop.sql(
            "INSERT INTO products SELECT id, CASE WHEN id % 2 = 0 THEN 'pens' ELSE 'inks' END, 'no name', 1 FROM generate_series(1, 8) id",
        )
        .await;
        shop
    }

    async fn sql(&self, script: &str) {
        sqlx::raw_sql(script).execute(&self.pool).await.unwrap();
    }

    fn follow(&self, source: impl ChangeSource<Payload = ProductChanged> + 'static) -> JoinHandle<()> {
        let cache = self.cache.clone();
        tokio::spawn(async move {
            follow_products(&cache, source).await;
        })
    }

    /// Waits until the follower has had so many changes.
    async fn wait_for_changes(&self, count: u64) {
        wait_until(async || self.cache.stats().changes.is_some_and(|changes| changes.changes >= count)).await;
    }

    async fn fill(&self) {
        self.cache
            .scope(async {
                for id in 1..=8 {
                    redis_cached_sources::price(&self.pool, id).await.unwrap();
                }
                for category in ["pens", "inks"] {
                    redis_cached_sources::dearest(&self.pool, category).await.unwrap();
                }
            })
            .await;
        self.cache.flush().await.unwrap();
        assert_eq!(self.stored().await, (vec![1, 2, 3, 4, 5, 6, 7, 8], vec!["pens", "inks"]));
    }

    /// The products and the categories that the cache knows.
    async fn stored(&self) -> (Vec<i64>, Vec<&str>) {
        let (mut ids, mut categories) = (Vec::new(), Vec::new());
        for id in 1..=8 {
            let entry = self.cache.sync_scope(|| price_entry(id));
            ids.extend(entry.get().await.unwrap().map(|_| id));
        }
        for category in ["pens", "inks"] {
            let entry = self.cache.sync_scope(|| dearest_entry(category));
            categories.extend(entry.get().await.unwrap().map(|_| category));
        }
        (ids, categories)
    }
}

async fn connect(redis: &RedisServer) -> Cache {
    let patient = Cache::builder().prefix("shop:").deadline(Duration::from_secs(10));
    patient.url(redis.url()).connect().await.unwrap()
}

/// Waits for what is to come about; long, for a busy machine.
async fn wait_until(done: impl AsyncFn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !done().await {
        assert!(Instant::now() < until, "it does not come about");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
