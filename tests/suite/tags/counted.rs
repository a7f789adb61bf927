//! `count_tags`: what is counted of tags, and under which names.

use std::collections::HashMap;

use redis_cached::{Cache, ErrorKind, redis_cached};
use redis_cached_test_support::RedisServer;

#[redis_cached(ttl = 60, key = "flat:<id>", skip(street, city), tags = ["street:<street>", "city:<city>"])]
async fn flat(id: u64, street: &str, city: &str) -> u64 {
    let _ = (street, city);
    id
}

#[redis_cached(ttl = 60, key = "flats:<ids>", tags = ["city:rome"], batch = ids)]
async fn flats(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, key = "sky")]
async fn sky() -> u64 {
    3
}

/// The counters, as `(tag, hits, misses, invalidations)`.
fn counted(cache: &Cache) -> Vec<(String, u64, u64, u64)> {
    let tags = cache.stats().tags;
    assert_eq!(cache.report().tags, tags);
    tags.into_iter().map(|of| (of.tag, of.hits, of.misses, of.invalidations)).collect()
}

fn of(tag: &str, hits: u64, misses: u64, invalidations: u64) -> (String, u64, u64, u64) {
    (tag.to_owned(), hits, misses, invalidations)
}

#[tokio::test]
async fn tags_are_counted_by_the_texts_that_the_program_gives() {
    let server = RedisServer::start();
    for url in ["memory://", &server.url()] {
        let builder =
            Cache::builder().url(url).prefix("shop:").count_tags(["city:", "city:rome", "stadium", "city:"]);
        let cache = builder.connect_lazy().unwrap();
        cache
            .scope(async {
                flat(1, "via appia", "rome").await;
                cache.flush().await.unwrap();
                flat(1, "via appia", "rome").await;
                flat(2, "torggata", "oslo").await;
                sky().await;
                cache.flush().await.unwrap();
                cache.invalidate_tag("city:rome").await.unwrap();
                cache.invalidate_tag("street:torggata").await.unwrap();
                flat(1, "via appia", "rome").await;
                cache.flush().await.unwrap();
                flats(&[1, 2]).await;
                cache.flush().await.unwrap();
                flats(&[1, 2, 3]).await;
            })
            .await;
        // The longest text counts, and nothing of what a user has entered is a name.
        let expected = [of("city:", 0, 1, 0), of("city:rome", 3, 5, 1), of("stadium", 0, 0, 0)];
        assert_eq!(counted(&cache), expected, "{url}");
        let text = cache.stats().to_prometheus();
        assert!(
            text.contains("redis_cached_tag_reads_total{tag=\"city:rome\",result=\"hit\"} 3\n"),
            "{text}"
        );
        assert!(text.contains("redis_cached_tag_invalidations_total{tag=\"city:rome\"} 1\n"), "{text}");
        assert!(!text.contains("oslo") && !text.contains("street"), "{text}");
        assert!(cache.stats().to_string().contains("tag city:rome: 3 hits, 5 misses, 37.5 %, 1 invalidated"));
        assert!(cache.report().to_string().contains("city:rome  hit rate 38 % of 8, 1 invalidated"));
    }
}

#[test]
fn nothing_is_counted_unless_it_is_asked_for() {
    let cache = Cache::memory();
    assert_eq!(cache.stats().tags, []);
    assert!(!cache.stats().to_prometheus().contains("redis_cached_tag_"));
    let build = |texts: Vec<String>| Cache::builder().url("memory://").count_tags(texts).connect_lazy();
    for texts in [vec![String::new()], (0..65).map(|number| number.to_string()).collect()] {
        let error = build(texts).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(error.to_string().starts_with("count_tags: "), "{error}");
    }
    assert!(build((0..64).map(|number| number.to_string()).collect()).is_ok());
}
