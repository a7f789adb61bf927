//! A body that refreshes in the background runs as it was written: `self` in it means what it meant.

#![allow(unused_qualifications, clippy::needless_pub_self, reason = "`self` is what is tested")]

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::{Cache, redis_cached};

use crate::{Runs, memory};

mod helper {
    pub(super) fn twice(n: u64) -> u64 {
        n * 2
    }
}

fn once(n: u64) -> u64 {
    n
}

#[derive(Clone, Debug)]
struct Service {
    base: u64,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service {}", self.base)
    }
}

macro_rules! base_of {
    ($service:expr) => {
        $service.base
    };
}

static RUNS: Runs = Runs::new();

impl Service {
    #[redis_cached(ttl = "20ms", key = "body:<n>", skip(self), stale_while_revalidate = "1h")]
    async fn hostile(&self, mut n: u64) -> Result<String, fmt::Error> {
        use self::helper::{self as helpers};
        struct Inner(u64);
        impl Inner {
            fn get(&self) -> u64 {
                self.0 + self::once(0)
            }
        }
        trait Named {
            fn name(&self) -> &'static str {
                let _ = self;
                "named"
            }
        }
        impl Named for Inner {}
        macro_rules! own_base {
            () => {
                self.base
            };
        }
        RUNS.count();
        n += Inner(0).get() + own_base!() - base_of!(self);
        let twice = self::helper::twice(n) + helpers::twice(0);
        let nested = |service: &Self| service.base + self.base;
        tokio::task::yield_now().await;
        Ok(format!("{self} {self:?} {} {twice} {} {}", "{self}", nested(self), Inner(1).name()))
    }

    #[redis_cached(ttl = "20ms", key = "body arc:<n>", skip(self), stale_while_revalidate = "1h")]
    fn of_arc(self: Arc<Self>, n: u64) -> String {
        let Self { base } = *self;
        format!("{self} {base} {n}")
    }

    #[redis_cached(ttl = "20ms", key = "body generic:<T>:<N>:<n>", skip(self), stale_while_revalidate = "1h")]
    async fn generic<T: Default + fmt::Debug + Send, const N: usize>(&self, n: [u8; N]) -> String {
        format!("{self} {:?} {n:?}", T::default())
    }
}

trait Describe {
    fn describe(&self, n: u64) -> String;
}

impl Describe for Service {
    #[redis_cached(
        ttl = "20ms",
        key = "body trait:<n>",
        skip(self),
        stale_while_revalidate = "1h",
        entry = false
    )]
    fn describe(&self, n: u64) -> String {
        pub(self) struct Inner(u64);
        impl Inner {
            fn get(&self) -> u64 {
                self.0
            }
        }
        format!("{} {} {}", self, "{self}".len(), self::once(Inner(n).get()))
    }
}

#[redis_cached(ttl = "20ms", key = "body free:<n>", stale_while_revalidate = "1h")]
fn free(n: u64) -> String {
    struct Inner(u64);
    impl fmt::Display for Inner {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self::once(self.0))
        }
    }
    format!("{}", Inner(n))
}

#[tokio::test]
async fn self_means_in_a_body_what_it_meant() {
    let cache = memory(Cache::builder());
    let test = async {
        let service = Service { base: 7 };
        let expected = "service 7 Service { base: 7 } {self} 2 14 named";
        for round in 0..2 {
            assert_eq!(service.hostile(1).await.unwrap(), expected, "{round}");
            assert_eq!(Arc::new(service.clone()).of_arc(1), "service 7 7 1");
            assert_eq!(service.generic::<u8, 2>([1, 2]).await, "service 7 0 [1, 2]");
            assert_eq!(service.describe(1), "service 7 6 1");
            assert_eq!(free(1), "1");
            cache.flush().await.unwrap();
            cache.pass(Duration::from_millis(40)).await;
        }
        for _ in 0..500 {
            if RUNS.get() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(RUNS.get(), 2, "once for the caller, once in the background");
    };
    cache.scope(test).await;
}

/// An error that borrows from the arguments.
#[derive(Clone, Debug, PartialEq)]
struct Borrowed<'a>(&'a str);

#[redis_cached(ttl = 60, key = "borrows:<name>")]
async fn borrows<'a>(name: &'a str) -> Result<u8, Borrowed<'a>> {
    tokio::task::yield_now().await;
    name.parse().map_err(|_| Borrowed(name))
}

#[redis_cached(ttl = 60, key = "borrows too:<name>")]
fn borrows_blocking(name: &str) -> Result<u8, &str> {
    name.parse().map_err(|_| name)
}

#[redis_cached(ttl = 60, key = "borrows in part:<name>")]
async fn borrows_in_part(name: &str) -> Result<u8, (u8, std::borrow::Cow<'_, str>)> {
    name.parse().map_err(|_| (1, name.into()))
}

#[redis_cached(ttl = 60, key = "generic error:<n>", skip(make, E))]
async fn generic_error<E: Clone + Send + Sync>(n: u8, make: impl Fn() -> E + Send) -> Result<u8, E> {
    if n == 0 { Err(make()) } else { Ok(n) }
}

#[tokio::test]
async fn an_error_may_borrow_and_be_clone() {
    Cache::memory()
        .scope(async {
            let (owned, one) = (String::from("x"), String::from("1"));
            assert_eq!((borrows(&owned).await, borrows(&one).await), (Err(Borrowed("x")), Ok(1)));
            assert_eq!((borrows_blocking(&owned), borrows_blocking(&one)), (Err("x"), Ok(1)));
            assert_eq!(borrows_in_part(&owned).await, Err((1, "x".into())));
            assert_eq!(generic_error(0, || owned.as_str()).await, Err("x"));
        })
        .await;
}
