//! `page`: the last minutes, sampled by whoever asks for the page and by what publishes.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use serde_json::{Value, json};

use crate::memory;

#[redis_cached(ttl = "1h", key = "rate:<id>")]
fn rate(id: u64) -> u64 {
    id
}

async fn page(cache: &Cache) -> Value {
    serde_json::from_str(&cache.page().await.to_json()).unwrap()
}

#[tokio::test]
async fn each_look_at_the_page_is_a_sample() {
    let cache = memory(Cache::builder());
    cache.sync_scope(|| (rate(1), rate(1)));
    assert_eq!(
        page(&cache).await["history"],
        json!([{ "function": "suite::report::recent::rate", "points": [] }])
    );
    cache.pass(Duration::from_secs(10)).await;
    cache.sync_scope(|| (rate(1), rate(1), rate(2)));
    let seen = page(&cache).await;
    let point = &seen["history"][0]["points"][0];
    let seconds = point["seconds"].as_f64().unwrap();
    assert!((10.0..15.0).contains(&seconds), "{point}");
    assert_eq!((&point["hits"], &point["misses"]), (&json!(2), &json!(1)));
    assert_eq!(seen["fleet"], Value::Null);
    assert_eq!(seen["fleet_history"], json!([]));
    // A second reader, right after the first, gets the same points.
    assert_eq!(page(&cache).await["history"][0]["points"].as_array().unwrap().len(), 1);
    cache.pass(Duration::from_secs(3600)).await;
    let points = page(&cache).await["history"][0]["points"].clone();
    assert_eq!(
        points.as_array().unwrap().len(),
        1,
        "what is older than a quarter of an hour is forgotten: {points}"
    );
    assert_eq!((&points[0]["hits"], &points[0]["misses"]), (&json!(0), &json!(0)));
}

/// Its first page has lines, and what others have published has some from the second on.
#[tokio::test]
async fn what_publishes_samples_as_well() {
    let server = RedisServer::start();
    let publishing =
        || Cache::builder().url(server.url()).prefix("shop:").publish_stats(Duration::from_secs(1));
    let (cache, _other) = (publishing().connect().await.unwrap(), publishing().connect().await.unwrap());
    while cache.page().await.to_json().contains("\"fleet\":null") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    cache.scope(async { rate(1) }).await;
    let has_points = |of: &Value| of[0]["points"].as_array().is_some_and(|points| !points.is_empty());
    let mut seen = Value::Null;
    while !has_points(&seen["history"]) || !has_points(&seen["fleet_history"]) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        seen = page(&cache).await;
    }
    assert_eq!(seen["fleet"]["processes"], 2);
}
