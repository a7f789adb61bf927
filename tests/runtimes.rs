//! Calls cached functions on runtimes that were built without timers or without I/O: `runtimes URL`.
//!
//! A panic ends the process, as with `panic = "abort"`, be it one that would be caught. Ends with an error if a value was not
//! found again.

use std::error::Error;

use redis_cached::{Cache, redis_cached};
use tokio::runtime::{Builder, Runtime};

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn get_user(id: u32) -> u32 {
    id
}

/// What runtimes can be built with, and in which order.
const DRIVERS: [(bool, bool); 6] =
    [(false, false), (false, true), (true, false), (true, true), (false, false), (true, true)];

fn build(is_one: bool, (io, time): (bool, bool)) -> Result<Runtime, std::io::Error> {
    let mut builder = if is_one { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if io {
        builder.enable_io();
    }
    if time {
        builder.enable_time();
    }
    builder.build()
}

fn main() -> Result<(), Box<dyn Error>> {
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("{panic}");
        std::process::abort();
    }));
    let url = std::env::args().nth(1).ok_or("usage: runtimes URL")?;
    let cache = Cache::builder().url(&url).connect_lazy()?;
    let mut id = 0;
    // Each while those before it are there, and then on its own.
    for keep in [true, false] {
        let mut kept = Vec::new();
        for (is_one, drivers) in
            [true, false].into_iter().flat_map(|is_one| DRIVERS.map(|drivers| (is_one, drivers)))
        {
            let runtime = build(is_one, drivers)?;
            let name = format!("one thread {is_one}, (I/O, time) {drivers:?}, kept {keep}");
            let connected = runtime.block_on(Cache::connect(&url))?;
            for cache in [&cache, &connected] {
                id += 1;
                check(cache, &name, &runtime, id)?;
            }
            kept.extend(keep.then_some(runtime));
        }
    }
    println!("done");
    Ok(())
}

fn check(cache: &Cache, name: &str, runtime: &Runtime, id: u32) -> Result<(), Box<dyn Error>> {
    let before = cache.stats();
    runtime.block_on(cache.scope(async {
        for _ in 0..2 {
            assert_eq!(get_user(id).await, id);
            cache.flush().await?;
        }
        Ok::<_, redis_cached::Error>(())
    }))?;
    let computes = |stats: &redis_cached::Stats| stats.functions.iter().map(|row| row.computes).sum::<u64>();
    if computes(&cache.stats()) != computes(&before) + 1 {
        return Err(format!("{name}: not found again\n{}", cache.stats()).into());
    }
    Ok(())
}
