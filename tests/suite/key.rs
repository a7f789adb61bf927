//! `key`: templates, and what may stand in them.

use std::borrow::Cow;

use redis_cached::{Cache, KeyPart, redis_cached};

#[derive(KeyPart)]
struct UserId(u64);

#[derive(KeyPart)]
struct Page<T> {
    number: u32,
    of: T,
}

#[derive(KeyPart)]
enum Order {
    Name,
    Newest,
}

#[derive(KeyPart)]
enum Filter<'a> {
    All,
    By(&'a str, u8),
    Between { from: u8, to: u8 },
}

struct Request {
    user: UserId,
    page: Page<bool>,
}

#[redis_cached(ttl = 60, key = "a:<id>:b")]
async fn derived(id: UserId) -> u8 {
    let _ = id;
    1
}

#[redis_cached(ttl = 60, key = "<request.user>/<request.page>/<request.page.number>", skip(request))]
async fn fields(request: &Request) -> u8 {
    let _ = request;
    1
}

#[redis_cached(ttl = 60, key = "<order>|<filter>")]
async fn enums(order: Order, filter: Filter<'_>) -> u8 {
    let _ = (order, filter);
    1
}

#[redis_cached(ttl = 60, key = "{user:<id>}:orders <<x> ü")]
async fn literal(id: u64) -> u8 {
    let _ = id;
    1
}

#[redis_cached(ttl = 60, key = "<pair.0>:<pair.1>:<list>:<text>:<N>:<name>")]
async fn mixed<N: AsRef<str> + KeyPart>(
    pair: (i8, char),
    list: &[Option<u8>],
    text: Cow<'_, str>,
    name: N,
) -> u8 {
    let _ = (pair, list, text, name.as_ref());
    1
}

#[redis_cached(ttl = 60, key = "<T>:<N>:<id>")]
async fn parameters<T: Send, const N: usize>(id: u8) -> usize {
    size_of::<T>() * N + id as usize
}

#[redis_cached(ttl = 60, key = "<type>:<r#match>")]
async fn raw(r#type: u8, r#match: &str) -> u8 {
    let _ = r#match;
    r#type
}

#[test]
fn templates_render() {
    Cache::memory().sync_scope(|| {
        assert_eq!(derived_entry(&UserId(7)).key(), "a:7:b");
        let request = Request { user: UserId(1), page: Page { number: 2, of: true } };
        assert_eq!(fields_entry(&request).key(), "1/2%2Ctrue%2C/2");
        assert_eq!(enums_entry(&Order::Name, &Filter::All).key(), "Name|All%2C");
        assert_eq!(enums_entry(&Order::Newest, &Filter::By("All", 1)).key(), "Newest|By%2CAll%2C1%2C");
        assert_eq!(
            enums_entry(&Order::Name, &Filter::Between { from: 1, to: 2 }).key(),
            "Name|Between%2C1%2C2%2C"
        );
        assert_eq!(literal_entry(1).key(), "{user:1}:orders <x> ü");
        assert_eq!(
            mixed_entry(&(-1, 'é'), &[None, Some(1)], &"a".into(), &"x y").key(),
            "-1:%C3%A9:%2C1%252C%2C:a:%26str:x%20y"
        );
        assert_eq!(parameters_entry::<u8, 3>(1).key(), "u8:3:1");
        assert_eq!(raw_entry(1, "m").key(), "1:m");
    });
}

#[tokio::test]
async fn the_function_and_its_companion_agree() {
    let cache = Cache::memory();
    cache
        .scope(async {
            derived(UserId(7)).await;
            fields(&Request { user: UserId(1), page: Page { number: 2, of: true } }).await;
            enums(Order::Newest, Filter::By("x", 1)).await;
            literal(1).await;
            mixed((1, 'c'), &[], "t".into(), "n").await;
            parameters::<u8, 3>(1).await;
            raw(1, "m").await;
            assert!(derived_entry(&UserId(7)).get().await.unwrap().is_some());
            assert!(enums_entry(&Order::Newest, &Filter::By("x", 1)).get().await.unwrap().is_some());
            assert!(literal_entry(1).get().await.unwrap().is_some());
            assert!(mixed_entry(&(1, 'c'), &[], &"t".into(), &"n").get().await.unwrap().is_some());
            assert_eq!(parameters_entry::<u8, 3>(1).get().await.unwrap(), Some(4));
        })
        .await;
    assert!(cache.stats().functions.iter().all(|function| function.stored == 1));
}

#[tokio::test]
async fn long_keys_work_like_others() {
    let long = "long name ".repeat(100);
    let cache = Cache::memory();
    cache
        .scope(async {
            raw(1, &long).await;
            raw(1, &long).await;
            let entry = raw_entry(1, &long);
            assert!(
                entry.key().len() <= 250 && entry.key().starts_with("1:long%20name%20"),
                "{}",
                entry.key()
            );
        })
        .await;
    assert_eq!(cache.stats().functions[0].hits, 1);
}
