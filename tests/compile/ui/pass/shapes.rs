//! Every kind of function, without a warning.
#![deny(warnings, missing_docs, unused_qualifications, rust_2018_idioms, unreachable_pub)]
#![allow(
    clippy::non_minimal_cfg,
    clippy::mixed_attributes_style,
    clippy::too_many_arguments,
    reason = "all that a function may have"
)]

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redis_cached::{Cache, KeyPart, redis_cached};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value.
#[derive(Debug, Serialize, Deserialize)]
pub struct User {
    id: u64,
}

#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl Error for Failed {}

type AppResult = Result<User, Failed>;

/// `Err(Box::new(…))` is a `Box<dyn Error>` only where the type is known.
#[redis_cached(ttl = 60, key = "a:<id>")]
pub async fn coercions(id: u64) -> Result<Box<[u64]>, Box<dyn Error + Send + Sync>> {
    if id == 0 {
        return Err(Box::new(Failed));
    }
    let parsed: u64 = "1".parse()?;
    Ok(Box::new([id, parsed]))
}

#[redis_cached(ttl = 60, key = "b:<id>")]
fn blocking_coercions(id: u64) -> Result<Box<[u64]>, Box<dyn Error>> {
    if id == 0 {
        return Err(Box::new(Failed));
    }
    Ok(Box::new([id]))
}

#[redis_cached(ttl = 60, key = "c:<id>")]
async fn alias_of_one(id: u64) -> io::Result<User> {
    Ok(User { id })
}

#[redis_cached(ttl = 60, key = "d:<id>")]
fn alias_of_none(id: u64) -> AppResult {
    if id == 0 { Err(Failed) } else { Ok(User { id }) }
}

#[redis_cached(ttl = 60, key = "e")]
async fn nothing() {}

/// Names of ours, all of them.
#[redis_cached(ttl = 60, key = "f:<entry>:<key>:<redis>", skip(cache, site, build))]
async fn get_or_compute(entry: u8, key: u8, redis: u8, cache: u8, site: u8, build: u8) -> u8 {
    let never = entry + key + redis;
    let value = cache + site + build;
    never + value
}

mod private {
    use redis_cached::redis_cached;

    #[redis_cached(ttl = 60, key = "g")]
    pub(super) fn entry() -> u8 {
        1
    }
}

#[redis_cached(ttl = 60, key = "h:<type>:<r#fn>")]
fn r#match(r#type: u8, r#fn: String) -> usize {
    usize::from(r#type) + r#fn.len()
}

#[redis_cached(ttl = 60, key = "i:<page.0>:<user.id>:<many>:<text>:<some>", skip(page, user, x, mutable))]
fn arguments<'a>(
    page: (u32, u32),
    user: &'a User,
    many: &mut Vec<u8>,
    text: String,
    some: Option<u8>,
    (x, _): (u8, u8),
    mut mutable: Vec<&'a str>,
    _: u8,
) -> usize {
    many.push(x);
    mutable.push("a");
    mutable.len() + text.len() + usize::from(some.is_some()) + page.1 as usize + user.id as usize
}

#[redis_cached(ttl = 60, key = "j:<K>:<N>:<keys>", skip(make, F, Out))]
async fn generics<'a, K, F, Out, const N: usize>(
    keys: &'a [K; N],
    make: F,
) -> Result<Vec<Out>, Box<dyn Error>>
where
    K: KeyPart + 'a,
    F: AsyncFn(&'a K) -> Out,
    Out: Serialize + DeserializeOwned,
{
    let mut all = Vec::new();
    for key in keys {
        all.push(make(key).await);
    }
    Ok(all)
}

#[redis_cached(ttl = 60, key = "k:<n>")]
async fn recursive(n: u64) -> u64 {
    if n == 0 {
        return 1;
    }
    n * Box::pin(recursive(n - 1)).await
}

#[redis_cached(ttl = 60, key = "l:<n>")]
fn recursive_blocking(n: u64) -> u64 {
    if n == 0 { 1 } else { n * recursive_blocking(n - 1) }
}

#[redis_cached(ttl = 60)]
fn default_key<T: Default>(name: &str, part: impl KeyPart, list: &[u8]) -> usize {
    let _ = (T::default(), part);
    name.len() + list.len()
}

/// Kept on the function.
#[cfg(all())]
#[allow(unused_variables)]
#[redis_cached(ttl = 60, key = "m")]
#[cfg_attr(all(), inline)]
#[must_use]
pub unsafe fn attributes() -> u64 {
    #![allow(unused_mut)]
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut unused = 1;
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A user of everything.
#[derive(Clone)]
pub struct Repo<T> {
    cache: Cache,
    tenant: String,
    store: T,
}

impl<T: Clone + Send + Sync> Repo<T> {
    /// Documented.
    #[redis_cached(ttl = 60, key = "n:<Self>:<id>")]
    pub async fn associated(id: u64) -> u64 {
        id
    }

    #[redis_cached(ttl = 60, key = "o:<self.tenant>:<id>", cache = self.cache)]
    async fn by_reference(&self, id: u64) -> Option<User> {
        let _ = &self.store;
        tick().await;
        Some(User { id })
    }

    #[redis_cached(ttl = 60, key = "p:<self.tenant>", cache = &self.cache)]
    async fn by_mutable_reference(&mut self) -> u64 {
        self.tenant.push('a');
        tick().await;
        1
    }

    #[redis_cached(ttl = 60, key = "q:<self.tenant>")]
    async fn by_arc(self: Arc<Self>) -> u64 {
        tick().await;
        1
    }

    /// Documented.
    #[redis_cached(ttl = 60, key = "r:<self.tenant>")]
    pub fn into_value(self) -> String {
        self.tenant
    }
}

trait Named {
    async fn name(&self, id: u64) -> String;
}

impl Named for u8 {
    #[redis_cached(ttl = 60, key = "s:<self>:<id>", entry = false)]
    async fn name(&self, id: u64) -> String {
        format!("{self} {id}")
    }
}

trait Provided {
    #[redis_cached(ttl = 60, key = "t:<Self>", skip(self))]
    fn provided(&self) -> u8 {
        1
    }
}

impl Provided for u8 {}

#[async_trait::async_trait]
trait Boxed {
    async fn boxed(&self, name: &str, (a, b): (u8, u8)) -> Result<usize, Box<dyn Error>>;
}

#[async_trait::async_trait]
impl Boxed for u8 {
    #[redis_cached(ttl = 60, key = "u:<self>:<name>", entry = false, skip(__arg2))]
    async fn boxed(&self, name: &str, (a, b): (u8, u8)) -> Result<usize, Box<dyn Error>> {
        if *self == a + b {
            return Err(Box::new(Failed));
        }
        Ok(name.len())
    }
}

macro_rules! cached {
    ($vis:vis $name:ident, $key:literal, $ttl:expr, $argument:ident: $type:ty => $result:ty) => {
        #[redis_cached(ttl = $ttl, key = $key)]
        $vis fn $name($argument: $type) -> $result {
            $argument.into()
        }
    };
}

cached!(pub(crate) by_macro, "v:<id>", 60, id: u32 => u64);

async fn tick() {}

fn is_send<T: Send>(_: T) {}

fn stays_send(repo: &Repo<u8>, other: &mut Repo<u8>) {
    is_send(coercions(1));
    is_send(repo.by_reference(1));
    is_send(other.by_mutable_reference());
    is_send(Arc::new(repo.clone()).by_arc());
    is_send(recursive(1));
}

fn entries(repo: &Repo<u8>) -> Vec<String> {
    let user = User { id: 1 };
    let keys = [
        coercions_entry(1).key().to_owned(),
        get_or_compute_entry(1, 2, 3).key().to_owned(),
        match_entry(1, &"a".to_owned()).key().to_owned(),
        arguments_entry(&(1, 2), &user, &vec![1], &"a".to_owned(), &None).key().to_owned(),
        generics_entry::<u8, u8, 2>(&[1, 2]).key().to_owned(),
        default_key_entry::<u8>("a", &1, &[1]).key().to_owned(),
        Repo::<u8>::associated_entry(1).key().to_owned(),
        repo.by_reference_entry(1).key().to_owned(),
        repo.into_value_entry().key().to_owned(),
        u8::provided_entry().key().to_owned(),
        private::entry_entry().key().to_owned(),
        by_macro_entry(1).key().to_owned(),
    ];
    keys.into()
}

fn main() {
    Cache::memory().sync_scope(|| {
        let repo = Repo { cache: Cache::memory(), tenant: "t".to_owned(), store: 1 };
        stays_send(&repo, &mut repo.clone());
        assert_eq!(entries(&repo).len(), 12);
        assert_eq!((recursive_blocking(5), alias_of_none(1).unwrap().id, private::entry()), (120, 1, 1));
        assert!(blocking_coercions(0).is_err());
        assert_eq!(r#match(1, "a".to_owned()), 2);
        assert_eq!(
            arguments((1, 2), &User { id: 1 }, &mut vec![1], "a".to_owned(), None, (1, 2), vec![], 1),
            5
        );
        assert_eq!(by_macro(1), 1);
        let _ = (unsafe { attributes() }, default_key::<u8>("a", 1u8, &[]), 1u8.provided());
    });
    let _ = (alias_of_one, nothing, |x: &u8| drop(x.name(1)), |x: &u8| drop(x.boxed("", (1, 2))));
    let _ = (get_or_compute, generics::<u8, fn(&u8) -> std::future::Ready<u8>, u8, 1>);
    let _ = repo_users;
}

fn repo_users(repo: Repo<u8>) {
    drop(Repo::<u8>::associated(1));
    drop(repo.into_value());
}
