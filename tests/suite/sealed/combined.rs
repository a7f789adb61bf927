//! Sealed values with options that write, compare or keep something of their own. In memory and on one server: what a keyring does is the same on all.

use std::sync::Arc;
use std::time::Duration;

use redis_cached::{AdviceKind, Cache, CacheBuilder, Entry, StaleValue, redis_cached};
use redis_cached_test_support::RedisServer;

use super::{SECRET, is_sealed_under, keyring, sealed, secret};
use crate::faults::wait_until;
use crate::local::Row;
use crate::{TestCache, memory};

#[redis_cached(ttl = "1200ms", sliding, max_age = 3, key = "sealed sliding and aged:<id>", local = revalidate)]
async fn aged(id: u64) -> Arc<String> {
    Arc::new(secret(id))
}

#[redis_cached(ttl = 60, key = "sealed verified:<id>", skip(row), verify = 1.0)]
async fn verified(row: &Row, id: u64) -> String {
    format!("{} {}", secret(id), row.get())
}

#[redis_cached(ttl = 60, key = "sealed version:<id>")]
async fn version(id: u64) -> String {
    secret(id)
}

#[redis_cached(ttl = "300ms", stale_if_error = "1m", conditional = old, key = "sealed conditional:<id>")]
async fn renewed(id: u64) -> String {
    old.map_or_else(|| secret(id), StaleValue::not_modified)
}

/// The version that is replaced.
mod old {
    use redis_cached::redis_cached;

    #[redis_cached(ttl = 60, key = "sealed version:<id>")]
    pub(super) async fn version(id: u64) -> (u64, String) {
        (id, super::secret(id))
    }
}

async fn caches(options: CacheBuilder) -> (RedisServer, [TestCache; 2]) {
    let (server, patient) = (RedisServer::start(), options.deadline(Duration::from_secs(10)));
    let cache = patient.clone().url(server.url()).connect().await.unwrap();
    (server, [TestCache { cache, clock: None }, memory(patient)])
}

/// Less than the TTL, and more than a tenth of it.
const STEP: Duration = Duration::from_millis(350);

fn computes(cache: &Cache) -> u64 {
    cache.stats().functions.iter().map(|function| function.computes).sum()
}

#[tokio::test]
async fn hits_prolong_them_up_to_their_maximum_age() {
    let (server, caches) = caches(sealed()).await;
    for cache in &caches {
        let calls = async {
            aged(1).await;
            let prolonged = || cache.stats().functions[0].prolonged;
            for _ in 0..4 {
                cache.pass(STEP).await;
                let before = prolonged();
                assert_eq!(*aged(1).await, secret(1));
                wait_until(|| prolonged() > before).await;
            }
            assert_eq!(computes(cache), 1, "{}", cache.stats());
            let (key, stats) = (aged_entry(1).key().to_owned(), cache.stats());
            assert!(is_sealed_under(cache, &key, "new").await);
            assert!(stats.functions[0].revalidated_hits > 0 && stats.functions[0].unsealed == 0, "{stats}");
            for _ in 0..8 {
                cache.pass(STEP).await;
                aged(1).await;
            }
            assert!(computes(cache) > 1, "{}", cache.stats());
        };
        cache.scope(calls).await;
    }
    let stored: Vec<u8> = server.query(&["GET", "sealed sliding and aged:1"]);
    assert!(!stored.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
}

#[tokio::test]
async fn they_are_verified() {
    let (_server, caches) = caches(sealed().verify_grace(Duration::from_millis(50))).await;
    for cache in &caches {
        let row = Row::default();
        let calls = async {
            verified(&row, 1).await;
            cache.flush().await.unwrap();
            verified(&row, 1).await;
            cache.finish_verifications().await;
            row.set(1);
            verified(&row, 1).await;
            cache.finish_verifications().await;
        };
        cache.scope(calls).await;
        let stats = cache.stats();
        let function = &stats.functions[0];
        let counted = (function.verified_equal, function.verified_changed, function.verified_unjudged);
        assert_eq!((counted, function.unsealed), ((1, 1, 0), 0), "{stats}");
    }
}

#[tokio::test]
async fn a_body_sees_them_opened_and_renews_them_as_they_are() {
    let (_server, caches) = caches(sealed()).await;
    for cache in &caches {
        let calls = async {
            for confirmed in 0..3 {
                assert_eq!(renewed(1).await, secret(1));
                cache.pass(Duration::from_millis(400)).await;
                assert_eq!(cache.stats().functions[0].confirmed, confirmed, "{}", cache.stats());
            }
            assert!(is_sealed_under(cache, renewed_entry(1).key(), "new").await);
        };
        cache.scope(calls).await;
        let of = &cache.stats().functions[0];
        assert_eq!((of.stored, of.unsealed, of.unusable), (1, 0, 0), "{of:?}");
    }
}

#[tokio::test]
async fn versions_live_side_by_side_and_an_invalidation_reaches_both() {
    let (_server, caches) = caches(sealed().separate_versions()).await;
    for cache in &caches {
        let calls = async {
            for _ in 0..3 {
                assert_eq!((old::version(1).await.1, version(1).await), (secret(1), secret(1)));
                cache.flush().await.unwrap();
            }
            assert_eq!(computes(cache), 2, "{}", cache.stats());
            for key in [version_entry(1).key(), old::version_entry(1).key()] {
                assert!(is_sealed_under(cache, key, "new").await, "{key}");
            }
            version_entry(1).invalidate().await.unwrap();
            assert_eq!(old::version_entry(1).get().await.unwrap(), None);
            Entry::put_many([(version_entry(1), secret(1))]).await.unwrap();
            assert_eq!(version(1).await, secret(1));
        };
        cache.scope(calls).await;
        assert_eq!(cache.stats().functions.iter().map(|of| of.unsealed + of.unusable).sum::<u64>(), 0);
    }
}

/// Two programs of one prefix, of which one has no keyring.
#[tokio::test]
async fn the_report_says_that_keyrings_differ() {
    let (server, [with, _]) = caches(Cache::builder().seal(keyring())).await;
    let without =
        Cache::builder().deadline(Duration::from_secs(10)).url(server.url()).connect().await.unwrap();
    for _ in 0..60 {
        for cache in [&*with, &without] {
            cache.scope(version(7)).await;
            cache.flush().await.unwrap();
        }
    }
    for cache in [&*with, &without] {
        let report = cache.report();
        let advice = report.advice.iter().find(|advice| advice.kind == AdviceKind::Unsealed);
        assert!(advice.is_some_and(|advice| advice.text.contains("the same keyring")), "{report}");
    }
}
