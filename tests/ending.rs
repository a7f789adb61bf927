//! Calls one cached function once, and ends at once: what has it left behind?
//!
//! `ending URL KIND BYTES`, where the kind is `async`, `blocking`, `failing` or `cancelled`.

use std::time::Duration;

use redis_cached::{Cache, redis_cached};

#[redis_cached(ttl = 60, key = "ending:async:<bytes>")]
async fn value(bytes: usize) -> String {
    "v".repeat(bytes)
}

#[redis_cached(ttl = 60, key = "ending:blocking:<bytes>")]
fn blocking(bytes: usize) -> String {
    "v".repeat(bytes)
}

#[redis_cached(ttl = 60, key = "ending:failing:<bytes>")]
fn failing(bytes: usize) -> Result<String, usize> {
    Err(bytes)
}

#[redis_cached(ttl = 60, key = "ending:cancelled:<bytes>")]
async fn endless(bytes: usize) -> String {
    std::future::pending::<()>().await;
    "v".repeat(bytes)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, kind, bytes] = arguments.as_slice() else {
        return Err("usage: ending URL KIND BYTES".into());
    };
    // The machine may be busy, and it is not how long Redis takes that is looked at.
    Cache::builder().deadline(Duration::from_secs(10)).url(url).connect_lazy()?.set_global()?;
    let bytes = bytes.parse()?;
    match kind.as_str() {
        "async" => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(value(bytes));
        }
        "blocking" => drop(blocking(bytes)),
        "failing" => drop(failing(bytes)),
        _ => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            // Long enough to have the lease.
            let patience = Duration::from_millis(500);
            let _ = runtime.block_on(async { tokio::time::timeout(patience, endless(bytes)).await });
        }
    }
    Ok(())
}
