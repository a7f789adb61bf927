//! What a program calls a tag is what it invalidates: the text of a template, of a closure and of a call are one name.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZero;
use std::sync::Arc;

use proptest::prelude::*;
use redis_cached::{Cache, ErrorKind, KeyPart, KeyWriter, Scalar, Tag, redis_cached, redis_invalidates};

use super::Source;
use crate::log_recorder::{is_alone, record, warnings};
use crate::{both, redis};

#[derive(Tag)]
#[tag("city:<0>")]
struct City<'a>(&'a str);

#[redis_cached(ttl = 60, key = "by argument:<city>", skip(source), tags = ["city:<city>"])]
fn by_argument(source: &Source, city: &str) -> u64 {
    let _ = city;
    source.quick_read()
}

#[redis_cached(ttl = 60, key = "by type:<city>", skip(source), tags = [City(city)])]
fn by_type(source: &Source, city: &str) -> u64 {
    let _ = city;
    source.quick_read()
}

#[redis_cached(ttl = 60, key = "by value:<city>", skip(source), tags = |(city, _): &(String, u64)| vec![format!("city:{city}")])]
fn by_value(source: &Source, city: &str) -> (String, u64) {
    (city.to_owned(), source.quick_read())
}

#[redis_cached(ttl = 60, key = "by both:<city>", skip(source), tags = ["some", |(city, _): &(String, u64)| vec![City(city).into()]])]
fn by_both(source: &Source, city: &str) -> (String, u64) {
    (city.to_owned(), source.quick_read())
}

#[redis_invalidates(tag("city:<city>"))]
fn text_writer(city: String) {
    drop(city);
}

#[redis_invalidates(tag(City(city)))]
fn typed_writer(city: String) {
    drop(city);
}

#[redis_invalidates(tag(City(ret.0)))]
fn late_writer(city: &str) -> (String,) {
    (city.to_owned(),)
}

fn read(source: &Source, city: &str) -> [u64; 4] {
    [by_argument(source, city), by_type(source, city), by_value(source, city).1, by_both(source, city).1]
}

/// What may come in a name: other programs' delimiters, escapes, ours, and none of it.
const HOSTILE: [&str; 16] = [
    "new york",
    "",
    "Zoë/1",
    "a:b",
    "%20",
    "100%",
    "<city>",
    "{user}",
    "a,b",
    "'\"\\",
    "\n\r\0",
    "\u{1}",
    "\u{1}tags",
    "🦀",
    "#00000000000000000000000000000000",
    "~*?[a]",
];

/// Reads, and waits until it is stored.
fn stored(cache: &Cache, source: &Source, city: &str) -> [u64; 4] {
    let found = read(source, city);
    cache.blocking().flush().unwrap();
    found
}

/// Whether each way to invalidate `city` drops what was stored under each way to name it, and nothing else.
fn every_way_agrees(cache: &Cache, city: &str) {
    let (source, blocking) = (Source::new(), cache.blocking());
    let text = format!("city:{city}");
    let ways: [(&str, &dyn Fn()); 7] = [
        ("text", &|| blocking.invalidate_tag(&text).unwrap()),
        ("a type", &|| blocking.invalidate_tag(City(city)).unwrap()),
        ("both", &|| blocking.invalidate_tags([&City(city) as &dyn Tag, &"another"]).unwrap()),
        ("a template", &|| text_writer(city.to_owned())),
        ("a writer's type", &|| typed_writer(city.to_owned())),
        ("the type of a result", &|| drop(late_writer(city))),
        ("what the type says", &|| blocking.invalidate_tags([String::from(City(city))]).unwrap()),
    ];
    for (how, invalidate) in ways {
        let old = stored(cache, &source, city);
        let elsewhere = stored(cache, &source, "elsewhere");
        let new = source.write();
        assert_eq!(read(&source, city), old, "{city:?}: it is not stored");
        invalidate();
        assert_eq!(stored(cache, &source, city), [new; 4], "{city:?} by {how}");
        assert_eq!(read(&source, "elsewhere"), elsewhere, "{city:?} by {how}");
    }
}

async fn for_blocking_code(cache: Cache, check: impl FnOnce(&Cache) + Send + 'static) {
    tokio::task::spawn_blocking(move || cache.sync_scope(|| check(&cache))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_naming_agrees_for_hostile_text() {
    let (_server, caches) = both().await;
    for cache in caches {
        for_blocking_code(cache.clone(), |cache| {
            HOSTILE.into_iter().for_each(|city| every_way_agrees(cache, city));
            // Over the longest key, with and without what the cache adds.
            for length in [230, 240, 245, 250, 2_000] {
                every_way_agrees(cache, &"x /%".repeat(length / 4));
            }
        })
        .await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_way_of_naming_agrees(city in any::<String>()) {
        let cache = Cache::memory();
        cache.sync_scope(|| every_way_agrees(&cache, &city));
    }
}

#[derive(KeyPart)]
struct OrgId(u64);

#[derive(KeyPart)]
struct Wrapped<T>(T);

#[derive(KeyPart)]
enum Kind {
    Internal,
}

/// By hand.
struct Lower(&'static str);

impl KeyPart for Lower {
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(&self.0.to_lowercase());
    }
}

impl Scalar for Lower {}

#[derive(Tag)]
#[tag("<0>")]
struct Whole<T>(T);

macro_rules! names {
    ($($name:ident: $type:ty = $value:expr => $text:expr;)*) => {$({
        #[redis_cached(ttl = 60, key = "scalar", skip(source, value), tags = ["of <value>"])]
        fn $name(source: &Source, value: $type) -> u64 {
            let _ = value;
            source.quick_read()
        }

        #[redis_invalidates(tag("of <value>"))]
        fn writer(value: $type) {
            let _ = value;
        }

        let cache = Cache::memory();
        cache.sync_scope(|| {
            let source = Source::new();
            assert_eq!(($name(&source, $value), $name(&source, $value)), (1, 1));
            let new = source.write();
            cache.blocking().invalidate_tag(format!("of {}", $text)).unwrap();
            assert_eq!($name(&source, $value), new, "{}", $text);
            let newer = source.write();
            writer($value);
            assert_eq!($name(&source, $value), newer, "{}", $text);
        });
        assert_eq!(Whole($value).tag_name(), $text);
    })*};
}

/// What a user writes with `format!` is what a template makes.
#[test]
fn every_scalar_is_its_text() {
    names! {
        unsigned: u64 = 7 => format!("{}", 7);
        signed: i128 = i128::MIN => format!("{}", i128::MIN);
        positive: NonZero<u8> = NonZero::<u8>::MAX => "255";
        boolean: bool = true => format!("{}", true);
        character: char = 'é' => format!("{}", 'é');
        text: &str = "a b/%" => "a b/%";
        owned: String = "a:b".to_owned() => "a:b";
        boxed: Box<str> = Box::<str>::from("a,b") => "a,b";
        counted: Arc<str> = Arc::<str>::from("a<b") => "a<b";
        perhaps_owned: Cow<'static, str> = Cow::Borrowed("x y") => "x y";
        address: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST) => "::1";
        older_address: Ipv4Addr = Ipv4Addr::LOCALHOST => "127.0.0.1";
        newtype: OrgId = OrgId(7) => "7";
        newtype_of_text: Wrapped<Wrapped<&'static str>> = Wrapped(Wrapped("a b")) => "a b";
        variant: Kind = Kind::Internal => "Internal";
        by_hand: Lower = Lower("A B") => "a b";
    }
}

/// Fields of `self`, of arguments, and type parameters.
struct Shop {
    name: String,
    size: Wrapped<u8>,
}

impl Shop {
    #[redis_cached(ttl = 60, key = "stock", skip(self, source, pair, T), tags = ["<self.name>, <self.size.0> of <T> <<<pair.1>> {x}"])]
    fn stock<T>(&self, source: &Source, pair: (u8, String)) -> u64 {
        let _ = (pair, size_of::<T>());
        source.quick_read()
    }
}

#[test]
fn placeholders_of_all_kinds_are_plain() {
    let cache = Cache::memory();
    let shop = Shop { name: "a b".into(), size: Wrapped(9) };
    cache.sync_scope(|| {
        let source = Source::new();
        let read = || shop.stock::<Vec<u8>>(&source, (1, "%é".to_owned()));
        assert_eq!((read(), read()), (1, 1));
        let new = source.write();
        cache.blocking().invalidate_tag("a b, 9 of alloc::vec::Vec<u8> <%é> {x}").unwrap();
        assert_eq!(read(), new);
    });
}

#[tokio::test]
async fn a_name_that_is_empty_is_refused() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        cache.sync_scope(|| by_argument(&source, "x"));
        cache.flush().await.unwrap();
        let results = [
            cache.invalidate_tag("").await,
            cache.invalidate_tags(["city:x", ""]).await,
            cache.invalidate_tag(Whole("")).await,
            cache.invalidate_group("").await,
            cache.blocking().invalidate_tag(String::new()),
            cache.blocking().invalidate_tags([""]),
            cache.blocking().invalidate_group(""),
        ];
        for result in results {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Name);
        }
        source.write();
        assert_eq!(cache.sync_scope(|| by_argument(&source, "x")), 1, "all or nothing");
    }
}

#[redis_cached(ttl = 60, key = "lists", skip(source), group = "lists")]
fn lists(source: &Source) -> u64 {
    source.quick_read()
}

#[redis_invalidates(group("lists"))]
async fn list_writer() {}

#[redis_invalidates(group("lists"), cache = cache)]
fn list_writer_elsewhere(cache: &Cache) {
    let _ = cache;
}

#[tokio::test]
async fn a_group_is_a_target() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let check = async || {
            let found = cache.sync_scope(|| lists(&source));
            cache.flush().await.unwrap();
            found
        };
        assert_eq!((check().await, check().await), (1, 1));
        let new = source.write();
        cache.scope(list_writer()).await;
        assert_eq!(check().await, new);
        let new = source.write();
        cache.invalidate_group("lists").await.unwrap();
        assert_eq!(check().await, new);
        let new = source.write();
        cache.blocking().invalidate_group("lists").unwrap();
        assert_eq!(check().await, new);
        let new = source.write();
        list_writer_elsewhere(&cache);
        assert_eq!(check().await, new);
    }
}

#[redis_cached(ttl = 60, key = "spelled:<id>", tags = ["spelled:<id>"], group = "spelled")]
fn spelled(id: u64) -> u64 {
    id
}

#[redis_invalidates(tag("speled:<id>"))]
fn misspelled_writer(id: u64) {
    let _ = id;
}

#[redis_invalidates(tag("spelled:<id>"), group("spelled"))]
fn writer(id: u64) {
    let _ = id;
}

/// Tests are built as debug builds are.
#[tokio::test]
async fn a_tag_that_no_function_has_is_told_once() {
    // What is known is known to the process, also of other tests' functions, some of whose tags begin with an argument.
    if !is_alone("tags::names::a_tag_that_no_function_has_is_told_once") {
        return;
    }
    record();
    let (_server, cache) = redis().await;
    cache.sync_scope(|| {
        spelled(1);
        for id in 0..3 {
            writer(id);
            misspelled_writer(id);
        }
    });
    for _ in 0..2 {
        cache.invalidate_tags(["spelled:8", "spellled:9"]).await.unwrap();
        cache.invalidate_group("speld").await.unwrap();
        cache.invalidate_tag(Never(1)).await.unwrap();
    }
    assert_eq!(warnings("`spelled:").len() + warnings("`group:spelled").len(), 0, "these are known");
    for misspelled in ["`speled:…`", "`spellled:…`", "`group:speld…`"] {
        assert_eq!(warnings(misspelled).len(), 1, "{misspelled}");
    }
    assert_eq!(warnings("never").len(), 0, "a type cannot be misspelled");
}

#[derive(Tag)]
#[tag("never:<0>")]
struct Never(u8);
