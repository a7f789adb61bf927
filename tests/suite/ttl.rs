//! `ttl`: its four forms.

use std::time::Duration;

use redis_cached::redis_cached;

use crate::{User, both, user};

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
fn assert_near(left: Option<Duration>, ttl: Duration) {
    let left = left.expect("an entry");
    assert!(left <= ttl && left + Duration::from_secs(5) > ttl, "{left:?} of {ttl:?}");
}

#[tokio::test]
async fn each_form_sets_the_expiry() {
    let (_server, caches) = both().await;
    for cache in caches {
        cache
            .scope(async {
                let settings = Settings { keep: Duration::from_secs(20) };
                let _ = (
                    seconds().await,
                    text().await,
                    never().await,
                    expression(&settings).await,
                    closure(500).await,
                );
                assert_near(seconds_entry().ttl().await.unwrap(), Duration::from_secs(90));
                assert_near(text_entry().ttl().await.unwrap(), Duration::from_secs(5400));
                assert_eq!(never_entry().ttl().await.unwrap(), Some(Duration::MAX));
                assert_near(expression_entry(&settings).ttl().await.unwrap(), Duration::from_secs(40));
                assert_near(closure_entry(500).ttl().await.unwrap(), Duration::from_secs(500));
            })
            .await;
    }
}

#[tokio::test]
async fn below_a_second_is_kept() {
    let (_server, caches) = both().await;
    for cache in caches {
        cache
            .scope(async {
                brief().await;
                let left = brief_entry().ttl().await.unwrap().unwrap();
                assert!(left <= Duration::from_millis(250), "{left:?}");
                tokio::time::sleep(Duration::from_millis(400)).await;
                assert_eq!(brief_entry().get().await.unwrap(), None);
            })
            .await;
    }
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
