//! `compress`: smaller in Redis, and whoever wrote an entry, all read it.

use redis_cached::redis_cached;
use redis_cached_test_support::RedisServer;

use crate::{Runs, User, redis, user};

static RUNS: Runs = Runs::new();

fn users() -> Vec<User> {
    RUNS.count();
    (0..1_000).map(user).collect()
}

/// One function under each value of the option, all at the same key and of one version.
macro_rules! functions {
    ($($name:ident $small:ident $($option:ident = $value:ident)?;)*) => {$(
        #[redis_cached(ttl = 60, key = "users" $(, $option = $value)?)]
        async fn $name() -> Vec<User> {
            users()
        }

        #[redis_cached(ttl = 60, key = "small" $(, $option = $value)?)]
        async fn $small() -> User {
            user(1)
        }
    )*};
}

functions! {
    plain plain_small;
    lz4 lz4_small compress = Lz4;
    zstd zstd_small compress = Zstd;
}

fn length(server: &RedisServer, key: &str) -> usize {
    server.query(&["STRLEN", key])
}

#[tokio::test]
async fn entries_are_smaller_and_the_option_may_be_switched() {
    let (server, cache) = redis().await;
    let lengths = cache
        .scope(async {
            let everyone: Vec<User> = (0..1_000).map(user).collect();
            let mut lengths = Vec::new();
            for writer in ["plain", "lz4", "zstd"] {
                let before = RUNS.get();
                match writer {
                    "plain" => plain_entry().put(&everyone).await.unwrap(),
                    "lz4" => lz4_entry().put(&everyone).await.unwrap(),
                    _ => zstd_entry().put(&everyone).await.unwrap(),
                }
                lengths.push(length(&server, "users"));
                for read in [plain().await, lz4().await, zstd().await] {
                    assert!(read == everyone, "written by {writer}");
                }
                assert_eq!(RUNS.get(), before, "all were hits on what {writer} wrote");
            }
            lengths
        })
        .await;
    let [plain, lz4, zstd] = lengths[..] else {
        panic!("{lengths:?}");
    };
    assert!(2 * plain > 3 * lz4 && lz4 > 2 * zstd, "{lengths:?}");
}

#[tokio::test]
async fn small_values_stay_as_they_are() {
    let (server, cache) = redis().await;
    cache
        .scope(async {
            plain_small_entry().put(&user(1)).await.unwrap();
            let plain = length(&server, "small");
            lz4_small_entry().put(&user(1)).await.unwrap();
            let lz4 = length(&server, "small");
            zstd_small_entry().put(&user(1)).await.unwrap();
            assert_eq!((plain, plain), (lz4, length(&server, "small")));
            assert_eq!(
                (plain_small().await, lz4_small().await, zstd_small().await),
                (user(1), user(1), user(1))
            );
        })
        .await;
}

/// Long, with nothing in it: a reader believes that few bytes hold some elements, and no more.
#[redis_cached(ttl = 60, key = "nothing-lz4", compress = Lz4)]
async fn nothing_lz4() -> Vec<Option<u64>> {
    panic!("a miss");
}

#[redis_cached(ttl = 60, key = "nothing-zstd", compress = Zstd, codec = Json)]
async fn nothing_zstd() -> Vec<Vec<u8>> {
    panic!("a miss");
}

#[tokio::test]
async fn what_compresses_too_well_is_a_hit() {
    let (server, cache) = redis().await;
    for cache in [cache, redis_cached::Cache::memory()] {
        cache
            .scope(async {
                nothing_lz4_entry().put(&vec![None; 300_000]).await.unwrap();
                nothing_zstd_entry().put(&vec![Vec::new(); 300_000]).await.unwrap();
                assert!(nothing_lz4().await == vec![None; 300_000]);
                assert!(nothing_zstd().await == vec![Vec::<u8>::new(); 300_000]);
            })
            .await;
    }
    for key in ["nothing-lz4", "nothing-zstd"] {
        let length = length(&server, key);
        assert!((20_000..300_000).contains(&length), "{key}: {length}");
    }
}
