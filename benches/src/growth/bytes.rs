//! Hits in Redis of one task, by the size of the value.

use std::sync::Arc;
use std::time::Instant;

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use redis_cached::redis_cached;

use super::{decades, median};
use crate::contenders::{decode, encode};
use redis_cached_benches::Failure;
use redis_cached_benches::options::Options;
use redis_cached_benches::plot::Growth;

const MOST: u64 = 10_000_000;
/// So many bytes are fetched between two looks at the clock, or one value.
const AT_ONCE: u64 = 1_000_000;
/// And so many values at most.
const VALUES: u64 = 50;

#[redis_cached(ttl = 3600, key = "bench:growth:bytes:<count>")]
async fn plain(count: u64) -> Vec<u8> {
    value(count)
}

#[redis_cached(ttl = 3600, key = "bench:growth:revalidated:<count>", local = revalidate)]
async fn revalidated(count: u64) -> Arc<[u8]> {
    value(count).into()
}

fn value(count: u64) -> Vec<u8> {
    (0..count).map(|index| index as u8).collect()
}

pub(super) async fn measure(options: &Options, url: &str) -> Result<Growth, Failure> {
    let connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    let sizes = decades(MOST);
    let mut figures = [(); 3].map(|()| vec![Vec::new(); sizes.len()]);
    for (row, size) in sizes.iter().copied().enumerate() {
        let by_hand = format!("bench:growth:by-hand:{size}");
        let () = connection.clone().set_ex(&by_hand, encode(&value(size))?, 3600).await?;
        for _ in 0..3 {
            // Computed, stored, kept.
            assert_eq!(
                (plain(size).await.len(), revalidated(size).await.len()),
                (size as usize, size as usize)
            );
            redis_cached::Cache::global().flush().await?;
        }
        for _ in 0..options.rounds {
            figures[0][row].push(each(size, async || get(&connection, &by_hand).await).await?);
            figures[1][row].push(each(size, async || Ok(plain(size).await.len())).await?);
            figures[2][row].push(each(size, async || Ok(revalidated(size).await.len())).await?);
        }
    }
    let mut growth = Growth::new("bytes", "A hit in Redis", ("bytes of the value", "microseconds"), &sizes);
    for (name, figures) in
        ["redis-rs, by hand", "redis-cached", "revalidated, an Arc"].into_iter().zip(figures)
    {
        growth.add(name, figures.into_iter().map(median).collect());
    }
    Ok(growth)
}

async fn get(connection: &MultiplexedConnection, key: &str) -> Result<usize, Failure> {
    let bytes: Vec<u8> = connection.clone().get(key).await?;
    Ok(decode::<Vec<u8>>(&bytes)?.len())
}

/// The time of one access, in microseconds.
async fn each(size: u64, access: impl AsyncFn() -> Result<usize, Failure>) -> Result<f64, Failure> {
    let times = (AT_ONCE / size).clamp(1, VALUES);
    let began = Instant::now();
    for _ in 0..times {
        if access().await? as u64 != size {
            return Err("a value of another size".into());
        }
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / times as f64)
}
