//! A hit of a function with `sliding`, beside a plain one and one with a stale window, which asks for the time that is left: all by the library, on one server.

use redis_cached::Cache;

use crate::contenders::{ByTcp, Sliding, Windowed};
use crate::hit::warmed;
use redis_cached_benches::Failure;
use redis_cached_benches::harness::{TASKS, compare};
use redis_cached_benches::options::Options;
use redis_cached_benches::table::Report;

pub(crate) async fn run(options: &Options, url: &str) -> Result<Report, Failure> {
    let cache = Cache::connect(url).await?;
    let contenders = [
        warmed(ByTcp(cache.clone())).await,
        warmed(Sliding(cache.clone())).await,
        warmed(Windowed(cache)).await,
    ];
    let title = format!(
        "A hit of a small struct in Redis, plain, with `sliding` and with `stale_if_error`: {} rounds of {:?} for each, {} workers",
        options.rounds,
        options.slice,
        options.workers()
    );
    Ok(compare(&title, options, ("tasks", &TASKS), &contenders).await?)
}
