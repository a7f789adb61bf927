//! Values that are not encoded: because nobody would read the bytes, or because nobody could.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::time::Duration;

use redis_cached::{Cache, ErrorKind, FunctionStats, redis_cached};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{both, log_recorder, redis, within_both};

/// Written as a number, and read by whatever is there, as `rust_decimal::Decimal` may be.
#[derive(Debug, Clone, PartialEq)]
struct Amount(u64);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl serde::de::Visitor<'_> for Digits {
            type Value = Amount;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
                text.parse().map(Amount).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Digits)
    }
}

/// Written as one thing and read as another, which its shape does not show.
#[derive(Debug, Clone, PartialEq)]
struct Lopsided(u64);

impl Serialize for Lopsided {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Lopsided {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (low, high) = <(u64, u64)>::deserialize(deserializer)?;
        Ok(Self(low + high))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u64,
    #[serde(flatten)]
    more: BTreeMap<String, u64>,
}

/// A field that is left out is missed by position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sparse {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    id: u64,
}

/// Only what is there is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Partly {
    id: u64,
    more: Option<serde_json::Value>,
}

type Json = serde_json::Value;

/// A function of each type, and a batch of it.
macro_rules! functions {
    ($($name:ident $many:ident $codec:ident: $type:ty = $value:expr;)*) => {$(
        #[redis_cached(ttl = 60, key = "value:<id>", codec = $codec)]
        async fn $name(id: u64) -> $type {
            let _ = id;
            $value
        }

        #[redis_cached(ttl = 60, key = "value:<ids>", codec = $codec, batch = ids)]
        async fn $many(ids: &[u64]) -> HashMap<u64, $type> {
            ids.iter().map(|id| (*id, $value)).collect()
        }
    )*};
}

functions! {
    amount amounts Bincode: Amount = Amount(7);
    amount_in_postcard amounts_in_postcard Postcard: Vec<Amount> = vec![Amount(7)];
    lopsided lopsided_many Bincode: Lopsided = Lopsided(7);
    flat flat_many Bincode: Flat = Flat { id: 7, more: BTreeMap::from([("x".to_owned(), 1)]) };
    sparse sparse_many Bincode: Sparse = Sparse { name: None, id: 7 };
    json json_many Bincode: Json = serde_json::json!({"x": 1});
    partly partly_many Bincode: Partly = Partly { id: 7, more: Some(serde_json::json!(1)) };
}

fn row(cache: &Cache, name: &str) -> FunctionStats {
    let rows = cache.stats().functions;
    rows.into_iter().find(|row| row.function.ends_with(&format!("::{name}"))).unwrap()
}

#[tokio::test]
async fn what_cannot_be_read_back_is_not_stored() {
    let (server, caches) = both().await;
    for cache in caches {
        macro_rules! check {
            ($($name:ident $many:ident $value:expr;)*) => {$(
                for _ in 0..2 {
                    assert_eq!($name(1).await, $value);
                    assert_eq!($many(&[2]).await, HashMap::from([(2, $value)]));
                }
                for name in [stringify!($name), stringify!($many)] {
                    let row = row(&cache, name);
                    assert_eq!((row.computes, row.unstorable, row.misses), (2, 2, 2), "{row:?}");
                    assert_eq!((row.hits, row.stored, row.unusable, row.store_errors, row.not_stored), (0, 0, 0, 0, 0), "{row:?}");
                }
            )*};
        }
        let scoped = async {
            check! {
                amount amounts Amount(7);
                amount_in_postcard amounts_in_postcard vec![Amount(7)];
                lopsided lopsided_many Lopsided(7);
                flat flat_many Flat { id: 7, more: BTreeMap::from([("x".to_owned(), 1)]) };
                sparse sparse_many Sparse { name: None, id: 7 };
                json json_many serde_json::json!({"x": 1});
                partly partly_many Partly { id: 7, more: Some(serde_json::json!(1)) };
            }
        };
        cache.scope(scoped).await;
        assert!(cache.stats().to_string().contains("unstorable"));
        cache.flush().await.unwrap();
    }
    assert_eq!(server.query::<i64>(&["DBSIZE"]), 0);
}

#[redis_cached(ttl = 60, key = "told:<id>")]
async fn told(id: u64) -> Lopsided {
    Lopsided(id)
}

#[redis_cached(ttl = 60, key = "told-too:<id>")]
async fn told_too(id: u64) -> Lopsided {
    Lopsided(id)
}

#[tokio::test]
async fn it_is_told_once_a_function() {
    log_recorder::record();
    let scoped = async {
        for id in 0..3 {
            told(id).await;
            told_too(id).await;
        }
    };
    Cache::memory().scope(scoped).await;
    for name in ["`told`", "`told_too`"] {
        let warnings = log_recorder::warnings(name);
        assert!(warnings.len() == 1 && warnings[0].contains("cannot be read back"), "{warnings:?}");
    }
}

#[tokio::test]
async fn a_put_says_why() {
    let (_server, caches) = both().await;
    for cache in caches {
        let error = cache.sync_scope(|| amount_entry(1)).put(&Amount(7)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Encode);
        let message = error.to_string();
        assert!(
            message.contains("`amount` cannot be read back") && message.contains("codec = Json"),
            "{message}"
        );
        let error = cache.sync_scope(|| lopsided_entry(1)).put(&Lopsided(7)).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Encode && !error.to_string().contains("codec = Json"), "{error}");
    }
}

/// Whether one can is a matter of the value.
#[tokio::test]
async fn values_of_such_a_type_that_can_be_read_back_are_stored() {
    within_both(async |_| {
        let plain = Partly { id: 7, more: None };
        let partly = partly_entry(1);
        for (value, is_stored) in
            [(&plain, true), (&Partly { more: Some(Json::Null), ..plain.clone() }, false), (&plain, true)]
        {
            assert_eq!(partly.put(value).await.is_ok(), is_stored, "{value:?}");
            if is_stored {
                assert_eq!(partly.get().await.unwrap().as_ref(), Some(value));
            }
            partly.invalidate().await.unwrap();
        }
    })
    .await;
}

thread_local! {
    static ENCODED: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Counted(u64);

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ENCODED.set(ENCODED.get() + 1);
        serializer.serialize_newtype_struct("Counted", &self.0)
    }
}

/// Not looked into by who asks whether a value is a `None`.
type Value = (Counted, u8);

#[redis_cached(ttl = 60, key = "counted:<id>")]
async fn counted(id: u64) -> Value {
    tokio::time::sleep(Duration::from_millis(20)).await;
    (Counted(id), 0)
}

#[redis_cached(ttl = 60, key = "counted:<ids>", batch = ids)]
async fn counted_many(ids: &[u64]) -> HashMap<u64, Value> {
    ids.iter().map(|id| (*id, (Counted(*id), 0))).collect()
}

/// How often a value was encoded.
async fn encodings<T>(of: impl Future<Output = T>) -> usize {
    let before = ENCODED.get();
    of.await;
    ENCODED.get() - before
}

#[tokio::test]
async fn what_nobody_would_read_is_not_encoded() {
    within_both(async |_| {
        let hold = Duration::from_secs(60);
        assert_eq!(encodings(counted(1)).await, 1, "stored");
        assert_eq!(encodings(counted_many(&[2, 3])).await, 2, "stored");
        for id in 1..4 {
            counted_entry(id).invalidate_with_hold(hold).await.unwrap();
        }
        assert_eq!(encodings(counted(1)).await, 0, "held, and nobody waits");
        assert_eq!(encodings(counted_many(&[2, 3])).await, 0, "held, and nobody waits");
    })
    .await;
}

#[tokio::test]
async fn what_somebody_waits_for_is_encoded_though_it_is_not_stored() {
    // In memory, where all look-ups are over when the first call computes.
    let scoped = async {
        counted_entry(1).invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
        let both = async { tokio::join!(counted(1), counted(1)) };
        assert_eq!(encodings(both).await, 1);
    };
    Cache::memory().scope(scoped).await;
}

#[tokio::test]
async fn what_cannot_be_stored_for_want_of_a_server_is_not_encoded() {
    let (server, _) = redis().await;
    let cache = Cache::builder().url(server.url()).connect().await.unwrap();
    drop(server);
    cache.scope(async { counted(1).await }).await;
    assert_eq!(encodings(cache.scope(counted(1))).await, 0);
}

#[test]
fn no_type_panics_on_what_the_library_asks_it_to_read() {
    let done = Command::new(env!("CARGO_BIN_EXE_first-panic")).output().unwrap();
    assert!(done.status.success(), "{} {}", done.status, String::from_utf8_lossy(&done.stderr));
}
