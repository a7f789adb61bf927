//! A shop over HTTP: reads through the cache, a slow database beneath it, and its counters at `/metrics`.

pub mod load;
pub mod prometheus;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use redis_cached::{Cache, Page, Stats, redis_cached, redis_invalidates};
use serde::{Deserialize, Serialize};

/// How often the page renews what it shows.
const RENEWED: Duration = Duration::from_secs(2);

/// A product with its price.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Product {
    id: u64,
    price: u64,
}

/// The shop: its database and its cache.
#[derive(Clone)]
pub struct Shop {
    cache: Cache,
    /// How often a price was changed, which stands in for the rows.
    prices: Arc<AtomicU64>,
}

/// The database is out of order for this article.
#[derive(Debug, Clone)]
pub struct Unavailable;

impl Shop {
    /// A shop that caches in `cache`.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self { cache, prices: Arc::default() }
    }

    /// Read often, changed rarely: kept in the process as well, where Redis says when it changes.
    #[redis_cached(ttl = "10m", key = "product:<id>", skip(self), cache = self.cache, local = "1m")]
    async fn product(&self, id: u64) -> Product {
        query(20).await;
        Product { id, price: 100 + self.prices.load(Ordering::Relaxed) }
    }

    /// Slow, and may be a little old: refreshed in the background.
    #[redis_cached(ttl = "1s", stale_while_revalidate = "1m", key = "bestsellers:<page>", skip(self), cache = self.cache)]
    async fn bestsellers(&self, page: u64) -> Vec<u64> {
        query(120).await;
        (page * 10..page * 10 + 10).collect()
    }

    /// Asked for by many at once after each second, and its source fails at times.
    #[redis_cached(ttl = "1s", key = "stock:<id>", skip(self), cache = self.cache)]
    async fn stock(&self, id: u64) -> Result<u64, Unavailable> {
        query(40).await;
        if id % 10 == 9 { Err(Unavailable) } else { Ok(id % 7) }
    }

    /// A writer says what it invalidates.
    #[redis_invalidates(self.product(id))]
    async fn change_price(&self, id: u64) {
        query(10 + id % 5).await;
        self.prices.fetch_add(1, Ordering::Relaxed);
    }
}

/// A database that takes so many milliseconds.
async fn query(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// The routes, with `/metrics` for Prometheus, and `/cache` and `/stats` for people. A real service has these behind its login, or on a port of its own.
pub fn router(shop: Shop) -> Router {
    Router::new()
        .route("/products/{id}", get(product))
        .route("/products/{id}/price", post(price))
        .route("/bestsellers/{page}", get(bestsellers))
        .route("/stock/{id}", get(stock))
        .route("/metrics", get(metrics))
        .route("/stats", get(async |State(shop): State<Shop>| format!("{}\n", shop.cache.stats())))
        .route("/cache", get(page))
        .route("/cache.json", get(page_json))
        .with_state(shop)
}

async fn metrics(State(shop): State<Shop>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, Stats::PROMETHEUS_CONTENT_TYPE)], shop.cache.stats().to_prometheus())
}

async fn page(State(shop): State<Shop>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, Page::HTML_CONTENT_TYPE),
        (header::CONTENT_SECURITY_POLICY, Page::CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, shop.cache.page().await.title("The shop's cache").live(RENEWED).to_html())
}

async fn page_json(State(shop): State<Shop>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, Page::JSON_CONTENT_TYPE)], shop.cache.page().await.to_json())
}

async fn product(State(shop): State<Shop>, Path(id): Path<u64>) -> String {
    let Product { id, price } = shop.product(id).await;
    format!("product {id} costs {price}\n")
}

async fn price(State(shop): State<Shop>, Path(id): Path<u64>) -> StatusCode {
    shop.change_price(id).await;
    StatusCode::NO_CONTENT
}

async fn bestsellers(State(shop): State<Shop>, Path(page): Path<u64>) -> String {
    format!("{:?}\n", shop.bestsellers(page).await)
}

async fn stock(State(shop): State<Shop>, Path(id): Path<u64>) -> Result<String, StatusCode> {
    let stock = shop.stock(id).await.map_err(|Unavailable| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(format!("{stock} left\n"))
}
