//! `jitter`: entries that were stored together do not expire together.

use std::collections::HashSet;
use std::time::Duration;

use redis_cached::{Ttl, redis_cached};

use crate::within_both;

#[redis_cached(ttl = 1000, jitter = 0.5, key = "spread:<id>")]
async fn spread(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn spreads_the_expiry_within_its_share() {
    within_both(async |_| {
        let mut seconds = HashSet::new();
        for id in 0..50 {
            spread(id).await;
            let left = spread_entry(id).ttl().await.unwrap().and_then(Ttl::as_duration).unwrap();
            assert!(left <= Duration::from_secs(1000) && left > Duration::from_secs(490), "{left:?}");
            seconds.insert(left.as_secs());
        }
        assert!(seconds.len() > 10, "{seconds:?}");
    })
    .await;
}
