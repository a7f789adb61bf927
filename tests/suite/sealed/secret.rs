//! `<email:secret>`: arguments of which Redis has a keyed hash only.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::{
    Cache, CacheBuilder, Entry, ErrorKind, KeyPart, Keyring, redis_cached, redis_invalidates, redis_updates,
};

use super::keyring;
use crate::{TestCache, both_with};

/// What no key may show.
const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

fn with_names() -> CacheBuilder {
    Cache::builder().seal(keyring().names([9; 32]))
}

#[derive(KeyPart)]
struct Person {
    email: String,
    age: u8,
}

#[redis_cached(ttl = 60, key = "secret:<email:secret>", tags = ["of:<email:secret>", "all"])]
async fn length(email: &str) -> usize {
    email.len()
}

#[redis_cached(ttl = 60, key = "secret:<emails:secret>", tags = ["of:<emails:secret>", "all"], batch = emails)]
async fn lengths(emails: &[String]) -> HashMap<String, usize> {
    emails.iter().map(|email| (email.clone(), email.len())).collect()
}

#[redis_cached(ttl = 60, key = "secret kept:<person.email:secret>:<id>", local = "1m", skip(person))]
fn kept(person: &Person, id: u64) -> Arc<u64> {
    Arc::new(u64::from(person.age) + id)
}

#[redis_cached(ttl = 60, key = "secret whole:<person:secret>")]
async fn whole(person: Person) -> u8 {
    person.age
}

#[redis_invalidates(length(email))]
async fn by_entry(email: String) {
    drop(email);
}

#[redis_invalidates(tag("of:<email:secret>"), strict)]
async fn by_tag(email: &str) -> Result<(), redis_cached::Error> {
    _ = email;
    Ok(())
}

#[redis_invalidates(tag("of:<ret:secret>"), for email in emails { length(email) })]
fn by_what_is_returned(emails: &[String]) -> String {
    emails[0].clone()
}

#[redis_invalidates(tag("of:<email:secret>"), cache = cache)]
fn by_tag_of(cache: &Cache, email: &str) {
    _ = (cache, email);
}

#[redis_updates(length(email), strict)]
async fn write(email: &str) -> Result<usize, redis_cached::Error> {
    Ok(email.len() + 1)
}

fn ann() -> Person {
    Person { email: ANN.to_owned(), age: 7 }
}

fn both_names() -> Vec<String> {
    vec![ANN.to_owned(), BOB.to_owned()]
}

async fn stored(cache: &TestCache) -> [bool; 2] {
    cache.flush().await.unwrap();
    let there = async |email| length_entry(email).get().await.unwrap().is_some();
    [there(ANN).await, there(BOB).await]
}

#[tokio::test]
async fn every_way_to_a_key_makes_the_same_one() {
    let (server, caches) = both_with(with_names()).await;
    for cache in &caches {
        let fill = async || {
            lengths(&both_names()).await;
            assert_eq!(stored(cache).await, [true, true]);
        };
        let calls = async {
            assert_eq!(length(ANN).await, ANN.len());
            assert_eq!((*kept(&ann(), 1), whole(ann()).await), (8, 7));
            fill().await;
            let computed = cache.stats().functions.iter().map(|of| of.computes).sum::<u64>();
            assert_eq!(computed, 4, "{}", cache.stats());

            by_entry(ANN.to_owned()).await;
            assert_eq!(stored(cache).await, [false, true]);
            fill().await;
            by_tag(BOB).await.unwrap();
            assert_eq!(stored(cache).await, [true, false]);
            fill().await;
            by_tag_of(cache, ANN);
            assert_eq!(stored(cache).await, [false, true]);
            fill().await;
            by_what_is_returned(&both_names());
            assert_eq!(stored(cache).await, [false, false]);
            fill().await;
            cache.invalidate_tag(format!("of:{}", cache.secret_name(ANN).unwrap())).await.unwrap();
            assert_eq!(stored(cache).await, [false, true]);
            write(ANN).await.unwrap();
            assert_eq!(length_entry(ANN).get().await.unwrap(), Some(ANN.len() + 1));
            Entry::invalidate_many([ANN, BOB].map(length_entry)).await.unwrap();
            assert_eq!(stored(cache).await, [false, false]);
            fill().await;
            assert!(!length_entry(ANN).key().contains("ann"));
        };
        cache.scope(calls).await;
        assert!(cache.stats().functions.iter().all(|of| of.unstorable == 0), "{}", cache.stats());
    }
    let keys: Vec<String> = server.query(&["KEYS", "*"]);
    assert!(
        keys.len() > 5 && keys.iter().all(|key| !key.contains("ann") && !key.contains("example")),
        "{keys:?}"
    );
}

/// The key that seals changes, and names stay.
#[tokio::test]
async fn names_do_not_change_with_the_keys_of_values() {
    let key = |keyring: Keyring| {
        let cache = Cache::builder().url("memory://").seal(keyring).connect_lazy().unwrap();
        cache.sync_scope(|| length_entry(ANN).key().to_owned())
    };
    let before = key(Keyring::new().key("old", [2; 32]).names([9; 32]));
    assert_eq!(before, key(keyring().names([9; 32])));
    assert_ne!(before, key(keyring().names([8; 32])));
}

#[tokio::test]
async fn without_a_key_for_names_nothing_is_stored_and_nothing_invalidated() {
    for options in [Cache::builder(), Cache::builder().seal(keyring())] {
        let (server, caches) = both_with(options).await;
        for cache in &caches {
            let calls = async {
                for _ in 0..2 {
                    assert_eq!((length(ANN).await, length(BOB).await), (ANN.len(), BOB.len()));
                    assert_eq!(lengths(&both_names()).await.len(), 2);
                    assert_eq!((*kept(&ann(), 1), whole(ann()).await), (8, 7));
                }
                assert_ne!(length_entry(ANN).key(), length_entry(BOB).key());
                assert_eq!(stored(cache).await, [false, false]);
                let errors = [
                    length_entry(ANN).invalidate().await.unwrap_err(),
                    length_entry(ANN).invalidate_with_hold(Duration::from_secs(1)).await.unwrap_err(),
                    length_entry(ANN).put(&1).await.unwrap_err(),
                    Entry::invalidate_many([length_entry(ANN)]).await.unwrap_err(),
                    by_tag(ANN).await.unwrap_err(),
                    write(ANN).await.unwrap_err(),
                    cache.secret_name(ANN).unwrap_err(),
                ];
                for error in errors {
                    assert_eq!(error.kind(), ErrorKind::InvalidOption);
                    let text = error.to_string();
                    assert!(text.contains("Keyring::names") && !text.contains("ann"), "{text}");
                }
                by_entry(ANN.to_owned()).await;
            };
            cache.scope(calls).await;
            let stats = cache.stats();
            let computes: Vec<u64> = stats.functions.iter().map(|of| of.computes).collect();
            assert!(computes.iter().all(|computes| *computes >= 2), "{stats}");
            assert_eq!(stats.pending_invalidations, 0);
        }
        assert_eq!(server.query::<i64>(&["DBSIZE"]), 0);
    }
}

#[test]
fn a_key_for_names_is_one_of_its_own() {
    for (keyring, message) in [
        (keyring().names(b"short"), "`names` has 5 bytes in place of 32"),
        (keyring().names([2; 32]), "the key for names seals values as well"),
    ] {
        let error = Cache::builder().url("memory://").seal(keyring).connect_lazy().unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidOption && error.to_string().contains(message), "{error}");
    }
}
