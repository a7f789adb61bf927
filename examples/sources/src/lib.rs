//! A shop's products in Postgres, which others change by SQL, and two ways to follow them. docs/sources.md describes both.

mod change;
mod notifications;
mod outbox;

use std::convert::Infallible;

use redis_cached::{Cache, Change, ChangeSource, Tag, Touched, redis_cached};
use serde::Deserialize;
use sqlx::postgres::PgPool;

pub use notifications::Notifications;
pub use outbox::Outbox;

/// The lists of a category.
#[derive(Tag)]
#[tag("category:<0>")]
pub struct Category<'a>(pub &'a str);

/// The price of a product.
#[redis_cached(ttl = "1h", key = "price:<id>", skip(db), group = "products")]
pub async fn price(db: &PgPool, id: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT price FROM products WHERE id = $1").bind(id).fetch_one(db).await
}

/// The dearest price of a category.
#[redis_cached(ttl = "1h", key = "dearest:<category>", skip(db), tags = [Category(category)], group = "products")]
pub async fn dearest(db: &PgPool, category: &str) -> Result<i64, sqlx::Error> {
    let most = "SELECT coalesce(max(price), 0) FROM products WHERE category = $1";
    sqlx::query_scalar(most).bind(category).fetch_one(db).await
}

/// What the triggers write.
#[derive(Debug, Deserialize)]
pub struct ProductChanged {
    id: i64,
    category: String,
}

/// What a change of a product concerns.
pub fn touches(change: Change<ProductChanged>, touched: Touched) -> Touched {
    match change {
        Change::Known(ProductChanged { id, category }) => {
            touched.entry(price_entry(id)).tag(Category(&category))
        }
        Change::Unknown => touched.group("products"),
    }
}

/// Follows the products, for ever.
pub async fn follow_products(
    cache: &Cache,
    source: impl ChangeSource<Payload = ProductChanged>,
) -> Infallible {
    cache.follow(source, touches).await
}

/// The channel on which the trigger of sql/notify.sql tells of changes.
pub const CHANNEL: &str = "product_changes";
