//! Calls one cached function many times at once, and says how often its body ran.
//!
//! `caller URL KEY CALLERS MILLISECONDS`: waits for a line on standard input, so that several processes start together; then
//! prints `computing` whenever the body begins and at the end `runs N` and the values that it got.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[redis_cached(ttl = 60, key = "process:<key>", skip(time))]
async fn slow(key: &str, time: Duration) -> String {
    RUNS.fetch_add(1, Ordering::SeqCst);
    println!("computing");
    tokio::time::sleep(time).await;
    format!("{key} by {}", std::process::id())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, key, callers, millis] = arguments.as_slice() else {
        return Err("usage: caller URL KEY CALLERS MILLISECONDS".into());
    };
    // What is tested is who computes, not how long a busy machine takes to answer a thousand callers.
    let patient = Cache::builder().deadline(Duration::from_secs(10));
    let cache = patient.url(url).lease_ttl(Duration::from_secs(2)).connect().await?;
    cache.set_global()?;
    let time = Duration::from_millis(millis.parse()?);
    let _ = std::io::stdin().read(&mut [0])?;

    let calls: Vec<_> = (0..callers.parse()?)
        .map(|_| {
            let key = key.clone();
            tokio::spawn(async move { slow(&key, time).await })
        })
        .collect();
    let mut values = BTreeSet::new();
    for call in calls {
        values.insert(call.await?);
    }
    cache.flush().await?;
    println!("runs {}", RUNS.load(Ordering::SeqCst));
    for value in values {
        println!("value {value}");
    }
    Ok(())
}
