//! Every shape of function: what was a function before the attribute is the same function after it.

// What is tested here is that odd code keeps working.
#![allow(clippy::needless_pass_by_value, clippy::extra_unused_lifetimes, clippy::needless_lifetimes)]

use std::fmt::{Debug, Display};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis_cached::{Cache, KeyPart, redis_cached};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failed, User, user};

type AppResult<T> = Result<T, Failed>;
type UserResult = Result<User, Failed>;

struct Service {
    users: Vec<User>,
}

impl Service {
    #[redis_cached(ttl = 60, key = "ref:<id>", skip(self))]
    async fn by_ref(&self, id: usize) -> Option<User> {
        self.users.get(id).cloned()
    }

    #[redis_cached(ttl = 60, key = "mut:<id>", skip(self))]
    pub(crate) async fn by_mut(&mut self, id: u64) -> usize {
        self.users.push(user(id));
        self.users.len()
    }

    #[redis_cached(ttl = 60, key = "arc:<id>", skip(self))]
    async fn by_arc(self: Arc<Self>, id: usize) -> AppResult<User> {
        let found = self.users.get(id).ok_or(Failed("no such user"))?;
        Ok(found.clone())
    }

    #[redis_cached(ttl = 60, key = "value:<id>", skip(self))]
    fn by_value(self, id: u64) -> usize {
        self.users.len() + id as usize
    }

    #[redis_cached(ttl = 60, key = "associated:<id>")]
    async fn associated(id: u64) -> io::Result<u64> {
        "7".parse::<u64>().map(|seven| seven + id).map_err(io::Error::other)
    }

    #[redis_cached(ttl = 60, key = "self type:<id>")]
    fn of_self_type(id: u64) -> Result<u64, Failed> {
        Self::helper(id)
    }

    fn helper(id: u64) -> Result<u64, Failed> {
        Ok(id)
    }
}

#[redis_cached(ttl = 60, key = "generic:<T>:<id>", skip(make))]
async fn generic<T>(id: u64, make: impl Fn(u64) -> T + Send) -> Option<T>
where
    T: Serialize + DeserializeOwned + Send,
{
    Some(make(id))
}

#[redis_cached(ttl = 60, key = "wide:<key>:<name>", skip(F, K, with))]
async fn wide<'a, 'b: 'a, F, K>(key: &'a K, name: &'b str, with: F) -> String
where
    F: Fn(&'a K) -> String + Send,
    K: KeyPart + Debug + Sync + ?Sized,
{
    let made = with(key);
    tokio::task::yield_now().await;
    format!("{made} {name}")
}

#[redis_cached(ttl = 60, key = "early:<id>")]
async fn early(id: u64) -> Result<User, Failed> {
    if id == 0 {
        return Err(Failed("early"));
    }
    if id == 1 {
        return Ok(user(100));
    }
    let again = Box::pin(early(id - 1)).await?;
    Ok(User { id, ..again })
}

#[redis_cached(ttl = 60, key = "alias:<id>")]
async fn alias(id: u64) -> UserResult {
    let _checked: u64 = id.checked_sub(1).ok_or(Failed("alias"))?;
    Ok(user(id))
}

#[redis_cached(ttl = 60, key = "boxed error:<text>")]
fn boxed_error(text: &str) -> Result<i32, Box<dyn std::error::Error>> {
    let number: i32 = text.parse()?;
    Ok(number)
}

#[redis_cached(ttl = 60, key = "borrowed:<name>", skip(buffer))]
async fn borrowed(buffer: &mut Vec<String>, name: &str) -> usize {
    buffer.push(name.into());
    tokio::task::yield_now().await;
    buffer.push(name.into());
    buffer.len()
}

#[redis_cached(ttl = 60, key = "patterns:<count>", skip(first, second, x, rest))]
async fn patterns((first, second): (u8, u8), mut count: u8, [x, rest @ ..]: [u8; 3]) -> u8 {
    count += first + second + x + rest.len() as u8;
    count
}

/// Names that the expansion might use itself.
#[redis_cached(ttl = 60, key = "names:<key>:<cache>:<entry>:<redis>:<site>")]
async fn entry(key: u8, cache: u8, entry: u8, redis: u8, site: u8) -> u8 {
    let (build, arg, value, compute, ticket, policy) = (1, 1, 1, 1, 1, 1);
    key + cache + entry + redis + site + build + arg + value + compute + ticket + policy
}

#[redis_cached(ttl = 60)]
fn displayed(value: impl Display + KeyPart) -> String {
    value.to_string()
}

#[redis_cached(ttl = 60)]
fn unit() {}

#[redis_cached(ttl = 60)]
async fn counts_in_a_static() -> usize {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    CALLS.fetch_add(1, Ordering::SeqCst) + 1
}

/// Kept: documentation, lints, conditions and other attributes.
#[redis_cached(ttl = 60)]
#[tracing::instrument]
#[allow(unused_variables)]
#[cfg(not(windows))]
#[must_use]
pub(crate) async fn attributed(id: u64) -> u64 {
    let unused = 1;
    id
}

#[redis_cached(ttl = 60)]
#[cfg(windows)]
async fn attributed(id: std::os::windows::Missing) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "not send:<id>")]
async fn not_send(id: u64) -> u64 {
    let rc = std::rc::Rc::new(id);
    tokio::task::yield_now().await;
    *rc
}

mod build {
    use redis_cached::redis_cached;

    // `Result` here is the user's own, and `Option` is not in reach by that name.
    #[redis_cached(ttl = 60)]
    pub(super) fn key(id: u64) -> ::core::result::Result<::core::option::Option<u64>, ()> {
        ::core::result::Result::Ok(::core::option::Option::Some(id))
    }
}

#[tokio::test]
async fn methods() {
    Cache::memory()
        .scope(async {
            let mut service = Service { users: vec![user(0)] };
            assert_eq!(service.by_ref(0).await, Some(user(0)));
            assert_eq!(service.by_ref(1).await, None);
            assert_eq!((service.by_mut(1).await, service.by_mut(1).await), (2, 2));
            assert_eq!(Service::by_mut_entry(1).get().await.unwrap(), Some(2));
            assert_eq!(
                (Service::associated(1).await.unwrap(), Service::associated(1).await.unwrap()),
                (8, 8)
            );
            assert_eq!(Service::associated_entry(1).get().await.unwrap(), Some(8));
            assert_eq!((Service::of_self_type(1), Service::of_self_type(1)), (Ok(1), Ok(1)));
            let service = Arc::new(service);
            assert_eq!(Arc::clone(&service).by_arc(9).await, Err(Failed("no such user")));
            assert_eq!(Arc::clone(&service).by_arc(1).await, Ok(user(1)));
            assert_eq!(Service { users: vec![] }.by_value(3), 3);
            assert_eq!(Service { users: vec![user(1)] }.by_value(3), 3);
        })
        .await;
}

#[tokio::test]
async fn generics_and_lifetimes() {
    Cache::memory()
        .scope(async {
            assert_eq!(generic(1, |id| id).await, Some(1));
            assert_eq!(generic(1, |id| id.to_string()).await.as_deref(), Some("1"));
            assert_eq!(generic_entry::<String>(1).get().await.unwrap(), Some(Some("1".into())));
            let owned = String::from("k");
            assert_eq!(wide(&owned, "n", |key| key.to_uppercase()).await, "K n");
            assert_eq!(wide("k", "n", |_| unreachable!("it is cached")).await, "K n");
            assert_eq!((displayed(1), displayed("one")), ("1".into(), "one".into()));
        })
        .await;
}

#[tokio::test]
async fn results_and_recursion() {
    Cache::memory()
        .scope(async {
            assert_eq!(early(0).await, Err(Failed("early")));
            assert_eq!(early(3).await, Ok(User { id: 3, ..user(100) }));
            assert_eq!(early_entry(2).get().await.unwrap(), Some(User { id: 2, ..user(100) }));
            assert_eq!((alias(0).await, alias(1).await), (Err(Failed("alias")), Ok(user(1))));
            assert_eq!(alias_entry(1).get().await.unwrap(), Some(user(1)));
            assert!(boxed_error("x").is_err());
            assert_eq!((boxed_error("5").unwrap(), boxed_error("5").unwrap()), (5, 5));
            assert_eq!(build::key(1), Ok(Some(1)));
            assert_eq!(build::key_entry(1).get().await.unwrap(), Some(Some(1)));
        })
        .await;
}

#[tokio::test]
async fn arguments() {
    Cache::memory()
        .scope(async {
            let mut buffer = Vec::new();
            assert_eq!((borrowed(&mut buffer, "x").await, borrowed(&mut buffer, "x").await), (2, 2));
            assert_eq!(buffer.len(), 2);
            assert_eq!(patterns((1, 2), 3, [4, 5, 6]).await, 12);
            assert_eq!(patterns_entry(3).get().await.unwrap(), Some(12));
            assert_eq!(entry(1, 2, 3, 4, 5).await, 21);
            assert_eq!(entry_entry(1, 2, 3, 4, 5).get().await.unwrap(), Some(21));
            unit();
            assert_eq!((counts_in_a_static().await, counts_in_a_static().await), (1, 1));
            counts_in_a_static_entry().invalidate().await.unwrap();
            assert_eq!(counts_in_a_static().await, 2);
            assert_eq!(attributed(4).await, 4);
            assert_eq!(attributed_entry(4).get().await.unwrap(), Some(4));
            assert_eq!(not_send(4).await, 4);
        })
        .await;
}

#[test]
fn a_send_function_stays_send() {
    fn check<T: Send>(_: &T) {}
    let service = Service { users: vec![] };
    check(&service.by_ref(1));
    check(&Service::associated(1));
    check(&generic(1, |id| id));
    check(&early(1));
    check(&borrowed(&mut vec![], "x"));
    check(&attributed(1));
}
