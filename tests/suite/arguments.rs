//! What an argument is, and that none of it is left out of a key: `self`, fields, types without a name, patterns, `#[cfg]`.

use std::fmt::Debug;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use redis_cached::{Cache, KeyPart, Tag, redis_cached, redis_invalidates};

use crate::{both, within_both};

/// As two extractors of a web framework are.
#[derive(Clone)]
struct Path<T>(T);
#[derive(Clone)]
struct State<T>(T);

#[derive(Clone)]
struct Client {
    base: String,
}

impl Client {
    fn new(base: &str) -> Self {
        Self { base: base.to_owned() }
    }

    #[redis_cached(ttl = 60, key = "page:<self.base>:<n>")]
    async fn page(&self, n: u32) -> String {
        format!("{}/{n}", self.base)
    }

    /// The field is enough, and to say so of the rest is no contradiction.
    #[redis_cached(ttl = 60, key = "shared:<self.base>:<n>", skip(self))]
    async fn shared(self: Arc<Self>, n: u32) -> String {
        format!("{}/{n}", self.base)
    }

    #[redis_cached(ttl = 60, key = "pinned:<self.base>:<n>")]
    async fn pinned(self: Pin<&mut Self>, n: u32) -> String {
        format!("{}/{n}", self.base)
    }

    #[redis_cached(ttl = 60, key = "answer", skip(self))]
    async fn answer(&self) -> String {
        self.base.clone()
    }
}

/// What a default key can hold.
#[derive(Clone, KeyPart)]
struct Tenant {
    name: String,
}

trait Named {
    fn in_a_trait(&self, n: u8) -> String;
}

impl Tenant {
    #[redis_cached(ttl = 60)]
    fn by_reference(&self, n: u8) -> String {
        format!("{} {n}", self.name)
    }

    #[redis_cached(ttl = 60)]
    fn by_mutable_reference(&mut self, n: u8) -> String {
        format!("{} {n}", self.name)
    }

    #[redis_cached(ttl = 60)]
    fn by_value(mut self, n: u8) -> String {
        self.name.push(' ');
        format!("{}{n}", self.name)
    }

    #[redis_cached(ttl = 60)]
    fn by_pointer(self: Rc<Self>, n: u8) -> String {
        format!("{} {n}", self.name)
    }

    #[redis_cached(ttl = 60)]
    fn by_pin(self: Pin<&mut Self>, n: u8) -> String {
        format!("{} {n}", self.name)
    }
}

impl Named for Tenant {
    #[redis_cached(ttl = 60, entry = false)]
    fn in_a_trait(&self, n: u8) -> String {
        format!("{} {n}", self.name)
    }
}

#[tokio::test]
async fn two_values_of_self_have_two_entries() {
    within_both(async |_| {
        let (mut a, mut b) = (Client::new("a"), Client::new("b"));
        for _ in 0..2 {
            assert_eq!((a.page(1).await, b.page(1).await), ("a/1".into(), "b/1".into()));
            let (shared_a, shared_b) = (Arc::new(a.clone()), Arc::new(b.clone()));
            assert_eq!((shared_a.shared(1).await, shared_b.shared(1).await), ("a/1".into(), "b/1".into()));
            let (pinned_a, pinned_b) = (Pin::new(&mut a).pinned(1), Pin::new(&mut b).pinned(1));
            assert_eq!((pinned_a.await, pinned_b.await), ("a/1".into(), "b/1".into()));
            assert_eq!((a.answer().await, b.answer().await), ("a".into(), "a".into()), "as it says");
        }
        assert_eq!(b.page_entry(1).get().await.unwrap().as_deref(), Some("b/1"));
    })
    .await;
}

#[test]
fn a_default_key_holds_self() {
    Cache::memory().sync_scope(|| {
        for _ in 0..2 {
            for name in ["a", "b"] {
                let mut tenant = Tenant { name: name.to_owned() };
                let expected = format!("{name} 1");
                assert_eq!(tenant.by_reference(1), expected);
                assert_eq!(tenant.by_mutable_reference(1), expected);
                assert_eq!(tenant.clone().by_value(1), expected);
                assert_eq!(Rc::new(tenant.clone()).by_pointer(1), expected);
                assert_eq!(Pin::new(&mut tenant).by_pin(1), expected);
                assert_eq!(tenant.in_a_trait(1), expected);
                for entry in [
                    tenant.by_reference_entry(1),
                    tenant.by_mutable_reference_entry(1),
                    tenant.by_value_entry(1),
                    tenant.by_pointer_entry(1),
                    tenant.by_pin_entry(1),
                ] {
                    assert!(entry.key().ends_with(&format!("({name}%2C,1)")), "{}", entry.key());
                    assert_eq!(entry.blocking().get().unwrap(), Some(expected.clone()));
                }
            }
        }
    });
}

struct Query {
    text: String,
    sort: &'static str,
}

#[redis_cached(ttl = 60, key = "search:<query.text>", skip(query))]
fn search(query: &Query) -> String {
    format!("{} by {}", query.text, query.sort)
}

#[redis_cached(ttl = 60, key = "area:<pair.0>:<pair.1.0>:<pair.1.1>")]
fn parts(pair: &(u8, (u8, u8))) -> u32 {
    u32::from(pair.0) * u32::from(pair.1.0) * u32::from(pair.1.1)
}

#[test]
fn a_field_is_enough_where_the_rest_is_skipped_or_named() {
    Cache::memory().sync_scope(|| {
        let query = |sort| Query { text: "a".to_owned(), sort };
        assert_eq!(search(&query("name")), "a by name");
        assert_eq!(search(&query("date")), "a by name", "as it says");
        assert_eq!((parts(&(1, (2, 3))), parts(&(1, (2, 4)))), (6, 8));
        assert_eq!(parts_entry(&(1, (2, 3))).key(), "area:1:2:3");
    });
}

#[redis_cached(ttl = 60)]
fn describe(x: impl KeyPart + Debug) -> String {
    format!("{x:?}")
}

#[redis_cached(ttl = 60)]
fn describe_many(list: &[impl KeyPart + Debug], one: Option<&(impl KeyPart + Debug + ?Sized)>) -> String {
    format!("{list:?} {one:?}")
}

#[redis_cached(ttl = 60, key = "described:<T>:<x>")]
fn described<T: KeyPart + Debug>(x: T) -> String {
    format!("{x:?}")
}

#[test]
fn a_type_without_a_name_is_in_the_default_key() {
    Cache::memory().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!((describe("1"), describe(1_u8)), ("\"1\"".into(), "1".into()));
            assert_eq!((described("1"), described(1_u8)), ("\"1\"".into(), "1".into()));
            assert_eq!(describe_many(&["1"], Some(&1)), "[\"1\"] Some(1)");
            assert_eq!(describe_many(&[1], Some(&1)), "[1] Some(1)");
            assert_eq!(describe_many(&[1], Some("1")), "[1] Some(\"1\")");
        }
        assert_eq!(describe_entry(&"1").blocking().get().unwrap().as_deref(), Some("\"1\""));
        assert_eq!(describe_entry(&1_u8).key(), "suite::arguments::describe(u8,1)");
    });
}

#[derive(Tag)]
#[tag("author:<0>")]
struct Author<'a>(&'a str);

#[redis_cached(ttl = 60, key = "article:<slug>", skip(db), cache = db.cache, tags = [Author(slug), "all articles"])]
async fn article(State(db): State<Database>, Path(mut slug): Path<String>) -> String {
    slug.push('!');
    format!("{slug} of {}", db.name)
}

#[redis_invalidates(article(&State(db.clone()), &Path(slug.clone())))]
async fn write_article(State(db): State<Database>, Path(slug): Path<String>) {
    let _ = (db, slug);
}

#[derive(Clone)]
struct Database {
    cache: Cache,
    name: &'static str,
}

#[tokio::test]
async fn a_pattern_that_binds_one_name_is_an_argument_of_that_name() {
    let (_server, caches) = both().await;
    for cache in caches {
        let [db, other] = ["a", "b"].map(|name| State(Database { cache: cache.clone(), name }));
        for slug in ["x", "y", "x"] {
            let found = article(db.clone(), Path(slug.to_owned())).await;
            assert_eq!(found, format!("{slug}! of a"));
        }
        assert_eq!(article(other.clone(), Path("x".to_owned())).await, "x! of a", "it is stored");
        let path = Path("x".to_owned());
        let entry = article_entry(&db, &path);
        assert!(entry.key().ends_with("article:x"), "{}", entry.key());
        assert_eq!(entry.get().await.unwrap().as_deref(), Some("x! of a"));
        write_article(db.clone(), path).await;
        assert_eq!(article(other.clone(), Path("x".to_owned())).await, "x! of b");
        cache.invalidate_tag(Author("x")).await.unwrap();
        assert_eq!(article(db, Path("x".to_owned())).await, "x! of a");
    }
}

macro_rules! text {
    () => {
        &str
    };
}

#[redis_cached(ttl = 60, key = "macro:<a>:<b>:<c>")]
fn types_of_macros(a: text!(), b: &Vec<text!()>, c: &text!()) -> usize {
    a.len() + b.len() + c.len()
}

#[test]
fn a_macro_may_write_a_type() {
    Cache::memory().sync_scope(|| {
        assert_eq!(types_of_macros("ab", &vec!["c"], &"d"), 4);
        let entry = types_of_macros_entry(&"ab", &vec!["c"], &"d");
        assert_eq!(entry.key(), "macro:ab:c%2C:d");
        assert_eq!(entry.blocking().get().unwrap(), Some(4));
    });
}

struct Wrapper<T> {
    inner: T,
    _rest: u8,
}

#[redis_cached(ttl = 60, key = "<a>|<b>|<c>|<d>|<e>|<f>|<g.0>", skip(g))]
fn patterns(
    &a: &u64,
    (&b, _): (&u8, u8),
    Wrapper { inner: c, .. }: &mut Wrapper<Vec<u8>>,
    Path(ref d): Path<String>,
    (Ok(e) | Err(e)): Result<u8, u8>,
    [f, ..]: [&str; 2],
    Path(g): &Path<(u8, String)>,
) -> usize {
    c.push(b);
    a as usize + d.len() + usize::from(e) + f.len() + g.1.len()
}

#[test]
fn patterns_of_every_kind() {
    Cache::memory().sync_scope(|| {
        let wrapper = || Wrapper { inner: vec![1], _rest: 0 };
        let path = Path((7, "p".to_owned()));
        for _ in 0..2 {
            let d = Path("d".to_owned());
            assert_eq!(patterns(&1, (&2, 0), &mut wrapper(), d, Err(3), ["f", ""], &path), 7);
        }
        let d = Path("d".to_owned());
        let entry = patterns_entry(&1, &(&2, 0), &wrapper(), &d, &Err(3), &["f", ""], &path);
        assert_eq!(entry.key(), "1|2|1%2C|d|3|f|7");
        assert_eq!(entry.blocking().get().unwrap(), Some(7));
    });
}

/// One of each pair is there.
#[redis_cached(ttl = 60, key = "<a>:<b>:<c.0>", skip(c, d), tags = ["b:<b>"])]
fn conditional(
    a: u8,
    #[cfg(test)] b: &str,
    #[cfg(not(test))] b: Missing,
    #[cfg(not(test))] c: Missing,
    #[allow(unused_variables)]
    #[cfg(test)]
    c: (u8, u8),
    #[cfg(not(test))]
    #[cfg(test)]
    Path(d): Missing,
) -> String {
    format!("{a} {b}")
}

#[redis_cached(ttl = 60)]
async fn conditional_by_default(
    #[cfg(not(test))] a: Missing,
    #[cfg(test)] b: impl KeyPart + Send,
    c: u8,
) -> u8 {
    let _ = b;
    c
}

#[redis_cached(ttl = 60, key = "gone:<a>", skip(cache), cache = cache)]
fn gone(cache: &Cache, #[cfg(not(test))] a: Missing) -> u8 {
    let _ = cache;
    1
}

#[tokio::test]
async fn an_argument_that_is_not_there_is_not_in_the_key() {
    let cache = Cache::memory();
    cache
        .scope(async {
            assert_eq!(
                (conditional(1, "x", (2, 3)), conditional(1, "y", (2, 3))),
                ("1 x".into(), "1 y".into())
            );
            let entry = conditional_entry(1, "x", &(2, 3));
            assert_eq!(entry.key(), "1:x:2");
            assert!(entry.get().await.unwrap().is_some());
            Cache::global().invalidate_tag("b:x").await.unwrap();
            assert_eq!(entry.get().await.unwrap(), None);
            assert_eq!(conditional_by_default(true, 1).await, 1);
            let entry = conditional_by_default_entry(&true, 1);
            assert_eq!(entry.key(), "suite::arguments::conditional_by_default(bool,true,1)");
            assert_eq!(entry.get().await.unwrap(), Some(1));
        })
        .await;
    assert_eq!(gone(&cache), 1);
    assert_eq!(gone_entry(&cache).key(), "gone:");
}
