//! An HTTP service that reads through the cache.
//!
//! `cargo run --example web`, with the Redis at `REDIS_URL` or else at redis://127.0.0.1:6379, and then:
//!
//! ```text
//! curl localhost:3000/users/1
//! curl -X PUT -H 'content-type: application/json' -d '{"name":"Ada King"}' localhost:3000/users/1
//! curl localhost:3000/stats
//! ```
//!
//! The page at <http://localhost:3000/cache> shows what the cache does. With a secret in `PAGE_TOKEN`, of 16 characters at least, it has forms that invalidate.

mod app;
#[cfg(test)]
mod tests;
mod users;

use redis_cached::{Cache, PageToken};
use tokio::net::TcpListener;

use crate::users::Users;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Lazily: the service starts, and serves, without its cache.
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".into());
    let cache = Cache::builder().url(url).prefix("example-web:").connect_lazy()?;

    let token = std::env::var("PAGE_TOKEN").ok().map(PageToken::new).transpose()?;

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("Listening on http://{}", listener.local_addr()?);
    let shutdown = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, app::router(Users::new(cache.clone()), token))
        .with_graceful_shutdown(shutdown)
        .await?;

    println!("\n{}", cache.stats());
    Ok(())
}
