//! A hit by TLS, beside one without: both by the library, on one server.

use redis_cached::Cache;
use redis_cached_test_support::{Authority, RedisServer};

use crate::contenders::{ByTcp, ByTls};
use crate::hit::warmed;
use redis_cached_benches::Failure;
use redis_cached_benches::harness::{TASKS, compare};
use redis_cached_benches::options::Options;
use redis_cached_benches::table::Report;

pub(crate) async fn run(options: &Options) -> Result<Report, Failure> {
    let authority = Authority::new();
    let server = RedisServer::builder().tls(&authority.issue()).start();
    let plain = Cache::connect(server.url()).await?;
    let secure = Cache::builder().url(server.tls_url()).tls_ca(authority.pem()).connect().await?;
    let contenders = [warmed(ByTcp(plain)).await, warmed(ByTls(secure)).await];
    let title = format!(
        "A hit of a small struct in Redis, with TLS and without: {} rounds of {:?} for each, {} workers",
        options.rounds,
        options.slice,
        options.workers()
    );
    Ok(compare(&title, options, ("tasks", &TASKS), &contenders).await?)
}
