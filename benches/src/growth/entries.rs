//! Hits in this process by the number of entries, asked for at random, in nanoseconds of a thread's processor time.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;

use futures_util::FutureExt;
use quick_cache::sync::Cache as QuickCache;
use redis_cached::{Cache, redis_cached};

use super::{decades, median};
use redis_cached_benches::Failure;
use redis_cached_benches::harness::thread_time;
use redis_cached_benches::options::Options;
use redis_cached_benches::plot::Growth;

/// Tasks that fill.
const FILLING: u64 = 256;
const CALLS: u64 = 100_000;

#[redis_cached(ttl = 3600, key = "bench:growth:entries:<id>", local = "1h")]
async fn number(id: u64) -> u64 {
    id
}

pub(super) async fn measure(options: &Options) -> Result<Growth, Failure> {
    let sizes = decades(options.entries);
    let mut growth =
        Growth::new("entries", "A hit in this process, at random", ("entries", "nanoseconds"), &sizes);
    let (mut ours, mut maps, mut std) = (Vec::new(), Vec::new(), Vec::new());
    for entries in sizes.iter().copied() {
        fill(entries).await?;
        let map = QuickCache::new(2 * entries as usize);
        let hash_map = Mutex::new(HashMap::new());
        for id in 0..entries {
            map.insert(id, id);
            hash_map.lock().expect("no panic").insert(id, id);
        }
        let mut figures = [(); 3].map(|()| Vec::new());
        for _ in 0..options.rounds {
            figures[0].push(each(entries, |id| number(id).now_or_never())?);
            figures[1].push(each(entries, |id| map.get(&id))?);
            figures[2].push(each(entries, |id| hash_map.lock().ok()?.get(&id).copied())?);
        }
        for (all, figures) in [&mut ours, &mut maps, &mut std].into_iter().zip(figures) {
            all.push(median(figures));
        }
    }
    growth.add("redis-cached, local", ours);
    growth.add("quick_cache", maps);
    growth.add("std's map behind a lock", std);
    Ok(growth)
}

/// All of these are in this process from now on.
pub(super) async fn fill(entries: u64) -> Result<(), Failure> {
    // Computed and stored, then found in Redis, then found here.
    for _ in 0..3 {
        let tasks: Vec<_> = (0..FILLING.min(entries))
            .map(|task| {
                tokio::spawn(async move {
                    for id in (task..entries).step_by(FILLING as usize) {
                        number(id).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await?;
        }
        Cache::global().flush().await?;
    }
    Ok(())
}

/// What one of many calls took.
fn each(entries: u64, get: impl Fn(u64) -> Option<u64>) -> Result<f64, Failure> {
    let began = thread_time();
    let mut random = 1u64;
    for _ in 0..CALLS {
        // Knuth's linear congruential generator, of which the upper bits are good.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let id = (random >> 33) % entries;
        if black_box(get(id)) != Some(id) {
            return Err(format!("entry {id} of {entries} is not in this process").into());
        }
    }
    Ok((thread_time() - began).as_secs_f64() * 1e9 / CALLS as f64)
}
