//! `finish_in_background`: what a call computes goes on when its caller has gone away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, redis_cached};

use crate::{Failed, both};

#[derive(Clone, Default)]
struct Work {
    begun: Arc<AtomicUsize>,
}

impl Work {
    async fn run(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    #[redis_cached(ttl = 60, key = "method:<id>", skip(self), finish_in_background = true)]
    async fn method(&self, id: u64) -> Option<u64> {
        self.run().await;
        Some(id)
    }
}

#[redis_cached(ttl = 60, key = "dropped:<id>", skip(work))]
async fn dropped(work: &Work, id: u64) -> u64 {
    work.run().await;
    id
}

#[redis_cached(ttl = 60, key = "finished:<name>", skip(work), finish_in_background = true)]
async fn finished(work: &Work, name: &str) -> Result<usize, Failed> {
    work.run().await;
    if name == "fails" { Err(Failed("the function")) } else { Ok(name.len()) }
}

#[redis_cached(
    ttl = "100ms",
    key = "both:<id>",
    skip(work),
    finish_in_background = true,
    stale_while_revalidate = 60
)]
async fn with_both(work: Work, id: u64) -> u64 {
    work.run().await;
    id
}

/// A client that waits for a third of what the function takes.
async fn gives_up<T>(cache: &Cache, call: impl Future<Output = T>) {
    let call = tokio::time::timeout(Duration::from_millis(100), cache.scope(call));
    assert!(call.await.is_err(), "it is not patient enough");
}

/// Until what was begun is stored.
async fn settled(cache: &Cache) {
    tokio::time::sleep(Duration::from_millis(400)).await;
    cache.flush().await.unwrap();
}

#[tokio::test]
async fn six_clients_that_give_up_leave_a_value() {
    let (_server, caches) = both().await;
    for cache in caches {
        let work = Work::default();
        let calls: Vec<_> = (0..6)
            .map(|_| {
                let (cache, work) = (cache.clone(), work.clone());
                tokio::spawn(async move { gives_up(&cache, finished(&work, "six")).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        settled(&cache).await;
        assert_eq!(cache.scope(finished(&work, "six")).await, Ok(3));
        assert_eq!(work.begun(), 1);

        gives_up(&cache, dropped(&work, 1)).await;
        settled(&cache).await;
        assert_eq!(
            cache.scope(async { dropped_entry(1).get().await }).await.unwrap(),
            None,
            "without the option it ends"
        );
    }
}

#[tokio::test]
async fn so_do_those_of_a_method_and_with_a_refresh() {
    let (_server, caches) = both().await;
    for cache in caches {
        let work = Work::default();
        tokio::join!(gives_up(&cache, work.method(1)), gives_up(&cache, with_both(work.clone(), 1)));
        settled(&cache).await;
        assert_eq!(cache.scope(work.method(1)).await, Some(1));
        // By now past its time, and refreshed.
        assert_eq!(cache.scope(with_both(work.clone(), 1)).await, 1);
        settled(&cache).await;
        assert_eq!(work.begun(), 3);
    }
}

#[tokio::test]
async fn who_stays_gets_the_value_or_the_error() {
    let (_server, caches) = both().await;
    for cache in caches {
        let work = Work::default();
        let calls =
            async { tokio::join!(finished(&work, "stays"), gives_up(&cache, finished(&work, "stays"))).0 };
        assert_eq!(cache.scope(calls).await, Ok(5));
        assert_eq!(work.begun(), 1);
        assert_eq!(cache.scope(finished(&work, "fails")).await, Err(Failed("the function")));
    }
}

#[redis_cached(ttl = 60, key = "panics:<id>", finish_in_background = true)]
async fn panics(id: u64) -> u64 {
    assert!(id > 1, "the function panics");
    id
}

#[tokio::test]
async fn a_panic_reaches_the_caller() {
    let (_server, caches) = both().await;
    for cache in caches {
        let call = tokio::spawn(async move { cache.scope(panics(1)).await });
        let panic = call.await.unwrap_err().into_panic();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"the function panics"));
    }
}

#[redis_cached(ttl = 60, key = "inner:<id>")]
async fn inner(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "outer:<id>", finish_in_background = true)]
async fn outer(id: u64) -> u64 {
    // For its own key too, which it must not wait for.
    if id > 10 { inner(id).await } else { Box::pin(outer_again(id)).await }
}

#[redis_cached(ttl = 60, key = "outer:<id>", finish_in_background = true)]
async fn outer_again(id: u64) -> u64 {
    inner(id).await
}

#[tokio::test]
async fn it_is_within_the_scopes_and_the_calls_of_its_caller() {
    let (_server, caches) = both().await;
    for cache in caches {
        assert_eq!(cache.scope(outer(11)).await, 11);
        let call = tokio::time::timeout(Duration::from_secs(4), cache.scope(outer(7)));
        assert_eq!(call.await.expect("it waits for itself"), 7);
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(async { inner_entry(11).get().await }).await.unwrap(), Some(11));
        assert_eq!(cache.scope(async { inner_entry(7).get().await }).await.unwrap(), Some(7));
        cache.scope(async { inner_entry(11).put(&12).await }).await.unwrap();
        assert_eq!(Box::pin(cache.bypass(cache.scope(outer(11)))).await, 11);
    }
}

#[tokio::test]
async fn more_than_64_run_as_long_as_their_callers_wait() {
    let (_server, caches) = both().await;
    for cache in caches {
        let work = Work::default();
        let names: Vec<String> = (0..80).map(|number| format!("{number}")).collect();
        let calls: Vec<_> = names
            .iter()
            .map(|name| {
                let (cache, work, name) = (cache.clone(), work.clone(), name.clone());
                tokio::spawn(async move { cache.scope(finished(&work, &name)).await })
            })
            .collect();
        while work.begun() < 80 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        settled(&cache).await;
        let stats = cache.stats();
        assert_eq!(stats.functions[0].stored, 64, "{stats}");
    }
}

#[test]
fn without_a_runtime_too() {
    let cache = Cache::memory();
    let work = Work::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // Without I/O, so that the library's own runs it.
    assert_eq!(runtime.block_on(cache.scope(finished(&work, "elsewhere"))), Ok(9));
}
