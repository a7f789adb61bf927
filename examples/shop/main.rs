//! A shop: pages that are read often, prices that change, and how many commands each page costs Redis.
//!
//! ```text
//! cargo run --example shop                                    # in this process, or the Redis at REDIS_URL
//! REDIS_URL=redis+cluster://HOST:PORT,… cargo run --example shop
//! ```

mod commands;
mod database;

use std::collections::HashMap;

use redis_cached::{Cache, redis_cached, redis_invalidates, redis_updates};

use crate::commands::Commands;
use crate::database::{Database, Product, Sold};

type Failure = Box<dyn std::error::Error>;

/// One product. Its entry is the one that a batch of [`products`] reads and writes too.
#[redis_cached(ttl = "1h", key = "product:<id>", skip(database))]
async fn product(database: &Database, id: u64) -> Result<Product, Sold> {
    database.product(id).await
}

/// A page of products: one `MGET`, and one query for those that are missing.
#[redis_cached(ttl = "1h", key = "product:<ids>", batch = ids, skip(database))]
async fn products(database: &Database, ids: &[u64]) -> Result<HashMap<u64, Product>, Sold> {
    database.products(ids).await
}

/// A list that many products are in. The tag stands for "whatever shows this category".
#[redis_cached(ttl = "10m", key = "list:<category>", tags = ["category:<category>"], skip(database))]
async fn cheapest(database: &Database, category: &str) -> Result<Vec<Product>, Sold> {
    database.cheapest(category).await
}

/// Two lists with one tag: a change of the category ends both.
#[redis_cached(ttl = "10m", key = "count:<category>", tags = ["category:<category>"], skip(database))]
async fn count(database: &Database, category: &str) -> Result<usize, Sold> {
    database.count(category).await
}

/// A change that readers must see: the product's entry and all that shows its category are gone when it returns.
#[redis_invalidates(product(id), tag("category:<category>"))]
async fn set_price(database: &Database, category: &str, id: u64, cents: u64) -> Result<(), Sold> {
    let _ = category;
    database.set_price(id, cents).await
}

/// Write-through: what the database made of it becomes the entry, so that nobody has to read it back.
#[redis_updates(product(ret.id))]
async fn save(database: &Database, product: Product) -> Result<Product, Sold> {
    database.save(product).await
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "memory://".into());
    let cache = Cache::builder().url(url.as_str()).prefix("shop:").connect().await?;
    cache.set_global()?;
    cache.invalidate_prefix("").await?;
    let mut commands = Commands::of(&url)?;
    let database = Database::default();
    println!("{:42} {:>8} {:>8}", "page", "commands", "queries");

    for visit in ["first", "second"] {
        product(&database, 7).await?;
        report(&cache, &mut commands, &database, &format!("a product, {visit} visit")).await?;
    }
    for visit in ["first", "second"] {
        let page: Vec<u64> = (1..=50).collect();
        assert_eq!(products(&database, &page).await?.len(), 50);
        report(&cache, &mut commands, &database, &format!("50 products, {visit} visit")).await?;
    }
    for visit in ["first", "second"] {
        cheapest(&database, "tea").await?;
        count(&database, "tea").await?;
        report(&cache, &mut commands, &database, &format!("a category, {visit} visit")).await?;
    }

    let before = product(&database, 7).await?;
    report(&cache, &mut commands, &database, "the product again").await?;
    set_price(&database, "tea", 7, 1).await?;
    report(&cache, &mut commands, &database, "its price changes").await?;
    let after = product(&database, 7).await?;
    assert!(before.cents != after.cents && after.cents == 1, "an old price");
    assert_eq!(cheapest(&database, "tea").await?[0].id, 7, "an old list");
    report(&cache, &mut commands, &database, "product and category after that").await?;

    let renamed = Product { name: "Oolong, spring".into(), ..after };
    save(&database, renamed).await?;
    report(&cache, &mut commands, &database, "the product is saved").await?;
    assert_eq!(product(&database, 7).await?.name, "Oolong, spring");
    report(&cache, &mut commands, &database, "the product after that").await?;

    println!("\n{}", cache.stats());
    Ok(())
}

/// One line: what a page cost.
async fn report(
    cache: &Cache,
    commands: &mut Commands,
    database: &Database,
    page: &str,
) -> Result<(), Failure> {
    // Values are stored behind the caller's back.
    cache.flush().await?;
    println!("{page:42} {:>8} {:>8}", commands.since_last()?, database.queries_since_last());
    Ok(())
}
