//! `DATABASE_URL=postgres://… REDIS_URL=redis://… cargo run -p redis-cached-sources -- outbox`, or `-- notify`: a process that does nothing but follow. The tables and
//! triggers are in sql/.

use std::env;
use std::error::Error;

use redis_cached::Cache;
use redis_cached_sources::{CHANNEL, Notifications, Outbox, follow_products};
use sqlx::postgres::PgPoolOptions;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Lazily: it waits for a database and a Redis that are away.
    let pool = PgPoolOptions::new().connect_lazy(&env::var("DATABASE_URL")?)?;
    let cache = Cache::builder().url(env::var("REDIS_URL")?).prefix("shop:").connect_lazy()?;
    match env::args().nth(1).as_deref() {
        Some("outbox") => match follow_products(&cache, Outbox::new(pool)).await {},
        Some("notify") => match follow_products(&cache, Notifications::new(pool, CHANNEL)).await {},
        _ => Err("outbox or notify?".into()),
    }
}
