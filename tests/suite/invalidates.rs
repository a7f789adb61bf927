//! `#[redis_invalidates]`: what a function changed is gone from the cache when the function has returned.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redis_cached::{Cache, KeyPart, redis_cached, redis_invalidates, redis_updates};
use redis_cached_test_support::RedisServer;
use tokio::sync::oneshot;

use crate::{Failed, User, both, redis, user, within_both};

/// Stands for everything that the functions below read: it changes at every look.
static CLOCK: AtomicU64 = AtomicU64::new(1);

fn tick() -> u64 {
    CLOCK.fetch_add(1, Ordering::SeqCst)
}

#[derive(Clone, KeyPart)]
struct UserId(u64);

#[redis_cached(ttl = 600, key = "by-number:<id>")]
async fn by_number(id: u64) -> u64 {
    let _ = id;
    tick()
}

#[redis_cached(ttl = 600, key = "by-id:<id>")]
async fn by_id(id: UserId) -> u64 {
    let _ = id;
    tick()
}

#[redis_cached(ttl = 600, key = "by-name:<org>:<name>")]
async fn by_name(org: String, name: &str) -> u64 {
    let _ = (org, name);
    tick()
}

#[redis_cached(ttl = 600, key = "all")]
async fn all() -> u64 {
    tick()
}

#[redis_cached(ttl = 600, key = "of:<T>:<K>:<key>")]
async fn of<T: Send + Sync, K: KeyPart + Send>(key: K) -> u64 {
    let _ = key;
    tick()
}

mod elsewhere {
    use redis_cached::redis_cached;

    #[redis_cached(ttl = 600, key = "elsewhere:<ids>", entry = named)]
    pub(super) fn list(ids: &[u64]) -> u64 {
        let _ = ids;
        super::tick()
    }
}

#[redis_invalidates(by_number(id), all(), by_name(org.clone(), name))]
async fn rename(id: u64, org: String, name: &str, fails: bool) -> Result<String, Failed> {
    if fails {
        Err(Failed("rename"))?;
    }
    // Consumed: the targets were made before.
    drop(org);
    Ok(name.to_owned())
}

/// The three entries that `rename` is about.
async fn look() -> [u64; 3] {
    [by_number(7).await, all().await, by_name("acme".into(), "ann").await]
}

#[tokio::test]
async fn what_changed_is_gone_once_the_function_has_returned_ok() {
    within_both(async |cache| {
        let before = look().await;
        cache.flush().await.unwrap();
        assert_eq!(look().await, before, "cached");
        rename(7, "acme".into(), "ann", false).await.unwrap();
        let after = look().await;
        assert!(before.iter().zip(&after).all(|(before, after)| before != after), "{after:?}");
    })
    .await;
}

#[tokio::test]
async fn a_failing_function_invalidates_nothing() {
    within_both(async |cache| {
        let before = look().await;
        cache.flush().await.unwrap();
        assert_eq!(rename(7, "acme".into(), "ann", true).await, Err(Failed("rename")));
        assert_eq!(look().await, before);
    })
    .await;
}

#[tokio::test]
async fn several_targets_are_one_command() {
    let (server, cache) = redis().await;
    cache.scope(look()).await;
    cache.flush().await.unwrap();
    let monitor = server.monitor();
    cache.scope(rename(7, "acme".into(), "ann", false)).await.unwrap();
    let commands = monitor.commands();
    let sent: Vec<_> = commands.iter().map(|command| (command.name(), command.args().to_vec())).collect();
    let keys = ["by-number:7", "all", "by-name:acme:ann"].map(str::to_owned).to_vec();
    assert_eq!(sent, [("UNLINK", keys)]);
}

struct Repository {
    cache: Cache,
    tenant: String,
    saved: u64,
}

impl Repository {
    #[redis_cached(ttl = 600, key = "<self.tenant>:<id>", cache = self.cache)]
    async fn get(&self, id: u64) -> u64 {
        let _ = id;
        tick()
    }

    #[redis_cached(ttl = 600, key = "count")]
    async fn count() -> u64 {
        tick()
    }

    #[redis_invalidates(self.get(id), Self::count())]
    async fn save(&self, id: u64) -> u64 {
        id
    }

    /// `&mut self`, and targets that are known only afterwards.
    #[redis_invalidates(self.get(ret.id), by_name(tenant, &ret.name))]
    async fn create(&mut self, tenant: String, user: User) -> Result<User, Failed> {
        self.saved += 1;
        drop(tenant);
        Ok(user)
    }
}

#[tokio::test]
async fn methods_invalidate_methods_each_in_its_own_cache() {
    let (_server, caches) = both().await;
    let [own, global, ..] = caches;
    let mut repository = Repository { cache: own.clone(), tenant: "acme".into(), saved: 0 };
    global
        .scope(async {
            let before = (repository.get(7).await, Repository::count().await);
            let name = by_name("acme".into(), "user 7").await;
            own.flush().await.unwrap();
            repository.save(7).await;
            let after = (repository.get(7).await, Repository::count().await);
            assert!(before.0 != after.0 && before.1 != after.1);
            own.flush().await.unwrap();
            assert_eq!(repository.create("acme".into(), user(7)).await, Ok(user(7)));
            assert_ne!(repository.get(7).await, after.0);
            assert_ne!(by_name("acme".into(), "user 7").await, name);
            assert_eq!((Repository::count().await, repository.saved), (after.1, 1));
        })
        .await;
}

trait Native {
    fn save(&self, id: u64) -> impl Future<Output = Result<u64, Failed>> + Send;
}

#[async_trait]
trait Boxed {
    async fn store(&self, id: UserId) -> Result<UserId, Failed>;
}

impl Native for Repository {
    #[redis_invalidates(by_number(id))]
    async fn save(&self, id: u64) -> Result<u64, Failed> {
        Ok(id)
    }
}

#[async_trait]
impl Boxed for Repository {
    #[redis_invalidates(by_id(id), by_number(ret.0))]
    async fn store(&self, id: UserId) -> Result<UserId, Failed> {
        tokio::task::yield_now().await;
        Ok(id)
    }
}

#[tokio::test]
async fn methods_of_traits_invalidate() {
    let cache = Cache::memory();
    let repository = Repository { cache: cache.clone(), tenant: String::new(), saved: 0 };
    let calls = async {
        let before = (by_number(8).await, by_id(UserId(8)).await);
        cache.flush().await.unwrap();
        Native::save(&repository, 8).await.unwrap();
        let between = (by_number(8).await, by_id(UserId(8)).await);
        assert!(between.0 != before.0 && between.1 == before.1);
        cache.flush().await.unwrap();
        repository.store(UserId(8)).await.unwrap();
        assert!(by_number(8).await != between.0 && by_id(UserId(8)).await != between.1);
    };
    cache.scope(calls).await;
}

#[redis_invalidates(of::<T, K>(key), of::<u8, UserId>(UserId(1)))]
async fn forget<T: Send + Sync, K: KeyPart + Send + Sync>(key: K) {
    let _ = key;
}

#[tokio::test]
async fn generic_functions_name_their_parameters() {
    let cache = Cache::memory();
    let calls = async {
        let of_three =
            async || [of::<u8, _>(5_u64).await, of::<u16, _>(5_u64).await, of::<u8, _>(UserId(1)).await];
        let before = of_three().await;
        cache.flush().await.unwrap();
        forget::<u16, u64>(5).await;
        let after = of_three().await;
        assert_eq!([0, 1, 2].map(|at| before[at] == after[at]), [true, false, false]);
    };
    cache.scope(calls).await;
}

#[redis_invalidates(entry(elsewhere::named(&ids)), by_number(ids[0]), by_number(*ret))]
fn forget_blocking(ids: Vec<u64>) -> u64 {
    if ids.len() > 1 {
        return ids[1];
    }
    ids.into_iter().sum::<u64>() + 1
}

#[test]
fn blocking_functions_invalidate_and_return_early() {
    let server = RedisServer::start();
    for cache in [Cache::builder().url(server.url()).connect_lazy().unwrap(), Cache::memory()] {
        cache.sync_scope(|| {
            for ids in [&[1, 2][..], &[1]] {
                elsewhere::named(ids).blocking().put(&0).unwrap();
                [1, 2, 3].iter().for_each(|id| by_number_entry(*id).blocking().put(&0).unwrap());
                assert_eq!(forget_blocking(ids.to_vec()), 2);
                assert_eq!(elsewhere::named(ids).blocking().get().unwrap(), None);
                let left = [1, 2, 3].map(|id| by_number_entry(id).blocking().get().unwrap());
                assert_eq!(left, [None, None, Some(0)]);
            }
        });
    }
}

#[redis_invalidates(by_number(id), before, on_error)]
async fn careful(id: u64, during: &Mutex<Option<Option<u64>>>) -> Result<(), Failed> {
    let found = by_number_entry(id).get().await.unwrap();
    *during.lock().unwrap() = Some(found);
    by_number_entry(id).put(&1).await.unwrap();
    Err(Failed("careful"))
}

#[tokio::test]
async fn before_and_on_error_add_to_when_it_is_done() {
    within_both(async |_| {
        by_number_entry(9).put(&0).await.unwrap();
        let during = Mutex::new(None);
        assert_eq!(careful(9, &during).await, Err(Failed("careful")));
        assert_eq!(during.into_inner().unwrap(), Some(None), "removed before the body");
        assert_eq!(by_number_entry(9).get().await.unwrap(), None, "removed after the error");
    })
    .await;
}

#[redis_invalidates(by_number(id), tag("org:<org.name>:<ret>:<id>"), tag("everything"))]
fn tagged(id: u64, org: User) -> u32 {
    drop(org);
    u32::MAX
}

#[tokio::test]
async fn tags_are_keys_under_the_caches_prefix() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).prefix("shop:").connect().await.unwrap();
    let monitor = server.monitor();
    cache.sync_scope(|| tagged(3, user(4)));
    let commands = monitor.commands();
    let sent = commands.iter().find(|command| command.name() == "UNLINK").unwrap();
    assert_eq!(
        sent.args(),
        [
            r"shop:\x01tags",
            "shop:by-number:3",
            r"shop:\x01tag:everything",
            r"shop:\x01tag:org:user 4:4294967295:3"
        ]
    );
}

#[tokio::test]
async fn a_silent_redis_fails_no_call_and_is_told_later() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let entry = cache.sync_scope(|| by_number_entry(77));
    entry.put(&77).await.unwrap();
    server.pause();
    assert_eq!(cache.scope(rename(77, "acme".into(), "ann", false)).await, Ok("ann".to_owned()));
    let stats = cache.stats();
    assert_eq!(stats.pending_invalidations, 3);
    assert_eq!(stats.functions.iter().map(|function| function.store_errors).sum::<u64>(), 3);
    server.resume();
    settled(&cache).await;
    assert_eq!(cache.stats().retried_invalidations, 3);
    assert_eq!(server.query::<usize>(&["EXISTS", "by-number:77"]), 0);
}

#[derive(Debug, PartialEq)]
enum Strictly {
    Failed,
    Cache(redis_cached::ErrorKind),
}

impl From<redis_cached::Error> for Strictly {
    fn from(error: redis_cached::Error) -> Self {
        Self::Cache(error.kind())
    }
}

#[redis_invalidates(by_number(id), strict)]
async fn strictly(id: u64, fails: bool) -> Result<u64, Strictly> {
    if fails { Err(Strictly::Failed) } else { Ok(id) }
}

#[redis_invalidates(by_number(id), before, strict)]
fn strictly_before(id: u64, ran: &AtomicBool) -> Result<u64, Strictly> {
    ran.store(true, Ordering::SeqCst);
    Ok(id)
}

#[redis_updates(by_number(id), strict)]
async fn strictly_written(id: u64) -> Result<u64, Strictly> {
    Ok(id)
}

#[tokio::test]
async fn a_strict_writer_fails_where_its_invalidation_does_and_retries_it_all_the_same() {
    let server = RedisServer::start();
    let cache =
        Cache::builder().url(server.url()).deadline(Duration::from_millis(100)).connect_lazy().unwrap();
    let ran = AtomicBool::new(false);
    assert_eq!(cache.scope(strictly(78, false)).await, Ok(78));
    assert_eq!(cache.scope(strictly_written(79)).await, Ok(79));
    assert_eq!(cache.sync_scope(|| strictly_before(80, &ran)), Ok(80));
    assert!(ran.swap(false, Ordering::SeqCst));
    server.pause();
    let timeout = Err(Strictly::Cache(redis_cached::ErrorKind::Timeout));
    assert_eq!(cache.scope(strictly(78, false)).await, timeout);
    // An error of its own is what it returns, and nothing was to be invalidated.
    assert_eq!(cache.scope(strictly(78, true)).await, Err(Strictly::Failed));
    let written = cache.scope(strictly_written(79)).await;
    assert!(matches!(written, Err(Strictly::Cache(_))), "{written:?}");
    let before = cache.sync_scope(|| strictly_before(80, &ran));
    assert!(matches!(before, Err(Strictly::Cache(_))), "{before:?}");
    assert!(!ran.load(Ordering::SeqCst), "the body ran after its entry could not be invalidated");
    assert_eq!(cache.stats().pending_invalidations, 3);
    server.resume();
    settled(&cache).await;
    assert_eq!(server.query::<usize>(&["EXISTS", "by-number:79"]), 0);
}

async fn settled(cache: &Cache) {
    for _ in 0..500 {
        if cache.stats().pending_invalidations == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never settled: {}", cache.stats());
}

#[redis_invalidates(by_number(id))]
async fn slow(id: u64, began: oneshot::Sender<()>, panics: bool) -> u64 {
    began.send(()).unwrap();
    assert!(!panics, "as asked");
    std::future::pending().await
}

#[tokio::test]
async fn a_call_that_ends_midway_invalidates_in_the_background() {
    let (_server, caches) = both().await;
    for cache in caches {
        for panics in [false, true] {
            let entry = cache.sync_scope(|| by_number_entry(5));
            entry.put(&0).await.unwrap();
            let (began, has_begun) = oneshot::channel();
            let call = tokio::spawn({
                let cache = cache.clone();
                async move { cache.scope(slow(5, began, panics)).await }
            });
            has_begun.await.unwrap();
            call.abort();
            assert!(call.await.is_err());
            settled(&cache).await;
            cache.flush().await.unwrap();
            assert_eq!(entry.get().await.unwrap(), None);
        }
    }
}

/// The first attribute is the innermost: these two run in this order, and the entry of the second is told apart.
#[redis_invalidates(by_number(id))]
#[redis_cached(ttl = 600, key = "inside:<id>")]
async fn inside(id: u64) -> u64 {
    tick() + id
}

#[redis_cached(ttl = 600, key = "outside:<id>")]
#[redis_invalidates(by_number(id))]
#[tracing::instrument]
async fn outside(id: u64) -> u64 {
    tick() + id
}

#[tokio::test]
async fn the_order_of_the_attributes_says_whether_a_hit_invalidates() {
    let cache = Cache::memory();
    let calls = async {
        for (first, second, on_hit) in
            [(inside(1).await, inside(1).await, false), (outside(1).await, outside(1).await, true)]
        {
            assert_eq!(first, second);
            by_number_entry(1).put(&0).await.unwrap();
            let again = if on_hit { outside(1).await } else { inside(1).await };
            assert_eq!(again, first);
            assert_eq!(by_number_entry(1).get().await.unwrap().is_none(), on_hit);
        }
    };
    cache.scope(calls).await;
}

#[test]
fn futures_are_still_send() {
    fn check<T: Send>(_: &T) {}
    check(&rename(1, String::new(), "", false));
    check(&forget::<u8, u64>(1));
    let mut repository = Repository { cache: Cache::memory(), tenant: String::new(), saved: 0 };
    check(&repository.save(1));
    check(&Native::save(&repository, 1));
    check(&repository.store(UserId(1)));
    check(&repository.create(String::new(), user(1)));
}
