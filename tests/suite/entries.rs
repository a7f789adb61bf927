//! What does not fit is a miss: replaced, counted, and never an error, a panic or a wrong value.

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::RedisServer;
use serde::{Deserialize, Serialize};

use crate::{redis, user};

#[redis_cached(ttl = 60, key = "slot")]
async fn get_user() -> crate::User {
    user(1)
}

/// Writes shapes that deserialize from one another's bytes, were there no fingerprint.
macro_rules! shapes {
    ($($name:ident: $type:ty = $value:expr;)*) => {$(
        #[redis_cached(ttl = 60, key = "slot")]
        async fn $name() -> $type {
            $value
        }
    )*};
}

mod shape {
    use super::{Deserialize, Serialize};

    macro_rules! define {
        ($($module:ident { $($field:ident: $type:ty = $value:expr),* })*) => {$(
            pub(super) mod $module {
                use super::{Deserialize, Serialize};
                #[derive(Debug, PartialEq, Serialize, Deserialize)]
                pub(in super::super) struct Place { $($field: $type),* }
                pub(in super::super) fn value() -> Place { Place { $($field: $value),* } }
            }
        )*};
    }

    define! {
        plain { x: u32 = 1, y: u32 = 2 }
        swapped { y: u32 = 1, x: u32 = 2 }
        renamed { x: u32 = 1, z: u32 = 2 }
        added { x: u32 = 1, y: u32 = 2, z: Option<u32> = None }
        retyped { x: u32 = 1, y: u64 = 2 }
        nested { x: u32 = 1, y: (u32,) = (2,) }
    }
}

shapes! {
    plain: shape::plain::Place = shape::plain::value();
    swapped: shape::swapped::Place = shape::swapped::value();
    renamed: shape::renamed::Place = shape::renamed::value();
    added: shape::added::Place = shape::added::value();
    retyped: shape::retyped::Place = shape::retyped::value();
    nested: shape::nested::Place = shape::nested::value();
    tuple: (u32, u32) = (1, 2);
    // To serde an array is a tuple; one of the same length and types would be the same shape.
    array: [u32; 3] = [1, 2, 3];
    result: Vec<u32> = vec![1];
}

#[tokio::test]
async fn another_shapes_entry_is_a_miss() {
    let cache = Cache::memory();
    cache
        .scope(async {
            for _ in 0..2 {
                assert_eq!(plain().await, shape::plain::value());
                assert_eq!(swapped().await, shape::swapped::value());
                assert_eq!(renamed().await, shape::renamed::value());
                assert_eq!(added().await, shape::added::value());
                assert_eq!(retyped().await, shape::retyped::value());
                assert_eq!(nested().await, shape::nested::value());
                assert_eq!((tuple().await, array().await, result().await), ((1, 2), [1, 2, 3], vec![1]));
            }
        })
        .await;
    for function in cache.stats().functions {
        assert_eq!(function.hits, 0, "{function:?}");
        assert_eq!(function.computes, 2);
    }
}

/// One call that must compute, and one that must hit.
async fn heals(server: &RedisServer, cache: &Cache, what: &str) {
    let before = cache.stats().functions.first().cloned().unwrap_or_default();
    assert_eq!(cache.scope(get_user()).await, user(1), "{what}");
    assert_eq!(cache.scope(get_user()).await, user(1), "{what}");
    let after = &cache.stats().functions[0];
    assert_eq!((after.hits - before.hits, after.unusable - before.unusable), (1, 1), "{what}");
    assert_eq!(after.store_errors, before.store_errors, "{what}");
    let ttl: i64 = server.query(&["PTTL", "slot"]);
    assert!(ttl > 0, "{what}");
}

#[tokio::test]
async fn foreign_things_at_the_key_are_replaced() {
    let (server, cache) = redis().await;
    cache.scope(get_user()).await;
    for command in [
        &["SET", "slot", ""][..],
        &["SET", "slot", "V"],
        &[
            "SET",
            "slot",
            "hello, I am somebody else's value, and longer than any header is, by far, or so I hope",
        ],
        &["SETBIT", "slot", "100000", "1"],
    ] {
        server.cli(&["DEL", "slot"]);
        server.cli(command);
        heals(&server, &cache, &format!("{command:?}")).await;
    }
    for command in [
        &["RPUSH", "slot", "x"][..],
        &["HSET", "slot", "f", "v"],
        &["SADD", "slot", "m"],
        &["ZADD", "slot", "1", "m"],
    ] {
        server.cli(&["DEL", "slot"]);
        server.cli(command);
        heals(&server, &cache, &format!("{command:?}")).await;
    }
}

#[tokio::test]
async fn damaged_entries_are_replaced() {
    let (server, cache) = redis().await;
    cache.scope(get_user()).await;
    cache.flush().await.unwrap();
    let mut raw = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let good: Vec<u8> = redis::cmd("GET").arg("slot").query(&mut raw).unwrap();

    let mut damaged: Vec<Vec<u8>> = (0..good.len()).map(|length| good[..length].to_vec()).collect();
    damaged.push([&good[..], b"x"].concat());
    for bit in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        damaged.push(flipped);
    }
    let entry = cache.sync_scope(get_user_entry);
    for bytes in damaged {
        redis::cmd("SET").arg("slot").arg(&bytes).exec(&mut raw).unwrap();
        assert_eq!(entry.get().await.unwrap(), None, "{bytes:?}");
    }
    redis::cmd("SET").arg("slot").arg(&good).exec(&mut raw).unwrap();
    assert_eq!(entry.get().await.unwrap(), Some(user(1)));
    redis::cmd("SET").arg("slot").arg(&good[..good.len() - 1]).exec(&mut raw).unwrap();
    heals(&server, &cache, "cut").await;
}
