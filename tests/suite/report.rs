//! `report`: the advice is right on workloads whose right answer is known.

mod fleet;
mod misses;
mod page_forms;
mod recent;
mod server;

use std::time::Duration;

use redis_cached::{AdviceKind, Cache, FunctionReport, Report, redis_cached};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::memory;

const MINUTE: Duration = Duration::from_secs(60);

fn kinds(report: &Report) -> Vec<AdviceKind> {
    report.advice.iter().map(|advice| advice.kind).collect()
}

/// The only function that was called.
fn only(report: &Report) -> &FunctionReport {
    let [function] = &report.functions[..] else { panic!("{report}") };
    function
}

#[redis_cached(ttl = "1min", key = "settings:<shop>")]
fn settings(shop: u64) -> u64 {
    std::thread::sleep(Duration::from_micros(100));
    shop
}

/// Asked for every minute and a half for 75 minutes, and never another.
#[tokio::test]
async fn a_short_ttl_of_stable_values_is_to_be_longer() {
    let cache = memory(Cache::builder());
    for _ in 0..50 {
        cache.sync_scope(|| (0..50).for_each(|shop| assert_eq!(settings(shop), settings(shop))));
        cache.pass(Duration::from_secs(90)).await;
    }
    let report = cache.report();
    assert_eq!(kinds(&report), [AdviceKind::LongerTtl], "{report}");
    let function = only(&report);
    assert_eq!((function.missed_for.cold, function.missed_for.expired), (50, 49 * 50), "{report}");
    assert_eq!((function.expired_unchanged, function.expired_changed), (49 * 50, 0));
    assert_eq!(function.ttl, Some(MINUTE));
    let text = &report.advice[0].text;
    // Three changes at most in 50 × 49 × 90 s: with a TTL of 2 % of a third of that, 24 min, 1 % of the hits would serve old values.
    assert!(
        text.contains("98 % of its misses") && text.contains("a TTL of 15 min in place of 1 min"),
        "{text}"
    );
    assert!(report.advice[0].saves_a_day > Duration::from_secs(1), "{:?}", report.advice[0]);
}

/// Written as a text and read as whatever is there, as `rust_decimal::Decimal` may be.
#[derive(Debug, Clone, PartialEq)]
struct Price(u64);

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl serde::de::Visitor<'_> for Digits {
            type Value = Price;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Price, E> {
                text.parse().map(Price).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Digits)
    }
}

#[redis_cached(ttl = "1h", key = "price:<id>")]
fn price(id: u64) -> Price {
    Price(id)
}

#[test]
fn a_function_that_is_never_hit_says_why() {
    let cache = Cache::memory();
    cache.sync_scope(|| (0..100).for_each(|call| assert_eq!(price(call % 10), Price(call % 10))));
    let report = cache.report();
    assert_eq!(kinds(&report), [AdviceKind::Unstorable], "{report}");
    let text = &report.advice[0].text;
    assert!(text.contains("`suite::report::price` is never hit: 100 %"), "{text}");
    assert!(text.contains("use `codec = Json`"), "{text}");
    assert_eq!((only(&report).missed_for.cold, only(&report).missed_for.unstorable), (10, 90), "{report}");
}

#[redis_cached(ttl = "1h", key = "page:<id>")]
fn page(id: u64) -> Vec<u64> {
    vec![id; 100]
}

#[tokio::test]
async fn a_full_store_is_to_be_larger() {
    let cache = memory(Cache::builder().memory_capacity("64KiB"));
    for _ in 0..10 {
        // The first is there each time.
        cache.sync_scope(|| (0..500).for_each(|id| assert_eq!(page(id), page(id))));
    }
    let report = cache.report();
    assert_eq!(kinds(&report), [AdviceKind::Evicted], "{report}");
    let function = only(&report);
    assert_eq!(function.missed_for.cold, 500, "{report}");
    assert!(function.missed_for.evicted > 1000, "{report}");
    let report = report.with_server(cache.server_stats().await.unwrap());
    assert!(report.advice[0].text.contains("raise `memory_capacity`"), "{report}");
}

#[redis_cached(ttl = "1h", key = "menu:<id>", tags = ["menus"])]
fn menu(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = "1h", key = "seats:<id>")]
fn seats(id: u64) -> u64 {
    id / 10
}

/// By a tag, and by the entry.
#[tokio::test]
async fn invalidations_in_vain_are_to_be_narrower() {
    let cache = memory(Cache::builder());
    for _ in 0..20 {
        cache.sync_scope(|| (0..20).for_each(|id| assert_eq!(menu(id), menu(id))));
        cache.invalidate_tag("menus").await.unwrap();
    }
    let report = cache.report();
    assert_eq!(kinds(&report), [AdviceKind::InvalidatedInVain], "{report}");
    assert_eq!((only(&report).missed_for.cold, only(&report).missed_for.invalidated), (20, 380), "{report}");

    let cache = memory(Cache::builder());
    for _ in 0..200 {
        cache.sync_scope(|| (seats(7), seats(7)));
        cache.sync_scope(|| seats_entry(7)).invalidate().await.unwrap();
    }
    let report = cache.report();
    assert_eq!(kinds(&report), [AdviceKind::InvalidatedInVain], "{report}");
    let text = &report.advice[0].text;
    assert!(text.contains("over 99 % of its misses follow invalidations, and 100 % of the values"), "{text}");
}

#[redis_cached(ttl = "1h", key = "flag:<name>")]
async fn flag(name: &str) -> u64 {
    name.len() as u64
}

#[tokio::test]
async fn a_hot_key_is_to_be_kept_in_the_process() {
    let cache = memory(Cache::builder().track_keys(3));
    let calls = async {
        for call in 0..3000_u64 {
            let other = (call % 100).to_string();
            flag(if call % 3 == 0 { &other } else { "maintenance" }).await;
        }
    };
    cache.scope(calls).await;
    let report = cache.report();
    assert_eq!(kinds(&report), [AdviceKind::KeepLocally], "{report}");
    let hottest = &only(&report).hottest[0];
    assert_eq!((hottest.key.as_str(), hottest.hits - hottest.error), ("flag:maintenance", 1999), "{report}");
    assert_eq!(only(&report).hottest.len(), 3);
    assert!(report.advice[0].text.contains("`flag:maintenance`: with `local = \"10s\"`"), "{report}");
    // And without being asked no key is named.
    let cache = memory(Cache::builder());
    cache
        .scope(async {
            for _ in 0..3000 {
                flag("maintenance").await;
            }
        })
        .await;
    assert!(only(&cache.report()).hottest.is_empty() && kinds(&cache.report()).is_empty());
}

#[redis_cached(ttl = "1h", key = "visit:<at>")]
fn visit(at: u64) -> u64 {
    at
}

#[test]
fn values_that_nobody_asks_for_again_need_no_cache() {
    let cache = Cache::memory();
    cache.sync_scope(|| (0..200).for_each(|at| assert_eq!(visit(at), at)));
    let report = cache.report();
    assert_eq!(kinds(&report), [AdviceKind::NeverRead], "{report}");
    assert_eq!(only(&report).never_read, 200);
}

static CLOCK: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

#[redis_cached(ttl = "10min", key = "rate:<id>")]
fn rate(id: u64) -> u64 {
    id + CLOCK.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Nothing is to be changed about a cache that does well, and where values do change no longer TTL is asked for.
#[tokio::test]
async fn what_is_well_is_left_alone() {
    let cache = memory(Cache::builder().track_keys(5));
    for _ in 0..10 {
        for id in 0..200 {
            cache.sync_scope(|| (page(id), page(id), page(id)));
        }
        cache.pass(MINUTE).await;
    }
    let report = cache.report();
    assert!(report.advice.is_empty(), "{report}");
    let function = only(&report);
    assert!(function.hit_rate() > 0.96 && function.time_saved >= function.compute_time, "{report}");
    assert_eq!(function.largest.len(), 5);
    // Hits came up to nine minutes after the value was stored; ages are rounded up to a power of two.
    assert!(function.most_age.unwrap() > 4 * MINUTE && function.most_age.unwrap() < 20 * MINUTE, "{report}");

    let cache = memory(Cache::builder());
    for _ in 0..20 {
        cache.sync_scope(|| (0..20).for_each(|id| assert_eq!(rate(id), rate(id))));
        cache.pass(11 * MINUTE).await;
    }
    assert_eq!(kinds(&cache.report()), [AdviceKind::StaleHits], "{}", cache.report());
}
