//! A function on AWS Lambda.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use redis_cached::{Cache, redis_cached};
use serde_json::{Value, json};

#[redis_cached(ttl = "5m", key = "price:<id>")]
async fn price(id: u64) -> std::io::Result<u64> {
    Ok(100 + id) // a slow query
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let id = event.payload["id"].as_u64().ok_or("the event has no id")?;
    let answer = json!({ "id": id, "price": price(id).await? });
    // Between two events the process is frozen, and so is what stores the price in the background.
    if let Err(error) = Cache::global().flush().await {
        eprintln!("{error}");
    }
    Ok(answer)
}

// One event at a time: one thread is enough.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Once for all events of this process, and lazily: a cold start does not wait for Redis.
    Cache::builder()
        .url(std::env::var("REDIS_URL")?)
        .prefix("shop:")
        .deadline(Duration::from_millis(100))
        .connect_lazy()?
        .set_global()?;
    lambda_runtime::run(service_fn(handle)).await
}
