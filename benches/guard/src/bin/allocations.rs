//! Allocations of a hit by one caller alone.
//!
//! In Redis: those of the caller and of the connection's task, beyond those that decoding the value takes. In this process: all.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use allocation_counter::measure;
use redis_cached::Cache;
use redis_cached_guard::{KEYS, Outcomes, User, Verdict, call_local_users, call_users, outcomes};
use redis_cached_test_support::RedisServer;
use tokio::runtime::{Builder, Runtime};

const CALLS: u64 = 4 * KEYS;
/// A buffer that grows now and then, once in hundreds of calls.
const SLACK: f64 = 0.02;

fn main() -> ExitCode {
    let server = RedisServer::start();
    // One thread: the allocator counts by thread.
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let cache = Cache::builder().url(server.url()).local_staleness(Duration::from_secs(60));
    runtime.block_on(cache.connect()).expect("the server is there").set_global().expect("it is the first");

    let decoding = decoding();
    println!(
        "Allocations of a call; those in Redis over those of decoding the value by hand ({decoding:.2})"
    );
    let in_redis = per_call(&runtime, || call_users(CALLS)) - decoding;
    let Outcomes { hits, misses, .. } = outcomes();
    assert_eq!((hits, misses), (2 * CALLS - KEYS, KEYS), "hits and misses");
    let in_process = per_call(&runtime, || call_local_users(CALLS));
    let local_hits = outcomes().local_hits;
    assert!(local_hits >= CALLS, "{local_hits} hits in this process are not what was to be counted");
    let verdicts = [
        Verdict::on("allocations/redis-hit", in_redis, SLACK),
        Verdict::on("allocations/local-hit", in_process, 0.0),
    ];
    verdicts.iter().for_each(|verdict| println!("{verdict}"));

    #[cfg(feature = "peers")]
    {
        println!("redis-rs, by hand: {:.2}", per_call(&runtime, || peers::bare(server.url())) - decoding);
        println!("cached: {:.2}", per_call(&runtime, || peers::cached(server.url())) - decoding);
    }
    if verdicts.iter().all(Verdict::is_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What decoding a value takes.
fn decoding() -> f64 {
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(User::new(1), config).expect("it can be encoded");
    let counted = measure(|| {
        let (user, _) = bincode::serde::decode_from_slice::<User, _>(&bytes, config).expect("just encoded");
        drop(black_box(user));
    });
    counted.count_total as f64
}

/// What one of [`CALLS`] calls takes when everything is warm: stored, connected, and no buffer left to grow.
fn per_call<F: Future<Output = ()>>(runtime: &Runtime, calls: impl Fn() -> F) -> f64 {
    runtime.block_on(calls());
    let counted = measure(|| runtime.block_on(calls()));
    counted.count_total as f64 / CALLS as f64
}

#[cfg(feature = "peers")]
mod peers {
    use std::sync::OnceLock;
    use std::time::Duration;

    use cached::AsyncRedisCache;
    use cached::macros::concurrent_cached;
    use redis::AsyncCommands;
    use redis_cached_guard::{KEYS, User};

    use super::CALLS;

    static URL: OnceLock<String> = OnceLock::new();

    #[concurrent_cached(
        map_error = r##"|error| format!("{error:?}")"##,
        ty = "cached::AsyncRedisCache<u64, User>",
        create = r##" {
            AsyncRedisCache::builder("guard-cached-user")
                .ttl(Duration::from_secs(3600))
                .connection_string(URL.get().expect("set before"))
                .build()
                .await
                .expect("the server is there")
        } "##
    )]
    async fn user(id: u64) -> Result<User, String> {
        Ok(User::new(id))
    }

    pub(crate) async fn cached(url: String) {
        URL.get_or_init(|| url);
        for id in ids() {
            user(id).await.expect("the server is there");
        }
    }

    /// Connects each time, which is a few of thousands.
    pub(crate) async fn bare(url: String) {
        let client = redis::Client::open(url).expect("a good URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("the server is there");
        let config = bincode::config::standard();
        for id in ids() {
            let key = format!("guard:bare:user:{id}");
            let bytes: Option<Vec<u8>> = connection.get(&key).await.expect("the server is there");
            if let Some(bytes) = bytes {
                bincode::serde::decode_from_slice::<User, _>(&bytes, config).expect("stored here");
            } else {
                let bytes = bincode::serde::encode_to_vec(User::new(id), config).expect("it can be encoded");
                let () = connection.set_ex(&key, bytes, 3600).await.expect("the server is there");
            }
        }
    }

    fn ids() -> impl Iterator<Item = u64> {
        (0..CALLS).map(|call| call % KEYS)
    }
}
