//! What a database would be: slow, and the one place where the truth is.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) cents: u64,
}

/// There is no such product.
#[derive(Debug, Clone)]
pub(crate) struct Sold(u64);

impl std::fmt::Display for Sold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "product {} is not for sale", self.0)
    }
}

impl std::error::Error for Sold {}

pub(crate) struct Database {
    products: Mutex<BTreeMap<u64, Product>>,
    queries: AtomicU64,
}

impl Default for Database {
    fn default() -> Self {
        let product = |id| Product {
            id,
            name: format!("Article {id}"),
            category: if id % 7 == 0 { "tea" } else { "books" }.into(),
            cents: 500 + 10 * id,
        };
        Self {
            products: Mutex::new((1..=200).map(|id| (id, product(id))).collect()),
            queries: AtomicU64::new(0),
        }
    }
}

impl Database {
    /// One query: a round trip, and the table.
    async fn query(&self) -> MutexGuard<'_, BTreeMap<u64, Product>> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.products.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn queries_since_last(&self) -> u64 {
        self.queries.swap(0, Ordering::Relaxed)
    }

    pub(crate) async fn product(&self, id: u64) -> Result<Product, Sold> {
        self.query().await.get(&id).cloned().ok_or(Sold(id))
    }

    pub(crate) async fn products(&self, ids: &[u64]) -> Result<HashMap<u64, Product>, Sold> {
        let products = self.query().await;
        Ok(ids.iter().filter_map(|id| Some((*id, products.get(id)?.clone()))).collect())
    }

    pub(crate) async fn cheapest(&self, category: &str) -> Result<Vec<Product>, Sold> {
        let products = self.query().await;
        let mut found: Vec<_> =
            products.values().filter(|product| product.category == category).cloned().collect();
        found.sort_by_key(|product| product.cents);
        Ok(found)
    }

    pub(crate) async fn count(&self, category: &str) -> Result<usize, Sold> {
        Ok(self.query().await.values().filter(|product| product.category == category).count())
    }

    pub(crate) async fn set_price(&self, id: u64, cents: u64) -> Result<(), Sold> {
        self.query().await.get_mut(&id).ok_or(Sold(id))?.cents = cents;
        Ok(())
    }

    pub(crate) async fn save(&self, product: Product) -> Result<Product, Sold> {
        self.query().await.insert(product.id, product.clone());
        Ok(product)
    }
}
