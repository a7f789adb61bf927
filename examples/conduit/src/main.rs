//! `DATABASE_URL=postgres://… REDIS_URL=redis://… SECRET=… cargo run -p redis-cached-conduit`, and then any Conduit front end on http://127.0.0.1:3000/api.

use std::env;

use redis_cached::Cache;
use redis_cached_conduit::{Cost, make_tables, router};
use sqlx::postgres::PgPool;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = env::var("SECRET")?;
    // Lazily: the service starts, and answers, while Redis is away. With the prefix other programs may share the server.
    let cache = Cache::builder().url(env::var("REDIS_URL")?).prefix("conduit:").connect_lazy()?;
    let pool = PgPool::connect(&env::var("DATABASE_URL")?).await?;
    make_tables(&pool).await?;

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("Listening on http://{}/api", listener.local_addr()?);
    let shutdown = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router(pool, cache.clone(), secret.as_bytes(), Cost::default()))
        .with_graceful_shutdown(shutdown)
        .await?;

    // What was computed last is stored, and what was invalidated last is gone.
    cache.flush().await?;
    println!("\n{}", cache.stats());
    Ok(())
}
