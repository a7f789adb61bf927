//! Follower, database and Redis die in turn, under traffic, and no read is older than docs/sources.md says.

use std::time::Duration;

use redis_cached_sources::price_entry;

use crate::run::{FollowerProcess, Record, Traffic};
use crate::{NOTIFY, OUTBOX, Shop};

/// The time within which a change is invalidated, as it is documented, not counting that during which something is away.
const BOUND: Duration = Duration::from_secs(5);

async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

async fn everything_dies_in_turn(source: &str, triggers: &str) {
    let shop = Shop::open(triggers).await;
    let record = Record::begin();
    let traffic = Traffic::start(&shop, &record).await;
    let mut follower = Some(FollowerProcess::start(&shop, source));
    pass(1_500).await;
    for _ in 0..2 {
        let outage = async {
            drop(follower.take());
            pass(700).await;
            follower = Some(FollowerProcess::start(&shop, source));
        };
        record.outage(outage).await;
        pass(1_000).await;
        let outage = async {
            shop.postgres.kill();
            pass(700).await;
            shop.postgres.start_again();
        };
        record.outage(outage).await;
        pass(1_000).await;
        let outage = async {
            // Frozen and not killed, so that the old entries are there when it goes on.
            shop.redis.pause();
            pass(700).await;
            shop.redis.resume();
        };
        record.outage(outage).await;
        pass(1_000).await;
        let outage = async {
            shop.redis.kill();
            pass(300).await;
            shop.redis.restart();
        };
        record.outage(outage).await;
        pass(1_000).await;
    }
    // The last change comes while the follower cannot reach Redis, and it has heard of it when it dies.
    let outage = async {
        traffic.stop_writing();
        pass(500).await;
        shop.proxy.black_hole(true);
        shop.sql("UPDATE products SET price = price + 1").await;
        pass(500).await;
        drop(follower.take());
        shop.proxy.heal();
        follower = Some(FollowerProcess::start(&shop, source));
    };
    record.outage(outage).await;
    pass(u64::try_from(BOUND.as_millis()).unwrap()).await;
    let oldest = record.oldest();
    println!("{source}: the oldest value was {oldest:?} old");
    assert!(oldest < BOUND, "{oldest:?}");
    for id in 1..=8 {
        let stored = shop.cache.sync_scope(|| price_entry(id)).get().await.unwrap();
        let price: i64 = sqlx::query_scalar("SELECT price FROM products WHERE id = $1")
            .bind(id)
            .fetch_one(&shop.pool)
            .await
            .unwrap();
        assert!(stored.is_none_or(|stored| stored == price), "product {id}: {stored:?} and not {price}");
    }
    drop(follower);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_outbox_no_value_stays_old_whoever_dies() {
    everything_dies_in_turn("outbox", OUTBOX).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_notifications_no_value_stays_old_whoever_dies() {
    everything_dies_in_turn("notify", NOTIFY).await;
}

/// What the record is worth: nobody follows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_follower_is_found() {
    let shop = Shop::open(OUTBOX).await;
    let record = Record::begin();
    let _traffic = Traffic::start(&shop, &record).await;
    pass(4_000).await;
    let oldest = record.oldest();
    assert!(oldest > Duration::from_secs(2), "{oldest:?}");
}
