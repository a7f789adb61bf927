//! `ttl`: its four forms.

use std::collections::HashMap;
use std::time::Duration;

use redis_cached::{Ttl, redis_cached};

use crate::{User, both, user, within_both};

struct Settings {
    keep: Duration,
}

#[redis_cached(ttl = 90, key = "seconds")]
async fn seconds() -> u8 {
    1
}

#[redis_cached(ttl = "1h 30m", key = "text")]
async fn text() -> u8 {
    1
}

#[redis_cached(ttl = "250ms", key = "brief")]
async fn brief() -> u8 {
    1
}

#[redis_cached(ttl = "never", key = "never")]
async fn never() -> u8 {
    1
}

#[redis_cached(ttl = settings.keep * 2, key = "expression", skip(settings))]
async fn expression(settings: &Settings) -> u8 {
    settings.keep.as_secs() as u8
}

#[redis_cached(ttl = |user: &User| Duration::from_secs(user.id), key = "closure:<id>")]
async fn closure(id: u64) -> User {
    user(id)
}

/// Within a second below the TTL: the time that the test itself took.
fn assert_near(left: Option<Ttl>, ttl: Duration) {
    let left = left.and_then(Ttl::as_duration).expect("an entry that expires");
    assert!(left <= ttl && left + Duration::from_secs(5) > ttl, "{left:?} of {ttl:?}");
}

#[tokio::test]
async fn each_form_sets_the_expiry() {
    within_both(async |_| {
        let settings = Settings { keep: Duration::from_secs(20) };
        let _ =
            (seconds().await, text().await, never().await, expression(&settings).await, closure(500).await);
        assert_near(seconds_entry().ttl().await.unwrap(), Duration::from_secs(90));
        assert_near(text_entry().ttl().await.unwrap(), Duration::from_secs(5400));
        assert_eq!(never_entry().ttl().await.unwrap(), Some(Ttl::Never));
        assert_near(expression_entry(&settings).ttl().await.unwrap(), Duration::from_secs(40));
        assert_near(closure_entry(500).ttl().await.unwrap(), Duration::from_secs(500));
    })
    .await;
}

#[redis_cached(ttl = Duration::MAX, key = "computed:longest")]
async fn longest() -> u8 {
    1
}

#[redis_cached(ttl = |_: &u8| Duration::MAX, key = "computed:of-value")]
async fn longest_of_value() -> u8 {
    1
}

#[redis_cached(ttl = 1, negative_ttl = Duration::MAX, key = "computed:negative")]
async fn longest_negative() -> Option<u8> {
    None
}

#[redis_cached(ttl = Duration::MAX, stale_if_error = Duration::MAX, key = "computed:windows")]
async fn longest_windows() -> Result<u8, String> {
    Ok(1)
}

#[redis_cached(ttl = Duration::MAX, key = "computed:tagged", tags = ["longest"])]
async fn longest_tagged() -> u8 {
    1
}

#[redis_cached(ttl = Duration::MAX, key = "computed:<ids>", batch = ids)]
async fn longest_of_many(ids: &[u8]) -> HashMap<u8, u8> {
    ids.iter().map(|id| (*id, *id)).collect()
}

/// Only `"never"` makes an entry that stays: a length of time, however computed, is one.
#[tokio::test]
async fn a_computed_ttl_never_means_never() {
    let (_server, caches) = both().await;
    for cache in caches {
        cache
            .scope(async {
                longest().await;
                longest_of_value().await;
                longest_negative().await;
                longest_windows().await.unwrap();
                longest_tagged().await;
                longest_of_many(&[7]).await;
                let left = [
                    longest_entry().ttl().await,
                    longest_of_value_entry().ttl().await,
                    longest_negative_entry().ttl().await,
                    longest_windows_entry().ttl().await,
                    longest_tagged_entry().ttl().await,
                    longest_of_many_entry(7).ttl().await,
                ];
                let years = Duration::from_secs(1000 * 365 * 24 * 60 * 60);
                for left in left {
                    let left = left.unwrap().unwrap();
                    assert!(left > years && left < Ttl::Never, "{left}");
                }
                longest_entry().put(&2).await.unwrap();
                assert!(longest_entry().ttl().await.unwrap().unwrap() < Ttl::Never);
            })
            .await;
        assert!(cache.stats().functions.iter().all(|function| function.store_errors == 0));
    }
}

#[tokio::test]
async fn below_a_second_is_kept() {
    within_both(async |cache| {
        brief().await;
        let left = brief_entry().ttl().await.unwrap().unwrap();
        assert!(left <= Duration::from_millis(250), "{left}");
        cache.pass(Duration::from_millis(400)).await;
        assert_eq!(brief_entry().get().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_ttl_of_zero_is_not_stored() {
    let (_server, caches) = both().await;
    for cache in caches {
        cache
            .scope(async {
                closure(0).await;
                assert_eq!(closure_entry(0).get().await.unwrap(), None);
                expression(&Settings { keep: Duration::ZERO }).await;
            })
            .await;
        assert!(
            cache.stats().functions.iter().all(|function| function.not_stored == 1 && function.stored == 0)
        );
    }
}
