//! Everything that is stored is taken: by calls of all kinds, and without a call.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis_cached::{BlockingEntry, Cache, redis_cached, redis_updates};
use serde::{Deserialize, Serialize};

use super::{Source, blocking, both, on_a_thread, plain_entry, tagged, tagged_entry};

#[redis_cached(ttl = 60, key = "perhaps:<id>", skip(row), tags = [None::<String>])]
fn perhaps_tagged(row: &Source, id: u64) -> u64 {
    let _ = id;
    row.quick_read()
}

#[redis_cached(ttl = 60, key = "named:<id>", skip(row), tags = |number: &u64| vec![format!("number:{number}")])]
fn named(row: &Source, id: u64) -> u64 {
    let _ = id;
    row.quick_read()
}

#[redis_cached(ttl = 60, key = "many:<ids>", skip(row), batch = ids)]
pub(super) fn many(row: &Source, ids: &[u64]) -> HashMap<u64, u64> {
    let number = row.quick_read();
    ids.iter().map(|id| (*id, number)).collect()
}

#[redis_cached(ttl = 60, key = "tagged many:<ids>", skip(row), batch = ids, tags = ["rows", "row:<ids>"])]
fn tagged_many(row: &Source, ids: &[u64]) -> HashMap<u64, u64> {
    let number = row.quick_read();
    ids.iter().map(|id| (*id, number)).collect()
}

/// Nothing is there for any of the keys, which is remembered.
#[redis_cached(ttl = 60, key = "absent:<ids>", skip(row), batch = ids, negative_ttl = 60)]
fn absent(row: &Source, ids: &[u64]) -> HashMap<u64, u64> {
    let number = row.quick_read();
    ids.iter().filter(|_| number > 1).map(|id| (*id, number)).collect()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NotFound(u64);

#[redis_cached(ttl = 60, key = "missing:<id>", skip(row), negative = |_: &NotFound| true, negative_ttl = 60)]
fn missing(row: &Source, id: u64) -> Result<u64, NotFound> {
    let _ = id;
    Err(NotFound(row.quick_read()))
}

#[redis_cached(ttl = 60, key = "none:<id>", skip(row), negative_ttl = 60)]
fn none(row: &Source, id: u64) -> Option<u64> {
    let _ = id;
    Some(row.quick_read()).filter(|number| *number > 1)
}

#[redis_updates(tagged(1), plain(1))]
fn update(row: &Source) -> u64 {
    row.number.load(Ordering::SeqCst)
}

/// A call that stores what it computes, and gives it.
type Call = (&'static str, fn(&Cache, &Source) -> u64);

pub(super) fn of_many(found: &HashMap<u64, u64>) -> u64 {
    assert_eq!(found.len(), 2);
    assert_eq!(found[&1], found[&2]);
    found[&1]
}

const CALLS: [Call; 10] = [
    ("a blocking function", |_, row| blocking(row, 1)),
    ("tags", |_, row| tagged(row, 1)),
    ("tags of which none is there", |_, row| perhaps_tagged(row, 1)),
    ("tags of the value", |_, row| named(row, 1)),
    ("a batch", |_, row| of_many(&many(row, &[1, 2]))),
    ("a batch with tags", |_, row| of_many(&tagged_many(row, &[1, 2]))),
    ("keys without a value", |_, row| absent(row, &[1]).get(&1).copied().unwrap_or(1)),
    ("an error", |_, row| missing(row, 1).unwrap_err().0),
    ("`None`", |_, row| none(row, 1).unwrap_or(1)),
    ("an entry by hand", |cache, row| by_hand(cache).get_or_compute(|| row.quick_read())),
];

fn by_hand(cache: &Cache) -> BlockingEntry<u64> {
    cache.entry("by hand").ttl(Duration::from_secs(60)).blocking()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_calls_of_all_kinds_have_stored_is_gone() {
    let (_server, caches) = both().await;
    for cache in caches {
        on_a_thread(cache, |cache| {
            let row = Source::new();
            for (what, call) in CALLS {
                for _ in 0..2 {
                    let old = call(cache, &row);
                    cache.blocking().flush().unwrap();
                    let (reads, new) = (row.reads(), row.write());
                    assert_eq!((call(cache, &row), row.reads()), (old, reads), "{what}: it is stored");
                    cache.blocking().invalidate_all().unwrap();
                    assert_eq!((call(cache, &row), row.reads()), (new, reads + 1), "{what}");
                    cache.blocking().flush().unwrap();
                }
                row.number.store(1, Ordering::SeqCst);
                cache.blocking().invalidate_all().unwrap();
            }
            let stats = cache.stats();
            assert!(stats.functions.iter().all(|function| function.store_errors == 0), "{stats}");
        })
        .await;
    }
}

/// A way to store 7 for `plain(1)` without a call of it.
type Store = (&'static str, fn(&Cache, &Source));

const STORES: [Store; 5] = [
    ("`put`", |_, _| plain_entry(1).blocking().put(&7).unwrap()),
    ("`put_many`", |_, _| {
        let entries = [plain_entry(1).blocking(), named_entry(1).blocking()];
        BlockingEntry::put_many(entries.map(|entry| (entry, 7))).unwrap();
    }),
    ("`warm_up`", |_, _| {
        let warm_up = BlockingEntry::warm_up([(1, plain_entry(1).blocking())]).unwrap();
        assert_eq!(warm_up.store([(1, 7)]).unwrap(), 1);
    }),
    ("`#[redis_updates]`", |_, row| {
        row.number.store(7, Ordering::SeqCst);
        update(row);
    }),
    ("`bypass`", |cache, row| {
        row.number.store(7, Ordering::SeqCst);
        cache.sync_bypass(|| plain_entry(1).blocking().get_or_compute(|| row.quick_read()));
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_without_a_call_is_gone() {
    let (_server, caches) = both().await;
    for cache in caches {
        on_a_thread(cache, |cache| {
            let row = Source::new();
            for (what, store) in STORES {
                store(cache, &row);
                cache.blocking().flush().unwrap();
                assert_eq!(plain_entry(1).blocking().get().unwrap(), Some(7), "{what}");
                cache.blocking().invalidate_all().unwrap();
                assert_eq!(plain_entry(1).blocking().get().unwrap(), None, "{what}");
                assert_eq!(named_entry(1).blocking().get().unwrap(), None, "{what}");
            }
        })
        .await;
    }
}
