//! No foreign value: an entry fits the function that wrote it, at the key where it was written, and nowhere else.

use std::collections::HashMap;
use std::future::Future;
use std::marker::PhantomData;

use redis_cached::{Cache, redis_cached};

use crate::{User, both, redis, user, within_both};

trait Kind {
    const NUMBER: u64;

    #[redis_cached(ttl = 60, key = "default-method:<id>", entry = false)]
    fn default_method(id: u64) -> u64 {
        Self::NUMBER * 1000 + id
    }

    fn required(id: u64) -> u64;
}

impl Kind for u8 {
    const NUMBER: u64 = 1;

    #[redis_cached(ttl = 60, key = "required:<id>", entry = false)]
    fn required(id: u64) -> u64 {
        Self::NUMBER * 1000 + id
    }
}

impl<T: Kind> Kind for Vec<T> {
    const NUMBER: u64 = 10 * T::NUMBER;

    #[redis_cached(ttl = 60, key = "required:<id>", entry = false)]
    fn required(id: u64) -> u64 {
        Self::NUMBER * 1000 + id
    }
}

struct Fixed<const N: u64>;

impl<const N: u64> Kind for Fixed<N> {
    const NUMBER: u64 = N;

    #[redis_cached(ttl = 60, key = "required:<id>", entry = false)]
    fn required(id: u64) -> u64 {
        N * 1000 + id
    }
}

struct Repo<T>(PhantomData<T>);

impl<T: Kind> Repo<T> {
    #[redis_cached(ttl = 60, key = "n:<id>")]
    fn blocking(id: u64) -> u64 {
        T::NUMBER * 1000 + id
    }

    #[redis_cached(ttl = 60, key = "n:<id>")]
    async fn plain(id: u64) -> u64 {
        T::NUMBER * 1000 + id
    }

    #[redis_cached(ttl = 60, key = "n:<id>", local = "1m")]
    async fn kept(id: u64) -> u64 {
        T::NUMBER * 1000 + id
    }

    #[redis_cached(ttl = 60, key = "tagged:<id>", tags = ["kind:<id>"])]
    async fn tagged(id: u64) -> u64 {
        T::NUMBER * 1000 + id
    }

    #[redis_cached(ttl = 60, key = "n:<ids>", batch = ids)]
    async fn many(ids: &[u64]) -> HashMap<u64, u64> {
        ids.iter().map(|id| (*id, T::NUMBER * 1000 + id)).collect()
    }

    #[redis_cached(ttl = 60, key = "n:<id>")]
    async fn fallible(id: u64) -> Result<u64, String> {
        Ok(T::NUMBER * 1000 + id)
    }

    /// What the body does not depend on is shared, if it is said so.
    #[redis_cached(ttl = 60, key = "own:<id>", skip(K))]
    async fn own_parameter<K: Send>(id: u64) -> u64 {
        T::NUMBER * 1000 + id
    }
}

/// A call for each of three instantiations, twice.
async fn never_meet<F: Future<Output = u64>>(what: &str, calls: impl Fn() -> [F; 2]) {
    for round in 0..2 {
        for (call, number) in calls().into_iter().zip([1, 10]) {
            assert_eq!(call.await, number * 1000 + 7, "{what}, round {round}");
        }
    }
}

type Boxed = std::pin::Pin<Box<dyn Future<Output = u64>>>;

#[tokio::test]
async fn instantiations_never_meet() {
    type One = Repo<u8>;
    type Ten = Repo<Vec<u8>>;
    fn boxed(call: impl Future<Output = u64> + 'static) -> Boxed {
        Box::pin(call)
    }
    let (_server, caches) = both().await;
    for cache in caches {
        cache
            .scope(async {
                never_meet("plain", || [boxed(One::plain(7)), boxed(Ten::plain(7))]).await;
                never_meet("kept", || [boxed(One::kept(7)), boxed(Ten::kept(7))]).await;
                never_meet("tagged", || [boxed(One::tagged(7)), boxed(Ten::tagged(7))]).await;
                never_meet("many", || {
                    [boxed(async { One::many(&[7]).await[&7] }), boxed(async { Ten::many(&[7]).await[&7] })]
                })
                .await;
                never_meet("fallible", || {
                    [
                        boxed(async { One::fallible(7).await.unwrap() }),
                        boxed(async { Ten::fallible(7).await.unwrap() }),
                    ]
                })
                .await;
                assert_eq!(Ten::own_parameter::<u8>(7).await, 10_007);
                assert_eq!(One::own_parameter::<u8>(7).await, 1007);
            })
            .await;
        cache.sync_scope(|| {
            for _ in 0..2 {
                assert_eq!((One::blocking(7), Ten::blocking(7)), (1007, 10_007));
                assert_eq!((u8::default_method(7), Vec::<u8>::default_method(7)), (1007, 10_007));
                assert_eq!((u8::required(7), Vec::<u8>::required(7)), (1007, 10_007));
                assert_eq!(Vec::<Vec<u8>>::required(7), 100_007);
                assert_eq!((Fixed::<3>::required(7), Fixed::<4>::required(7)), (3007, 4007));
            }
        });
    }
}

#[tokio::test]
async fn the_functions_of_one_instantiation_share() {
    let cache = Cache::memory();
    cache
        .scope(async {
            assert_eq!(Repo::<u8>::plain(1).await, 1001);
            let entry = Repo::<u8>::plain_entry(1);
            assert_eq!(entry.get().await.unwrap(), Some(1001), "the companion is of the same instantiation");
            assert_eq!(Repo::<Vec<u8>>::plain_entry(1).get().await.unwrap(), None);
            assert_eq!(Repo::<u8>::many(&[1]).await[&1], 1001);
            assert_eq!(Repo::<u8>::own_parameter::<u8>(1).await, 1001);
            assert_eq!(Repo::<u8>::own_parameter::<u16>(1).await, 1001);
        })
        .await;
    let hits = |name: &str| -> u64 {
        let functions = cache.stats().functions;
        functions.iter().filter(|row| row.function.ends_with(name)).map(|row| row.hits).sum()
    };
    assert_eq!((hits("::many"), hits("::own_parameter")), (1, 1));
}

#[redis_cached(ttl = 60, key = "user:<name>")]
async fn by_name(name: &str) -> User {
    User { id: 1, name: name.to_owned() }
}

#[redis_cached(ttl = 60, key = "user:me")]
async fn admin() -> User {
    User { id: 0, name: "administrator".to_owned() }
}

#[redis_cached(ttl = 60, key = "user:<names>", batch = names)]
async fn by_names(names: &[String]) -> HashMap<String, User> {
    names.iter().map(|name| (name.clone(), User { id: 1, name: name.clone() })).collect()
}

#[redis_cached(ttl = 60, key = "<T>:<id>")]
async fn of_type<T: Send>(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "<kind>:<id>")]
async fn of_kind(kind: &str, id: u64) -> User {
    User { id, name: kind.to_owned() }
}

#[redis_cached(ttl = 60, key = "<<>:<id>")]
async fn of_text(id: u64) -> User {
    User { id, name: "text".to_owned() }
}

#[tokio::test]
async fn templates_that_give_one_key_never_meet() {
    within_both(async |_| {
        for _ in 0..2 {
            assert_eq!(admin().await.name, "administrator");
            assert_eq!(by_name("me").await.name, "me");
            assert_eq!(admin().await.name, "administrator");
            assert_eq!(by_names(&["me".to_owned()]).await["me"].name, "me");
            assert_eq!(of_type::<u8>(7).await, user(7));
            assert_eq!(of_kind("u8", 7).await.name, "u8");
            assert_eq!(of_text(7).await.name, "text");
        }
    })
    .await;
}

#[tokio::test]
async fn a_function_and_its_batch_share_their_template() {
    let cache = Cache::memory();
    cache
        .scope(async {
            by_name("ann").await;
            by_names(&["ann".to_owned(), "bob".to_owned()]).await;
            by_name("bob").await;
        })
        .await;
    let computes: Vec<_> = cache.stats().functions.iter().map(|row| row.computes).collect();
    assert_eq!(computes, [1, 1]);
}

#[redis_cached(ttl = 60, key = "row:<id>")]
async fn row(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "row:<id>", local = "1m")]
async fn kept_row(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "row:<id>", stale_if_error = "1h")]
async fn row_or_old(id: u64) -> Result<User, String> {
    if id == 1 { Ok(user(id)) } else { Err("no database".to_owned()) }
}

#[redis_cached(ttl = 60, key = "tagged-row:<id>", tags = ["rows"])]
async fn tagged_row(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "tagged-row:<id>", tags = |user: &User| vec![user.name.clone()])]
async fn row_with_own_tags(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "row:<ids>", batch = ids, negative_ttl = 60)]
async fn rows(ids: &[u64]) -> HashMap<u64, User> {
    ids.iter().filter(|id| **id < 100).map(|id| (*id, user(*id))).collect()
}

/// What each function gives for row 2, when the entry of row 1 stands there.
#[tokio::test]
async fn an_entry_that_was_moved_fits_no_more() {
    let (server, cache) = redis().await;
    let copy = |from: &str, to: &str| {
        let copied: i64 = server.query(&["COPY", from, to, "REPLACE"]);
        assert_eq!(copied, 1, "{from}");
    };
    cache
        .scope(async {
            row(1).await;
            cache.flush().await.unwrap();
            copy("row:1", "row:2");
            assert_eq!(row_entry(2).get().await.unwrap(), None);
            assert_eq!(row(2).await, user(2));
            cache.flush().await.unwrap();
            copy("row:1", "row:2");
            assert_eq!(kept_row(2).await, user(2));
            cache.flush().await.unwrap();
            copy("row:1", "row:2");
            assert_eq!(rows(&[1, 2]).await[&2], user(2));
            cache.flush().await.unwrap();
            copy("row:1", "row:2");
            assert_eq!(row_or_old(2).await, Err("no database".to_owned()));
            server.cli(&["RENAME", "row:1", "row:3"]);
            assert_eq!(row(3).await, user(3));

            tagged_row(1).await;
            cache.flush().await.unwrap();
            copy("tagged-row:1", "tagged-row:2");
            assert_eq!(tagged_row_entry(2).get().await.unwrap(), None);
            assert_eq!(tagged_row(2).await, user(2));
            row_with_own_tags(1).await;
            cache.flush().await.unwrap();
            copy("tagged-row:1", "tagged-row:2");
            assert_eq!(row_with_own_tags(2).await, user(2));
            assert_eq!(row_with_own_tags(2).await, user(2));

            // That there is no row 100 says nothing of row 4.
            rows(&[100]).await;
            cache.flush().await.unwrap();
            copy("row:100", "row:4");
            assert_eq!(rows(&[4]).await[&4], user(4));
        })
        .await;
    let rows = cache.stats().functions;
    let row = rows.iter().find(|row| row.function.ends_with("::row")).unwrap();
    assert_eq!(row.store_errors, 0);
    assert!(row.unusable > 0, "{row:?}");
}

#[tokio::test]
async fn a_prefix_is_a_part_of_the_key() {
    let (server, _) = redis().await;
    let cache = |prefix: &str| {
        let builder = Cache::builder().prefix(prefix).deadline(std::time::Duration::from_secs(10));
        builder.url(server.url())
    };
    let (one, other) = (cache("a:").connect().await.unwrap(), cache("b:").connect().await.unwrap());
    one.scope(row(1)).await;
    one.flush().await.unwrap();
    server.cli(&["COPY", "a:row:1", "b:row:1"]);
    assert_eq!(other.sync_scope(|| row_entry(1)).get().await.unwrap(), None);
    assert_eq!(one.sync_scope(|| row_entry(1)).get().await.unwrap(), Some(user(1)));
}
