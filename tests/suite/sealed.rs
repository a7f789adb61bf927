//! `CacheBuilder::seal`: values are encrypted wherever they are stored, and nothing else is used.

mod attacks;
mod combined;
mod only;
mod secret;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, CacheBuilder, Entry, ErrorKind, KeyContent, Keyring, redis_cached, redis_updates};
use redis_cached_test_support::RedisServer;

use crate::faults::wait_until;
use crate::local::Row;
use crate::{Runs, TestCache, both_with, memory};

/// What no stored byte may show.
const SECRET: &str = "the-secret-of-all-values";

static RUNS: Runs = Runs::new();

fn keyring() -> Keyring {
    Keyring::new().key("new", [1; 32]).and("old", [2; 32])
}

fn sealed() -> CacheBuilder {
    Cache::builder().seal(keyring())
}

fn secret(id: u64) -> String {
    format!("{SECRET} {id}")
}

#[redis_cached(ttl = 60, key = "sealed:<id>", tags = ["sealed"])]
async fn tagged(id: u64) -> String {
    RUNS.count();
    secret(id)
}

#[redis_cached(ttl = 60, negative_ttl = 60, key = "sealed blocking:<id>")]
fn blocking(id: u64) -> Option<String> {
    (id > 0).then(|| secret(id))
}

#[redis_cached(ttl = 60, negative_ttl = 60, key = "sealed many:<ids>", batch = ids)]
async fn many(ids: &[u64]) -> HashMap<u64, String> {
    ids.iter().filter(|id| **id != 13).map(|id| (*id, secret(*id))).collect()
}

#[redis_cached(ttl = 60, key = "sealed of value:<id>", tags = |text: &String| vec![format!("length:{}", text.len())])]
async fn tagged_by_value(id: u64) -> String {
    secret(id)
}

#[redis_cached(ttl = 60, key = "sealed local:<id>", local = "1m")]
async fn kept(id: u64) -> Arc<String> {
    Arc::new(secret(id))
}

#[redis_cached(ttl = 60, key = "sealed copy:<id>", local = revalidate, skip(row))]
async fn copied(row: &Row, id: u64) -> Arc<String> {
    Arc::new(format!("{} {}", secret(id), row.get()))
}

#[redis_cached(ttl = "300ms", key = "sealed stale:<id>", stale_while_revalidate = "1m", skip(row))]
async fn stale(row: &Row, id: u64) -> String {
    format!("{} {}", secret(id), row.get())
}

#[redis_cached(ttl = 60, key = "sealed sliding:<id>", sliding)]
async fn sliding(id: u64) -> String {
    secret(id)
}

#[redis_cached(ttl = 60, key = "sealed compressed:<id>", codec = Json, compress = Zstd)]
async fn compressed(id: u64) -> String {
    secret(id).repeat(100)
}

#[redis_cached(ttl = 60, key = "sealed unit:<id>")]
async fn unit(id: u64) {
    _ = id;
}

#[redis_updates(tagged(id))]
async fn write(id: u64) -> String {
    secret(id)
}

/// Whether an entry stands there that is sealed under the key of this name.
async fn is_sealed_under(cache: &Cache, key: &str, name: &str) -> bool {
    let found = cache.inspect(key).await.unwrap().unwrap_or_else(|| panic!("nothing at {key}"));
    let KeyContent::Entry(entry) = found.content else { panic!("{key}: {found:?}") };
    assert!(entry.sealed_under.is_none_or(|id| id == id_of("new") || id == id_of("old")));
    entry.sealed_under == Some(id_of(name))
}

/// The first four bytes of SHA-256 of the name.
fn id_of(name: &str) -> [u8; 4] {
    match name {
        "new" => [0x11, 0x50, 0x7a, 0x0e],
        "old" => [0xcb, 0xa0, 0x6b, 0x57],
        other => panic!("{other}"),
    }
}

/// Writes in all ways in which a value gets into a cache; gives the keys of all entries.
async fn write_in_all_ways(cache: &TestCache) -> Vec<String> {
    let row = Row::default();
    tagged(1).await;
    write(2).await;
    tagged_entry(3).put(&secret(3)).await.unwrap();
    Entry::put_many([4, 5].map(|id| (tagged_entry(id), secret(id)))).await.unwrap();
    let warm_up = Entry::warm_up([(6, tagged_entry(6))]).await.unwrap();
    warm_up.store([(6, secret(6))]).await.unwrap();
    _ = (blocking(0), blocking(1));
    many(&[1, 2, 13]).await;
    many_entry(3).put(&secret(3)).await.unwrap();
    tagged_by_value(1).await;
    kept(1).await;
    copied(&row, 1).await;
    sliding(1).await;
    compressed(1).await;
    unit(1).await;
    stale(&row, 1).await;
    cache.entry::<String>("sealed by hand").ttl(Duration::from_secs(60)).put(&secret(1)).await.unwrap();
    cache.pass(Duration::from_millis(400)).await;
    // Refreshed in the background.
    let refreshed = || cache.stats().functions.iter().any(|f| f.stale > 0 && f.stored > 1);
    stale(&row, 1).await;
    wait_until(refreshed).await;
    cache.flush().await.unwrap();
    let by_hand = cache.entry::<String>("sealed by hand").ttl(Duration::from_secs(60)).key().to_owned();
    let mut keys: Vec<String> = (1..=6).map(|id| tagged_entry(id).key().to_owned()).collect();
    keys.extend([0, 1].map(|id| blocking_entry(id).key().to_owned()));
    keys.extend([1, 2, 3, 13].map(|id| many_entry(id).key().to_owned()));
    keys.extend(
        [tagged_by_value_entry(1).key(), kept_entry(1).key(), copied_entry(1).key()].map(str::to_owned),
    );
    keys.extend([sliding_entry(1).key(), compressed_entry(1).key(), unit_entry(1).key()].map(str::to_owned));
    keys.extend([stale_entry(1).key().to_owned(), by_hand]);
    keys
}

/// No key of the server shows what was stored.
fn shows_nothing(server: &RedisServer) {
    let keys: Vec<String> = server.query(&["KEYS", "*"]);
    assert!(keys.len() > 15, "{keys:?}");
    for key in keys {
        let bytes: Vec<u8> = server.query(&["GET", &key]);
        assert!(!bytes.windows(4).any(|part| part == &SECRET.as_bytes()[..4]), "{key}: {bytes:x?}");
    }
}

#[tokio::test]
async fn nothing_is_stored_in_the_clear_in_whatever_way() {
    let _counting = RUNS.counting.lock().await;
    let (server, caches) = both_with(sealed()).await;
    for cache in &caches {
        let keys = cache.scope(write_in_all_ways(cache)).await;
        for key in &keys {
            assert!(is_sealed_under(cache, key, "new").await, "{key}");
        }
        let unsealed: u64 = cache.stats().functions.iter().map(|f| f.unsealed + f.unusable).sum();
        assert_eq!(unsealed, 0, "{}", cache.stats());
    }
    shows_nothing(&server);
}

#[tokio::test]
async fn what_is_sealed_is_a_hit() {
    let _counting = RUNS.counting.lock().await;
    let (_server, caches) = both_with(sealed()).await;
    for cache in &caches {
        let before = RUNS.get();
        let calls = async {
            for _ in 0..3 {
                assert_eq!(tagged(10).await, secret(10));
                assert_eq!((blocking(0), blocking(2)), (None, Some(secret(2))));
                let found = many(&[1, 13, 2]).await;
                assert_eq!((found.len(), &found[&2]), (2, &secret(2)));
                assert_eq!(compressed(1).await, secret(1).repeat(100));
                unit(1).await;
                cache.flush().await.unwrap();
            }
            cache.invalidate_tag("sealed").await.unwrap();
            assert_eq!(tagged(10).await, secret(10));
        };
        cache.scope(calls).await;
        assert_eq!(RUNS.get() - before, 2, "{}", cache.stats());
        let misses =
            |name| cache.stats().functions.iter().find(|f| f.function.ends_with(name)).unwrap().misses;
        assert_eq!((misses("::blocking"), misses("::unit"), misses("::compressed")), (2, 1, 1));
        assert_eq!(misses("::many"), 3, "of which one has no value");
    }
}

#[tokio::test]
async fn this_process_keeps_what_it_has_opened() {
    let (_server, caches) = both_with(sealed()).await;
    for cache in &caches {
        let row = Row::default();
        row.set(1);
        let calls = async {
            let first = copied(&row, 7).await;
            cache.flush().await.unwrap();
            let (second, third) = (copied(&row, 7).await, copied(&row, 7).await);
            assert_eq!(first, third);
            assert!(Arc::ptr_eq(&second, &third), "{}", cache.stats());
            row.set(2);
            copied_entry(7).invalidate().await.unwrap();
            assert_eq!(*copied(&row, 7).await, format!("{} 2", secret(7)));
        };
        cache.scope(calls).await;
        let stats = cache.stats();
        let function = stats.functions.iter().find(|f| f.function.ends_with("::copied")).unwrap();
        assert!(function.revalidated_hits > 0, "{stats}");
    }
}

/// A fleet whose keys are changed, member by member.
#[tokio::test]
async fn keys_are_changed_without_a_miss() {
    let _counting = RUNS.counting.lock().await;
    let server = RedisServer::start();
    let with = async |keyring| {
        let patient = Cache::builder().deadline(Duration::from_secs(10)).seal(keyring);
        patient.url(server.url()).connect().await.unwrap()
    };
    let before = with(Keyring::new().key("old", [2; 32])).await;
    // First all members can open what is sealed under the new key, then they seal under it.
    let between = with(Keyring::new().key("old", [2; 32]).and("new", [1; 32])).await;
    let after = with(keyring()).await;
    let (key, runs) = (before.sync_scope(|| tagged_entry(1).key().to_owned()), RUNS.get());
    for (cache, name) in [(&before, "old"), (&between, "old"), (&after, "old")] {
        assert_eq!(cache.scope(tagged(1)).await, secret(1));
        cache.flush().await.unwrap();
        assert!(is_sealed_under(cache, &key, name).await);
    }
    assert_eq!(RUNS.get() - runs, 1);

    after.scope(async { tagged_entry(1).invalidate().await.unwrap() }).await;
    for cache in [&after, &between] {
        assert_eq!(cache.scope(tagged(1)).await, secret(1));
        cache.flush().await.unwrap();
        assert!(is_sealed_under(cache, &key, "new").await);
    }
    assert_eq!(RUNS.get() - runs, 2);

    assert_eq!(before.scope(tagged(1)).await, secret(1), "it lacks the key");
    before.flush().await.unwrap();
    assert_eq!((RUNS.get() - runs, before.stats().functions[0].unsealed), (3, 1));
}

#[tokio::test]
async fn a_keyring_that_cannot_seal_is_no_cache() {
    let wrong = [
        (Keyring::new(), "no key to seal under"),
        (Keyring::new().key("short", b"secret"), "`short` has 6 bytes in place of 32"),
        (keyring().and("new", [3; 32]), "`new` another name"),
    ];
    for (keyring, message) in wrong {
        for url in ["memory://", "redis://127.0.0.1:1"] {
            let builder = Cache::builder().url(url).seal(keyring.clone());
            let errors = [builder.clone().connect_lazy().unwrap_err(), builder.connect().await.unwrap_err()];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::InvalidOption);
                assert!(error.to_string().contains(message), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn inspect_says_under_which_key_and_shows_what_it_can_open() {
    let cache = memory(sealed());
    cache.scope(compressed(1)).await;
    cache.flush().await.unwrap();
    let key = cache.sync_scope(|| compressed_entry(1).key().to_owned());
    let KeyContent::Entry(entry) = cache.inspect(&key).await.unwrap().unwrap().content else { panic!() };
    assert_eq!((entry.compression, entry.sealed_under), (Some("Zstd"), Some(id_of("new"))));
    assert_eq!(entry.payload.unwrap(), format!("{:?}", secret(1).repeat(100)).into_bytes());
}
