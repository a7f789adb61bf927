//! Uses a cache, forks, and uses it in both processes: `forker URL`.
//!
//! As a server does that loads a program once and then forks its workers. Ends with an error if anything that was called gave a
//! wrong value, did not hit where it should, or took long.

use std::collections::HashMap;
use std::error::Error;
use std::time::{Duration, Instant};

use fork::{Fork, fork, waitpid};
use redis_cached::{Cache, FunctionStats, redis_cached};
use tokio::runtime::Builder;

type Done = Result<(), Box<dyn Error>>;

#[redis_cached(ttl = 60, key = "blocking:<id>")]
fn blocking(id: u32) -> u32 {
    id
}

#[redis_cached(ttl = 60, key = "async:<id>")]
async fn in_async(id: u32) -> u32 {
    id
}

#[redis_cached(ttl = 60, key = "kept:<id>", local = "30s")]
fn kept(id: u32) -> u32 {
    id
}

#[redis_cached(ttl = 60, key = "slow:<id>")]
async fn slow(id: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(500)).await;
    id
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids)]
fn many(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn sum(cache: &Cache, count: fn(&FunctionStats) -> u64) -> u64 {
    cache.stats().functions.iter().map(count).sum()
}

/// Calls everything twice, with new keys from `first` on. All of it is computed once, and nothing takes long.
fn use_it(who: &str, cache: &Cache, first: u32) -> Done {
    let (began, computes, errors) =
        (Instant::now(), sum(cache, |row| row.computes), sum(cache, |row| row.store_errors));
    for _ in 0..2 {
        cache.sync_scope(|| {
            assert_eq!((blocking(first), kept(first)), (first, first));
            assert_eq!(many(&[first, first + 1]).len(), 2);
        });
        // A worker makes its own runtime.
        for mut runtime in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let runtime = runtime.enable_all().build()?;
            assert_eq!(runtime.block_on(cache.scope(in_async(first))), first);
            assert_eq!(runtime.block_on(cache.scope(slow(first))), first);
            runtime.block_on(cache.flush())?;
        }
        cache.blocking().flush()?;
    }
    let computes = sum(cache, |row| row.computes) - computes;
    let errors = sum(cache, |row| row.store_errors) - errors;
    if computes != 5 || errors != 0 || began.elapsed() > Duration::from_secs(2) {
        let took = began.elapsed();
        return Err(
            format!("{who}: {computes} computed, {errors} errors in {took:?}\n{}", cache.stats()).into()
        );
    }
    Ok(())
}

fn main() -> Done {
    let url = std::env::args().nth(1).ok_or("usage: forker URL")?;
    let patient = || Cache::builder().url(&url).deadline(Duration::from_secs(5));
    let cache = patient().connect_lazy()?;
    use_it("before the fork", &cache, 0)?;
    // So that there is a connection that this thread reads on, and that no child may.
    ask_in_a_row(&cache, Duration::from_millis(500))?;
    // A computation that is under way at the fork: its lease and its flight are the parent's.
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let busy = cache.clone();
    let under_way = runtime.spawn(async move { busy.scope(slow(7)).await });
    std::thread::sleep(Duration::from_millis(100));

    let mut children = Vec::new();
    for number in 1..=3 {
        match fork()? {
            Fork::Parent(child) => children.push(child),
            Fork::Child => {
                let first = 100 * number;
                let done = ask_in_a_row(&cache, Duration::from_millis(300))
                    .and_then(|()| use_it("child", &cache, first))
                    .and_then(|()| use_it("child, another cache", &patient().connect_lazy()?, first + 50))
                    .and_then(|()| hits_what_the_parent_stored(&cache));
                if let Err(error) = &done {
                    eprintln!("{error}");
                }
                // Neither the test's parent's destructors nor its output.
                std::process::exit(i32::from(done.is_err()));
            }
        }
    }
    ask_in_a_row(&cache, Duration::from_millis(300))?;
    use_it("parent", &cache, 1000)?;
    assert_eq!(runtime.block_on(under_way)?, 7);
    for child in children {
        if waitpid(child)? != 0 {
            return Err("a child failed".into());
        }
    }
    use_it("parent, afterwards", &cache, 1100)?;
    println!("done");
    Ok(())
}

/// Asks for a few values again and again. Where two processes read on one socket, they get each other's.
fn ask_in_a_row(cache: &Cache, time: Duration) -> Done {
    let until = Instant::now() + time;
    cache.sync_scope(|| {
        while Instant::now() < until {
            for id in 0..10 {
                if blocking(id) != id {
                    return Err("another one's value".into());
                }
            }
        }
        Ok(())
    })
}

fn hits_what_the_parent_stored(cache: &Cache) -> Done {
    let computes = sum(cache, |row| row.computes);
    cache.sync_scope(|| assert_eq!((blocking(0), kept(0)), (0, 0)));
    if sum(cache, |row| row.computes) != computes {
        return Err("what the parent had stored was not found".into());
    }
    Ok(())
}
