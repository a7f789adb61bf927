//! Rows that vanish: a recomputation whose value is not to be stored leaves nothing older behind.

mod kept;
mod meanwhile;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Entry, ErrorKind, redis_cached};
use serde::{Deserialize, Serialize};

use crate::{Failed, TestCache, both};

/// A row: 0 if there is none.
#[derive(Default)]
struct Row {
    value: AtomicU64,
    reads: AtomicUsize,
    fails: AtomicBool,
}

impl Row {
    fn of(value: u64) -> Arc<Self> {
        Arc::new(Self { value: value.into(), ..Self::default() })
    }

    fn set(&self, value: u64) {
        self.value.store(value, Ordering::SeqCst);
    }

    fn read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.value.load(Ordering::SeqCst)
    }

    fn get(&self) -> Option<u64> {
        Some(self.read()).filter(|value| *value > 0)
    }

    fn try_get(&self) -> Result<Option<u64>, Failed> {
        if self.fails.load(Ordering::SeqCst) { Err(Failed("the row")) } else { Ok(self.get()) }
    }

    /// Waits until it has been read that often.
    async fn has_been_read(&self, reads: usize) {
        for _ in 0..500 {
            if self.reads.load(Ordering::SeqCst) >= reads {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the row was not read {reads} times");
    }
}

/// A value that no codec takes if it is of no row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Picky(u64);

impl Serialize for Picky {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => Err(serde::ser::Error::custom("of no row")),
            value => serializer.serialize_newtype_struct("Picky", &value),
        }
    }
}

const TTL: Duration = Duration::from_millis(100);
const PAST: Duration = Duration::from_millis(200);

#[redis_cached(ttl = TTL, key = "gone none:<n>", skip(row), stale_while_revalidate = "1h")]
async fn none(row: &Arc<Row>, n: u8) -> Option<u64> {
    let _ = n;
    row.get()
}

#[redis_cached(ttl = TTL, key = "gone unwanted:<n>", skip(row), stale_while_revalidate = "1h", cache_if = |value: &u64| *value > 0)]
async fn unwanted(row: &Arc<Row>, n: u8) -> u64 {
    let _ = n;
    row.read()
}

#[redis_cached(ttl = |value: &u64| TTL * (*value).min(1) as u32, key = "gone zero:<n>", skip(row), stale_while_revalidate = "1h")]
async fn zero(row: &Arc<Row>, n: u8) -> u64 {
    let _ = n;
    row.read()
}

#[redis_cached(ttl = TTL, key = "gone picky:<n>", skip(row), stale_while_revalidate = "1h")]
async fn picky(row: &Arc<Row>, n: u8) -> Picky {
    let _ = n;
    Picky(row.read())
}

#[redis_cached(ttl = TTL, key = "gone tagged:<n>", skip(row), stale_while_revalidate = "1h", tags = ["n:<n>"])]
async fn tagged(row: &Arc<Row>, n: u8) -> Option<u64> {
    row.get().filter(|_| n < 100)
}

/// A value of 9 names more tags than an entry can have.
#[redis_cached(
    ttl = TTL,
    key = "gone named:<n>",
    skip(row),
    stale_while_revalidate = "1h",
    tags = |value: &Option<u64>| (0..if *value == Some(9) { 5000 } else { 2 }).map(|n| format!("n:{n}")).collect()
)]
async fn named(row: &Arc<Row>, n: u8) -> Option<u64> {
    let _ = n;
    row.get()
}

#[redis_cached(ttl = TTL, key = "gone blocking:<n>", skip(row), stale_while_revalidate = "1h")]
fn blocking(row: &Arc<Row>, n: u8) -> Option<u64> {
    let _ = n;
    row.get()
}

/// Calls past the value's time: it is served once more, and then never again.
async fn vanishes<F: Future<Output = u64>>(cache: &TestCache, gone: u64, call: impl Fn(Arc<Row>) -> F) {
    let row = Row::of(1);
    assert_eq!(cache.scope(call(Arc::clone(&row))).await, 1);
    cache.flush().await.unwrap();
    row.set(gone);
    cache.pass(PAST).await;
    assert_eq!(cache.scope(call(Arc::clone(&row))).await, 1, "stale");
    row.has_been_read(2).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    cache.flush().await.unwrap();
    assert_eq!(cache.scope(call(Arc::clone(&row))).await, gone);
    assert_eq!(cache.scope(call(Arc::clone(&row))).await, gone);
    assert_eq!(row.reads.load(Ordering::SeqCst), 4, "each call computes");
}

#[tokio::test]
async fn a_background_refresh_whose_value_is_not_stored_removes_the_old_one() {
    let (_server, caches) = both().await;
    for cache in &caches {
        vanishes(cache, 0, async |row| none(&row, 1).await.unwrap_or(0)).await;
        vanishes(cache, 0, async |row| unwanted(&row, 1).await).await;
        vanishes(cache, 0, async |row| zero(&row, 1).await).await;
        vanishes(cache, 0, async |row| picky(&row, 1).await.0).await;
        vanishes(cache, 0, async |row| tagged(&row, 1).await.unwrap_or(0)).await;
        vanishes(cache, 0, async |row| named(&row, 1).await.unwrap_or(0)).await;
        vanishes(cache, 9, async |row| named(&row, 2).await.unwrap_or(0)).await;
        vanishes(cache, 0, async |row| blocking(&row, 1).unwrap_or(0)).await;
    }
}

#[redis_cached(ttl = 60, key = "gone early:<n>", skip(row), early_refresh = 1000000)]
async fn early(row: &Row, n: u8) -> Option<u64> {
    // Long enough to be worth an early refresh, by that factor.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let _ = n;
    row.get()
}

#[tokio::test]
async fn an_early_refresh_whose_value_is_not_stored_removes_the_old_one() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let row = Row::of(1);
        let entry = cache.sync_scope(|| early_entry(1));
        assert_eq!(cache.scope(early(&row, 1)).await, Some(1));
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(Some(1)));
        row.set(0);
        // By that factor nearly every call finds it due.
        for _ in 0..10 {
            cache.scope(early(&row, 1)).await;
            cache.flush().await.unwrap();
        }
        assert_eq!(entry.get().await.unwrap(), None);
        assert_eq!(cache.scope(early(&row, 1)).await, None);
    }
}

#[redis_cached(ttl = TTL, key = "gone on error:<n>", skip(row), stale_if_error = "1h")]
async fn on_error(row: &Row, n: u8) -> Result<Option<u64>, Failed> {
    let _ = n;
    row.try_get()
}

/// An error keeps the old value: that is what the option is for. A row that is gone is no error.
#[tokio::test]
async fn a_value_that_is_kept_for_errors_is_removed_by_one_that_is_not_stored() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let row = Row::of(1);
        let call = || cache.scope(on_error(&row, 1));
        assert_eq!(call().await, Ok(Some(1)));
        cache.pass(PAST).await;
        row.fails.store(true, Ordering::SeqCst);
        assert_eq!(call().await, Ok(Some(1)));
        row.fails.store(false, Ordering::SeqCst);
        row.set(0);
        assert_eq!(call().await, Ok(None));
        cache.flush().await.unwrap();
        row.fails.store(true, Ordering::SeqCst);
        assert_eq!(call().await, Err(Failed("the row")));
    }
}

#[redis_cached(ttl = 60, key = "gone plain:<n>", skip(row))]
async fn plain(row: &Row, n: u8) -> Option<u64> {
    let _ = n;
    row.get()
}

#[redis_cached(ttl = 60, key = "gone plain blocking:<n>", skip(row))]
fn plain_blocking(row: &Row, n: u8) -> Option<u64> {
    let _ = n;
    row.get()
}

#[tokio::test]
async fn a_call_within_a_bypass_whose_value_is_not_stored_removes_the_old_one() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let row = Row::of(1);
        cache.scope(plain(&row, 1)).await;
        cache.sync_scope(|| plain_blocking(&row, 1));
        cache.flush().await.unwrap();
        row.set(0);
        // What the caller asks next comes after it.
        assert_eq!(cache.scope(cache.bypass(plain(&row, 1))).await, None);
        assert_eq!(cache.scope(plain(&row, 1)).await, None);
        assert_eq!(cache.sync_bypass(|| cache.sync_scope(|| plain_blocking(&row, 1))), None);
        cache.flush().await.unwrap();
        assert_eq!(cache.sync_scope(|| plain_blocking(&row, 1)), None);
    }
}

#[tokio::test]
async fn refresh_with_what_is_not_stored_removes_the_old_value_and_an_error_does_not() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entry = cache.sync_scope(|| plain_entry(2));
        entry.put(&Some(1)).await.unwrap();
        assert_eq!(entry.try_refresh_with(async { Err(Failed("the row")) }).await, Err(Failed("the row")));
        assert_eq!(entry.get().await.unwrap(), Some(Some(1)));
        assert_eq!(entry.refresh_with(async { None }).await, None);
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), None);

        entry.put(&Some(1)).await.unwrap();
        assert_eq!(entry.blocking().refresh_with(|| None), None);
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), None);
    }
}

/// The stored value is not the one that was put, so it goes.
#[tokio::test]
async fn a_put_of_what_cannot_be_encoded_removes_the_old_value() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entry = |n| cache.sync_scope(|| picky_entry(n));
        for n in 3..6 {
            entry(n).put(&Picky(1)).await.unwrap();
        }
        assert_eq!(entry(3).put(&Picky(0)).await.unwrap_err().kind(), ErrorKind::Encode);
        let values = [(entry(4), Picky(0)), (entry(5), Picky(2))];
        assert_eq!(Entry::put_many(values).await.unwrap_err().kind(), ErrorKind::Encode);
        let found = [entry(3), entry(4), entry(5)].map(|entry| entry.blocking().get().unwrap());
        assert_eq!(found, [None, None, Some(Picky(2))]);
    }
}
