//! Values in parts that are damaged, foreign, of another type, at another key, or out of reach.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use redis_cached::{Cache, Fields, redis_cached};
use redis_cached_test_support::{RedisCluster, RedisServer};
use serde::{Deserialize, Serialize};

use super::{
    Profile, RUNS, board, board_entry, call_twice, feed, feed_entry, followers, followers_entry, of_hashes,
    of_sets_and_lists, of_sorted_sets, profile, profile_entry, profile_of,
};
use crate::{own_prefix, redis};

/// Each bit of each part of a hash and of a list: what is read alone is no answer then, and what is read whole is a miss.
#[tokio::test]
async fn a_flipped_bit_is_found_out() {
    let _counting = RUNS.counting.lock().await;
    let (server, cache) = redis().await;
    cache
        .scope(async {
            profile(1).await;
            feed(2).await;
            cache.flush().await.unwrap();
            let (hash, list) = (profile_entry(1).key().to_owned(), feed_entry(2).key().to_owned());
            let hget = |field: &str| server.query::<Vec<u8>>(&["HGET", &hash, field]);
            let flipped = |bytes: &[u8], bit: usize| {
                let mut bytes = bytes.to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            };
            for field in ["name", "logins", "@"] {
                let sound = hget(field);
                for bit in 0..8 * sound.len() {
                    let _: i64 = query_bytes(
                        &server,
                        &[b"HSET", hash.as_bytes(), field.as_bytes(), &flipped(&sound, bit)],
                    );
                    let (name, logins) = (
                        profile_entry(1).field(Profile::NAME).get().await.unwrap(),
                        profile_entry(1).field(Profile::LOGINS).get().await.unwrap(),
                    );
                    assert!(
                        name.as_deref().is_none_or(|name| name == "user 1")
                            && logins.is_none_or(|logins| logins == 3),
                        "{field}, bit {bit}"
                    );
                    assert!(name.is_none() || logins.is_none() || field == "@", "{field}, bit {bit}");
                    if field == "@" {
                        assert_eq!((name, logins), (None, None), "bit {bit}");
                    }
                    assert_eq!(profile_entry(1).get().await.unwrap(), None, "{field}, bit {bit}");
                }
                let _: i64 = query_bytes(&server, &[b"HSET", hash.as_bytes(), field.as_bytes(), &sound]);
            }
            assert_eq!(profile_entry(1).get().await.unwrap(), Some(profile_of(1, 3)), "as it was");
            for element in ["0", "1"] {
                let sound: Vec<u8> = server.query(&["LINDEX", &list, element]);
                for bit in 0..8 * sound.len() {
                    let _: String = query_bytes(
                        &server,
                        &[b"LSET", list.as_bytes(), element.as_bytes(), &flipped(&sound, bit)],
                    );
                    assert_eq!(
                        (feed_entry(2).first().await.unwrap(), feed_entry(2).get().await.unwrap()),
                        (None, None),
                        "{element}, bit {bit}"
                    );
                }
                let _: String = query_bytes(&server, &[b"LSET", list.as_bytes(), element.as_bytes(), &sound]);
            }
            assert_eq!(feed_entry(2).len().await.unwrap(), Some(2));
        })
        .await;
}

/// What somebody has removed, added, copied or renamed.
#[tokio::test]
async fn what_others_have_changed_is_a_miss() {
    let _counting = RUNS.counting.lock().await;
    let (server, cache) = redis().await;
    cache
        .scope(async {
            let all = async || (profile(1).await, followers(4).await, board(1).await, feed(3).await);
            let first = all().await;
            cache.flush().await.unwrap();
            let [hash, set, sorted, list] =
                [profile_entry(1).key(), followers_entry(4).key(), board_entry(1).key(), feed_entry(3).key()]
                    .map(str::to_owned);
            for changes in [
                [
                    vec!["HDEL", &hash, "name"],
                    vec!["SADD", &set, "\u{1}stranger"],
                    vec!["ZADD", &sorted, "3", "\u{1}stranger"],
                    vec!["RPOP", &list],
                ],
                [
                    vec!["HSET", &hash, "stranger", "x"],
                    vec!["SPOP", &set],
                    vec!["ZREMRANGEBYRANK", &sorted, "-1", "-1"],
                    vec!["RPUSH", &list, "stranger"],
                ],
                [
                    vec!["HDEL", &hash, "@"],
                    vec!["SREM", &set, "none"],
                    vec!["ZREMRANGEBYRANK", &sorted, "0", "0"],
                    vec!["LPOP", &list],
                ],
            ] {
                for change in &changes {
                    let _: redis::Value = server.query(change);
                }
                assert_eq!(
                    (
                        profile_entry(1).get().await.unwrap(),
                        board_entry(1).get().await.unwrap(),
                        feed_entry(3).get().await.unwrap()
                    ),
                    (None, None, None),
                    "{changes:?}"
                );
                assert_eq!(all().await, first, "{changes:?}");
                cache.flush().await.unwrap();
                assert_eq!(all().await, first, "{changes:?}");
            }
            for (from, to) in [
                (&hash, profile_entry(2).key()),
                (&set, followers_entry(5).key()),
                (&sorted, board_entry(2).key()),
                (&list, feed_entry(4).key()),
            ] {
                let _: i64 = server.query(&["COPY", from, to]);
            }
            assert_eq!(profile_entry(2).field(Profile::NAME).get().await.unwrap(), None);
            assert_eq!(
                (followers_entry(5).contains(&1).await.unwrap(), board_entry(2).top(1).await.unwrap()),
                (None, None)
            );
            assert_eq!(
                (feed_entry(4).first().await.unwrap(), feed_entry(4).get().await.unwrap()),
                (None, None)
            );
        })
        .await;
    let computes = cache.stats().functions.iter().map(|function| function.computes).max();
    assert!(computes <= Some(4), "each is computed once for each change: {}", cache.stats());
}

/// Whichever member of a set is missing, its head and what belongs to that too: the value is computed once, and is whole again.
#[tokio::test]
async fn a_set_is_replaced_whatever_it_lacks() {
    let _counting = RUNS.counting.lock().await;
    let (server, cache) = redis().await;
    cache
        .scope(async {
            followers(2).await;
            cache.flush().await.unwrap();
            let key = followers_entry(2).key().to_owned();
            for kind in 0..=3_u8 {
                let members: Vec<Vec<u8>> = server.query(&["SMEMBERS", &key]);
                let member = members.iter().find(|member| member[0] == kind).expect("one of each kind");
                let _: i64 = query_bytes(&server, &[b"SREM", key.as_bytes(), member]);
                let before = RUNS.get();
                for _ in 0..2 {
                    assert_eq!(followers(2).await, HashSet::from([0, 1]));
                    cache.flush().await.unwrap();
                }
                assert_eq!(RUNS.get() - before, 1, "{kind}: {}", cache.stats());
                assert_eq!(followers_entry(2).contains(&1).await.unwrap(), Some(true), "{kind}");
            }
        })
        .await;
}

/// Whatever stands at the key, a value takes its place.
#[tokio::test]
async fn foreign_types_give_way() {
    let _counting = RUNS.counting.lock().await;
    let (server, cache) = redis().await;
    let key = cache.sync_scope(|| feed_entry(1).key().to_owned());
    for words in [
        ["HSET", &key, "a", "b"].as_slice(),
        &["SADD", &key, "a"],
        &["ZADD", &key, "1", "a"],
        &["RPUSH", &key, "a"],
        &["RPUSH", &key, "an element that is longer than the mark of an entry"],
        &["HSET", &key, "@", "a value that is longer than the mark of an entry"],
        &["SET", &key, "text"],
        &["XADD", &key, "*", "a", "b"],
    ] {
        let _: redis::Value = server.query(words);
        cache
            .scope(async {
                assert_eq!(feed_entry(1).first().await.unwrap(), None, "{words:?}");
                assert_eq!(feed(1).await, ["post 0"]);
                cache.flush().await.unwrap();
                assert_eq!(
                    feed_entry(1).first().await.unwrap(),
                    Some(Some("post 0".to_owned())),
                    "{words:?}"
                );
                feed_entry(1).invalidate().await.unwrap();
            })
            .await;
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Fields)]
struct Short {
    name: String,
}

#[redis_cached(ttl = 60, key = "shared:<id>", shape = Hash)]
async fn one_type(id: u64) -> Profile {
    profile_of(id, 1)
}

#[redis_cached(ttl = 60, key = "shared:<id>", shape = Hash)]
async fn another_type(id: u64) -> Short {
    Short { name: format!("short {id}") }
}

#[redis_cached(ttl = 60, key = "shared:<id>", shape = Set)]
async fn another_shape(id: u64) -> BTreeSet<u64> {
    BTreeSet::from([id])
}

#[redis_cached(ttl = 60, key = "shared:<id>")]
async fn no_shape(id: u64) -> BTreeSet<u64> {
    BTreeSet::from([id + 1])
}

/// Functions that share keys by mistake take each other's entries for none, and each its own again.
#[tokio::test]
async fn another_type_and_another_shape_are_misses() {
    let (_server, caches) = crate::both().await;
    for cache in &caches {
        cache
            .scope(async {
                for _ in 0..2 {
                    assert_eq!(one_type(1).await, profile_of(1, 1));
                    cache.flush().await.unwrap();
                    assert_eq!(another_type_entry(1).field(Short::NAME).get().await.unwrap(), None);
                    assert_eq!(another_shape_entry(1).contains(&1).await.unwrap(), None);
                    assert_eq!(no_shape_entry(1).get().await.unwrap(), None);
                    assert_eq!(another_type(1).await.name, "short 1");
                    cache.flush().await.unwrap();
                    assert_eq!(one_type_entry(1).field(Profile::NAME).get().await.unwrap(), None);
                    assert_eq!(another_shape(1).await, BTreeSet::from([1]));
                    cache.flush().await.unwrap();
                    assert_eq!(another_shape_entry(1).contains(&1).await.unwrap(), Some(true));
                    assert_eq!(no_shape(1).await, BTreeSet::from([2]));
                    cache.flush().await.unwrap();
                    assert_eq!(another_shape_entry(1).contains(&1).await.unwrap(), None);
                }
            })
            .await;
    }
}

/// A server that runs no scripts can hold no value in parts: each call computes, in time, and a question about a part is an error.
#[tokio::test]
async fn without_scripts_everything_is_computed() {
    let _counting = RUNS.counting.lock().await;
    let server = RedisServer::builder()
        .arg("--rename-command")
        .arg("EVAL")
        .arg("")
        .arg("--rename-command")
        .arg("EVALSHA")
        .arg("")
        .start();
    let cache = Cache::builder().url(server.url()).connect_lazy().unwrap();
    cache
        .scope(async {
            for _ in 0..3 {
                assert_eq!(feed(2).await.len(), 2);
                assert_eq!(followers(3).await, HashSet::from([0, 1, 2]));
            }
            cache.flush().await.unwrap();
            assert!(board_entry(1).top(1).await.is_err());
        })
        .await;
    let keys = cache.sync_scope(|| [feed_entry(2).key().to_owned(), followers_entry(3).key().to_owned()]);
    for key in keys {
        assert_eq!(server.query::<u64>(&["EXISTS", &key]), 0, "neither a value nor a lease: {key}");
    }
}

/// The two lines of docs/guarantees.md, and nothing else.
#[tokio::test]
async fn the_least_rights_are_enough() {
    const OF_ALL: &str = "+get +mget +set +unlink +pttl +pexpire +persist +getrange +evalsha +eval +ping +client|tracking +scan +info";
    const OF_SHAPES: &str = "+type +hgetall +hget +hset +hmget +smembers +sadd +sismember +smismember +scard +sinter +zrange +zadd +zrevrange +zrangebyscore +zrevrangebyscore +zrevrank +zscore +lrange +rpush +lindex";
    let page = include_str!("../../../docs/guarantees.md");
    assert!(page.contains(OF_ALL) && page.contains(OF_SHAPES));
    let _counting = RUNS.counting.lock().await;
    let server = RedisServer::start();
    let rights = format!("ACL SETUSER app on >secret ~* resetchannels -@all {OF_ALL} {OF_SHAPES}");
    server.cli(&rights.split(' ').collect::<Vec<_>>());
    let url = format!("redis://app:secret@127.0.0.1:{}", server.port());
    let cache = Cache::builder().url(url).deadline(Duration::from_secs(10)).connect().await.unwrap();
    let before = RUNS.get();
    cache
        .scope(async {
            call_twice(&cache).await;
            of_hashes().await;
            of_sets_and_lists().await;
            of_sorted_sets().await;
            assert!(profile_entry(1).field(Profile::LOGINS).put(&9).await.unwrap());
            assert!(followers_entry(50).intersection(&followers_entry(50)).await.unwrap().is_some());
            assert!(board_entry(20).score(&"ada".to_owned()).await.unwrap().is_some());
            feed_entry(30).invalidate().await.unwrap();
        })
        .await;
    assert_eq!(RUNS.get() - before, 5, "{}", cache.stats());
}

#[tokio::test]
async fn out_of_reach_calls_compute_and_questions_fail() {
    let _counting = RUNS.counting.lock().await;
    let (server, cache) = redis().await;
    cache
        .scope(async {
            feed(2).await;
            cache.flush().await.unwrap();
            drop(server);
            assert_eq!(feed(2).await.len(), 2);
            assert!(feed_entry(2).first().await.is_err());
            assert!(profile_entry(1).field(Profile::LOGINS).put(&1).await.is_err());
            assert!(cache.stats().pending_invalidations > 0, "it is invalidated as soon as Redis is back");
        })
        .await;
}

/// Where the two sets are on different nodes, nobody can intersect them.
#[tokio::test]
async fn sets_of_different_slots_are_an_error() {
    let _counting = RUNS.counting.lock().await;
    let cache =
        Cache::builder().url(RedisCluster::shared().url()).prefix(own_prefix()).connect().await.unwrap();
    cache
        .scope(async {
            drop((followers(1).await, followers(2).await));
            cache.flush().await.unwrap();
            let error = followers_entry(1).intersection(&followers_entry(2)).await.unwrap_err();
            assert!(error.to_string().contains("different slots"), "{error}");
        })
        .await;
}

/// A command whose words are bytes.
fn query_bytes<T: redis::FromRedisValue>(server: &RedisServer, words: &[&[u8]]) -> T {
    let mut request = redis::Cmd::new();
    request.arg(words);
    request.query(&mut server.connection()).unwrap()
}
