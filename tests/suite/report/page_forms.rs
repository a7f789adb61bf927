//! `Cache::invalidate_from_page`: what a form of the page does, and what it is refused for.

use std::time::Duration;

use redis_cached::{Cache, PageAnswer, PageToken, redis_cached};
use redis_cached_test_support::RedisServer;

use crate::memory;

const SECRET: &str = "c0ffee5bad0a4b7f9d31e2a86f5c7d10";
/// In an argument it is encoded, in a tag and in a prefix it stands as it is.
const HOSTILE: &str = "</p><script>alert(1)</script>\"'&=+%\u{202e}";

#[redis_cached(ttl = "1h", key = "place:<id>", skip(city), tags = ["city:<city>"])]
fn place(id: u64, city: &str) -> usize {
    id as usize + city.len()
}

fn token() -> PageToken {
    PageToken::new(SECRET).unwrap()
}

/// As a browser writes it.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

async fn send(cache: &Cache, by: &str, name: &str) -> PageAnswer {
    let form = format!("token={SECRET}&by={by}&name={}", encoded(name));
    cache.invalidate_from_page(&token(), form.as_bytes()).await
}

fn expect(answer: &PageAnswer, status: u16, text: &str) {
    assert!(answer.status == status && answer.html.contains(text), "{answer:?}");
    assert!(!answer.html.contains("<script") && !answer.html.contains('\u{202e}'), "{answer:?}");
}

/// Fills the cache with three places, and says which are there.
fn filled(cache: &Cache) {
    cache.sync_scope(|| (place(1, "rome"), place(2, "oslo"), place(12, HOSTILE)));
}

async fn there(cache: &Cache, prefix: &str) -> Vec<u64> {
    let mut there = Vec::new();
    for id in [1, 2, 12] {
        if cache.inspect(&format!("{prefix}place:{id}")).await.unwrap().is_some() {
            there.push(id);
        }
    }
    there
}

#[tokio::test]
async fn a_form_invalidates_a_tag_a_key_and_all_keys_that_begin_so() {
    for prefix in ["", "shop:", HOSTILE] {
        let cache = memory(Cache::builder().prefix(prefix));
        filled(&cache);
        let is_hit = |id: u64, city: &str| {
            cache.sync_scope(|| place_entry(id, city).blocking().get().unwrap()).is_some()
        };
        for city in ["rome", HOSTILE] {
            expect(
                &send(&cache, "tag", &format!("city:{city}")).await,
                200,
                "is invalidated: all entries that had it",
            );
        }
        assert_eq!((is_hit(1, "rome"), is_hit(2, "oslo"), is_hit(12, HOSTILE)), (false, true, false));
        expect(&send(&cache, "tag", "city:rom").await, 200, "No entry had the tag");

        filled(&cache);
        assert_eq!(there(&cache, prefix).await, [1, 2, 12]);
        expect(
            &send(&cache, "key", &format!("{prefix}place:2")).await,
            200,
            "place:2</code> is invalidated: an entry",
        );
        assert_eq!(there(&cache, prefix).await, [1, 12]);
        expect(&send(&cache, "key", &format!("{prefix}place:2")).await, 200, "nothing was there");
        expect(&send(&cache, "prefix", &format!("{prefix}place:1")).await, 200, "2 keys that began with");
        assert!(there(&cache, prefix).await.is_empty());
        filled(&cache);
        expect(&send(&cache, "prefix", &format!("{prefix}place:2")).await, 200, "One key that began with");
    }
}

#[tokio::test]
async fn without_the_token_nothing_is_done() {
    let cache = memory(Cache::builder());
    filled(&cache);
    let longer = format!("{SECRET}0");
    for wrong in [
        "",
        "token",
        "token=",
        "token=guessed",
        &format!("token={longer}"),
        &format!("token={}", &SECRET[1..]),
    ] {
        for by in ["tag&name=city:rome", "key&name=place:1", "prefix&name=place:", "nothing&name="] {
            let answer = cache.invalidate_from_page(&token(), format!("{wrong}&by={by}").as_bytes()).await;
            expect(&answer, 403, "The form is not from this page");
        }
    }
    assert_eq!(there(&cache, "").await, [1, 2, 12]);
    // Nor to look at the page with its forms.
    let html = cache.page().await.allow_invalidation(&token()).to_html();
    assert_eq!(html.matches(SECRET).count(), 3);
    assert!(!cache.page().await.to_html().contains("<form"));
    assert!(!format!("{:?}", cache.page().await.allow_invalidation(&token())).contains(SECRET));
    assert!(!cache.page().await.allow_invalidation(&token()).to_json().contains(SECRET));
    assert_eq!(there(&cache, "").await, [1, 2, 12]);
}

#[tokio::test]
async fn another_form_is_refused_with_a_sentence() {
    let cache = memory(Cache::builder().prefix("shop:"));
    filled(&cache);
    for (by, name, text) in [
        ("all", "x", "neither"),
        ("key", "", "is empty"),
        (
            "key",
            "place:1",
            "The keys of this cache begin with <code>shop:</code>, and <code>place:1</code> does not",
        ),
        ("prefix", "sho", "does not"),
        ("key", "shop:\u{1}tag:city:rome", "a name of the library"),
        ("prefix", "shop:\u{1}", "a name of the library"),
        ("key", &format!("shop:{}", "x".repeat(300)), "250 bytes at most"),
        ("key", HOSTILE, "does not"),
    ] {
        expect(&send(&cache, by, name).await, 400, text);
    }
    expect(&send(&cache, "tag", &"x".repeat(9000)).await, 413, "longer than 8 KiB");
    expect(&cache.invalidate_from_page(&token(), b"\xFF\xFE").await, 400, "urlencoded");
    expect(&cache.invalidate_from_page(&token(), b"token=%FF").await, 400, "urlencoded");
    assert_eq!(there(&cache, "shop:").await, [1, 2, 12]);
}

#[tokio::test]
async fn a_tombstone_stays() {
    let cache = memory(Cache::builder());
    let entry = cache.sync_scope(|| place_entry(1, "rome"));
    entry.invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
    expect(&send(&cache, "key", "place:1").await, 409, "a tombstone");
    entry.invalidate().await.unwrap();
    expect(&send(&cache, "key", "place:1").await, 200, "nothing was there");
}

#[tokio::test]
async fn an_outage_is_said_and_the_invalidation_made_when_it_is_over() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).connect().await.unwrap();
    cache
        .scope(async { cache.entry::<u8>("place:1").tags(["city:rome"]).never_expires().put(&1).await })
        .await
        .unwrap();
    server.kill();
    for (by, name) in [("tag", "city:rome"), ("key", "place:1")] {
        expect(&send(&cache, by, name).await, 503, "It is retried in the background");
    }
    expect(&send(&cache, "prefix", "place:").await, 503, "The rest is not retried");
    assert_eq!(cache.stats().pending_invalidations, 2);
}
