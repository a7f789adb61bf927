//! Calls one cached function many times at once, and says how often its body ran.
//!
//! `caller URL KEY CALLERS MILLISECONDS`: waits for a line on standard input, so that several processes start together; then
//! prints `computing` whenever the body begins and at the end `runs N` and the values that it got.
//!
//! `caller deploy URL old|new apart|together`: one version of a program. For each line on standard input, a number, it calls a function with so
//! many keys, one after the other, and prints how often its body has run so far.

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

mod old {
    use super::{RUNS, redis_cached};
    use std::sync::atomic::Ordering;

    #[redis_cached(ttl = 60, key = "deployed:<id>")]
    pub(super) async fn deployed(id: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        id
    }
}

#[redis_cached(ttl = 60, key = "deployed:<id>")]
async fn deployed(id: u64) -> String {
    RUNS.fetch_add(1, Ordering::SeqCst);
    id.to_string()
}

async fn deploy(url: &str, is_old: bool, is_apart: bool) -> Result<(), Box<dyn std::error::Error>> {
    let patient = Cache::builder().deadline(Duration::from_secs(10)).url(url);
    let cache = if is_apart { patient.separate_versions() } else { patient }.connect().await?;
    cache.set_global()?;
    for line in std::io::stdin().lines() {
        for id in 0..line?.parse()? {
            match is_old {
                true => assert_eq!(old::deployed(id).await, id),
                false => assert_eq!(deployed(id).await, id.to_string()),
            }
        }
        cache.flush().await?;
        println!("{}", RUNS.load(Ordering::SeqCst));
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, "deploy", url, version, how] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return deploy(url, version == "old", how == "apart").await;
    }
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
