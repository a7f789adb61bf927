//! The shop with load on it, and a Prometheus that watches it.
//!
//! `cargo run --release -p redis-cached-monitored`, with the Redis at `REDIS_URL` or else with one of its own. Ctrl-C ends all of it.

use std::error::Error;
use std::time::Duration;

use redis_cached::Cache;
use redis_cached_monitored::prometheus::Prometheus;
use redis_cached_monitored::{Shop, load, router};
use redis_cached_test_support::RedisServer;
use tokio::net::TcpListener;

/// What to look at first.
const GRAPH: &str = "graph?g0.expr=sum+by+(function)+(rate(redis_cached_lookups_total%7Bresult%3D%22hit%22%7D%5B30s%5D))%2Fsum+by+(function)+(rate(redis_cached_lookups_total%5B30s%5D))&g0.tab=0&g0.range_input=5m";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, _server) = match std::env::var("REDIS_URL") {
        Ok(url) => (url, None),
        Err(_) => {
            let server = RedisServer::start();
            (server.url(), Some(server))
        }
    };
    // What is published is sampled for the page's lines as well: they begin with the program, not with the first look.
    let builder =
        Cache::builder().url(url).prefix("example-monitored:").publish_stats(Duration::from_secs(5));
    let cache = builder.connect().await?;
    let shop = Shop::new(cache.clone());

    let listener = match TcpListener::bind("127.0.0.1:3000").await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("127.0.0.1:0").await?,
    };
    let port = listener.local_addr()?.port();
    println!("The service: http://127.0.0.1:{port}/products/7, /cache, /stats and /metrics");
    let prometheus = Prometheus::start(port, 9090, "1s")?;
    match &prometheus {
        Some(Prometheus { port, .. }) => println!("Hit rates in Prometheus: http://127.0.0.1:{port}/{GRAPH}"),
        None => println!("Prometheus is not installed (apt install prometheus)."),
    }
    println!("The dashboard for Grafana is dashboards/redis-cached.json. Ctrl-C ends everything.");

    tokio::spawn(load::run(shop.clone()));
    let shutdown = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router(shop)).with_graceful_shutdown(shutdown).await?;
    println!("\n{}", cache.stats());
    Ok(())
}
