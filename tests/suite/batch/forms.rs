//! The ways in which a function can take its keys and give its values.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};

use redis_cached::{Cache, KeyPart, redis_cached};

use super::{Calls, users};
use crate::{Failed, User, user};

#[redis_cached(ttl = 60, key = "vec:<ids>", batch = ids)]
async fn owned(mut ids: Vec<u64>) -> Vec<(u64, User)> {
    ids.retain(|id| *id > 0);
    ids.into_iter().map(|id| (id, user(id))).collect()
}

#[allow(clippy::ptr_arg, reason = "it is this form that is tried")]
#[redis_cached(ttl = 60, key = "tree:<ids>", batch = ids)]
async fn borrowed_vec(ids: &Vec<u64>) -> BTreeMap<u64, User> {
    ids.iter().map(|id| (*id, user(*id))).collect()
}

#[redis_cached(ttl = 60, key = "into:<ids>", batch = ids)]
async fn into_iterator(ids: impl IntoIterator<Item = u64>) -> HashMap<u64, User> {
    users(ids)
}

#[redis_cached(ttl = 60, key = "iter:<ids>", batch = ids)]
fn iterator(ids: impl Iterator<Item = u64>) -> HashMap<u64, User, RandomState> {
    ids.map(|id| (id, user(id))).collect()
}

type Users = Result<HashMap<u64, User>, Failed>;

#[redis_cached(ttl = 60, key = "alias:<ids>", batch = ids)]
fn alias(ids: &[u64]) -> Result<AliasOfAMap, Failed> {
    let found: Users = Ok(users(ids.to_vec()));
    found
}

type AliasOfAMap = HashMap<u64, User>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, KeyPart)]
struct Sku {
    shop: String,
    number: u32,
}

struct Shop {
    tenant: String,
    calls: Calls,
}

impl Shop {
    #[redis_cached(ttl = 60, key = "<self.tenant>:<locale>:<skus>:x", batch = skus)]
    async fn products(&self, locale: &str, skus: &[Sku]) -> Result<HashMap<Sku, String>, Failed> {
        self.calls.add(&skus.iter().map(|sku| u64::from(sku.number)).collect::<Vec<_>>());
        let mut found = HashMap::new();
        for sku in skus {
            if sku.number == 13 {
                return Err(Failed("unlucky"));
            }
            found.insert(sku.clone(), format!("{locale} {}", sku.number));
        }
        Ok(found)
    }

    #[redis_cached(ttl = 60, batch = ids, skip(self))]
    fn counted(&mut self, ids: &[u64]) -> Vec<(u64, usize)> {
        self.tenant.push('!');
        ids.iter().map(|id| (*id, self.tenant.len())).collect()
    }
}

#[tokio::test]
async fn arguments_and_results_of_each_kind() {
    let cache = Cache::memory();
    for _ in 0..2 {
        let list = cache.scope(owned(vec![3, 0, 1, 3, 2])).await;
        assert_eq!(list, [(3, user(3)), (1, user(1)), (2, user(2))], "in the order of the argument");
        assert_eq!(cache.scope(borrowed_vec(&vec![1, 2])).await, users([1, 2]).into_iter().collect());
        assert_eq!(cache.scope(into_iterator([1, 2])).await, users([1, 2]));
        assert_eq!(cache.scope(into_iterator(vec![2, 3].into_iter().rev())).await, users([2, 3]));
        assert_eq!(cache.sync_scope(|| iterator(1..3)), users([1, 2]));
        assert_eq!(cache.sync_scope(|| alias(&[1])), Ok(users([1])));
    }
    let computes = |name: &str| {
        cache
            .stats()
            .functions
            .into_iter()
            .find(|row| row.function.ends_with(&format!("::{name}")))
            .unwrap()
            .computes
    };
    assert_eq!(["borrowed_vec", "iterator", "alias"].map(computes), [1, 1, 1]);
}

#[tokio::test]
async fn other_arguments_are_the_same_for_all_keys() {
    let cache = Cache::memory();
    let shop = Shop { tenant: "acme".into(), calls: Calls::default() };
    let sku = |number| Sku { shop: "a/b".into(), number };
    for locale in ["de", "en", "de"] {
        let found = cache.scope(shop.products(locale, &[sku(1), sku(2)])).await.unwrap();
        assert_eq!(found[&sku(2)], format!("{locale} 2"));
    }
    assert_eq!(shop.calls.take(), [[1, 2], [1, 2]]);
    let entry = cache.sync_scope(|| shop.products_entry("de", &sku(1)));
    assert_eq!(entry.key(), "acme:de:a%252Fb%2C1%2C:x");
    assert_eq!(entry.get().await.unwrap().as_deref(), Some("de 1"));
    assert_eq!(cache.scope(shop.products("de", &[sku(1), sku(13)])).await, Err(Failed("unlucky")));
}

#[test]
fn a_method_may_change_itself_and_have_a_default_key() {
    let cache = Cache::memory();
    let mut shop = Shop { tenant: "x".into(), calls: Calls::default() };
    assert_eq!(cache.sync_scope(|| shop.counted(&[1, 2])), [(1, 2), (2, 2)]);
    assert_eq!(cache.sync_scope(|| shop.counted(&[2, 3])), [(2, 2), (3, 3)]);
    let entry = cache.sync_scope(|| Shop::counted_entry(7));
    assert!(entry.key().ends_with("Shop::counted(7)"), "{}", entry.key());
}

/// The future goes wherever its arguments and values can go.
#[tokio::test]
async fn a_call_can_be_spawned() {
    let cache = Cache::memory();
    let call = tokio::spawn(async move { cache.scope(into_iterator(vec![1])).await });
    assert_eq!(call.await.unwrap(), users([1]));
}

#[redis_cached(ttl = 60, key = "extra:<ids>", batch = ids)]
fn more_than_asked(ids: &[u64]) -> Vec<(u64, u64)> {
    ids.iter().flat_map(|id| [(*id, 1), (id + 100, 2), (*id, 3)]).collect()
}

#[test]
fn what_was_not_asked_for_is_left_out_and_the_last_value_counts() {
    let cache = Cache::memory();
    for _ in 0..2 {
        assert_eq!(cache.sync_scope(|| more_than_asked(&[1, 2])), [(1, 3), (2, 3)]);
    }
    assert_eq!(cache.sync_scope(|| more_than_asked_entry(101)).blocking().get().unwrap(), None);
}
