//! `conditional`: the body sees an older value, and may say that its source has no newer one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_cached::{FunctionStats, StaleValue, redis_cached};
use serde::{Deserialize, Serialize};

use crate::faults::wait_until;
use crate::{TestCache, within_both};

const TTL: Duration = Duration::from_millis(400);
const PAST: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Page {
    etag: u64,
    text: String,
}

/// A server that is asked by `ETag`.
#[derive(Clone, Default)]
struct Server {
    etag: Arc<AtomicU64>,
    not_modified: Arc<AtomicU64>,
    whole: Arc<AtomicU64>,
}

impl Server {
    fn page(&self, old: Option<StaleValue<Page>>) -> Page {
        let etag = self.etag.load(Ordering::SeqCst);
        match old {
            Some(old) if old.etag == etag => {
                self.not_modified.fetch_add(1, Ordering::SeqCst);
                old.not_modified()
            }
            _ => {
                self.whole.fetch_add(1, Ordering::SeqCst);
                Page { etag, text: "text".to_owned() }
            }
        }
    }

    fn change(&self) {
        self.etag.fetch_add(1, Ordering::SeqCst);
    }

    /// Answers without a page, and with one.
    fn answers(&self) -> (u64, u64) {
        (self.not_modified.load(Ordering::SeqCst), self.whole.load(Ordering::SeqCst))
    }
}

#[redis_cached(ttl = TTL, stale_if_error = "1m", conditional = old, key = "conditional:<id>", skip(server), tags = ["page:<id>"])]
async fn page(server: &Server, id: u64) -> Result<Page, String> {
    _ = id;
    Ok(server.page(old))
}

#[redis_cached(ttl = TTL, stale_while_revalidate = "1m", conditional = old, key = "conditional in background:<id>", skip(server))]
async fn in_background(server: &Server, id: u64) -> Page {
    _ = id;
    server.page(old)
}

#[redis_cached(ttl = TTL, stale_if_error = "1m", conditional = old, key = "conditional blocking", skip(server), codec = Json, compress = Zstd)]
fn blocking(server: &Server) -> Page {
    server.page(old)
}

/// Calls another, which is not to be given what is its own.
#[redis_cached(ttl = TTL, stale_if_error = "1m", conditional = old, key = "conditional outer", skip(server))]
async fn outer(server: &Server) -> Page {
    let mut inner = page(server, 77).await.unwrap();
    inner.text = "outer".to_owned();
    match old {
        Some(old) if old.etag == inner.etag => old.not_modified(),
        _ => inner,
    }
}

fn of(cache: &TestCache, name: &str) -> FunctionStats {
    let functions = cache.stats().functions;
    functions.into_iter().find(|function| function.function.ends_with(name)).unwrap()
}

#[tokio::test]
async fn an_entry_that_is_not_modified_is_renewed() {
    within_both(async |cache| {
        let server = Server::default();
        let first = page(&server, 1).await.unwrap();
        for renewed in 1..4 {
            cache.pass(PAST).await;
            assert_eq!(page(&server, 1).await.unwrap(), first);
            cache.flush().await.unwrap();
            assert_eq!(server.answers(), (renewed, 1));
            // It is fresh again, by a clock that waits for nobody.
            if cache.clock.is_some() {
                let found = page_entry(1).lookup().await.unwrap().unwrap();
                assert!(!found.is_stale && found.age < Some(PAST), "{found:?}");
                assert_eq!(page(&server, 1).await.unwrap(), first);
            }
        }
        let stats = of(cache, "::page");
        assert_eq!((stats.confirmed, stats.stored, stats.computes), (3, 1, 4), "{stats:?}");
        assert_eq!(stats.hits, if cache.clock.is_some() { 3 } else { 0 }, "{stats:?}");
        cache.pass(PAST).await;
        server.change();
        assert_eq!(page(&server, 1).await.unwrap().etag, 1);
        cache.flush().await.unwrap();
        assert_eq!(page_entry(1).get().await.unwrap().unwrap().etag, 1);
        assert_eq!(of(cache, "::page").stored, 2);
    })
    .await;
}

#[tokio::test]
async fn what_is_gone_meanwhile_is_not_renewed() {
    within_both(async |cache| {
        let server = Server::default();
        for way in 0..2 {
            page(&server, 2).await.unwrap();
            cache.pass(PAST).await;
            page(&server, 2).await.unwrap();
            match way {
                0 => page_entry(2).invalidate().await.unwrap(),
                _ => cache.invalidate_tag("page:2").await.unwrap(),
            }
            cache.flush().await.unwrap();
            assert_eq!(page_entry(2).get().await.unwrap(), None);
        }
        assert_eq!(server.answers(), (2, 2));
    })
    .await;
}

#[tokio::test]
async fn so_is_one_that_is_refreshed_in_the_background() {
    within_both(async |cache| {
        let server = Server::default();
        let first = in_background(&server, 1).await;
        cache.pass(PAST).await;
        assert_eq!(in_background(&server, 1).await, first);
        wait_until(|| of(cache, "::in_background").confirmed == 1).await;
        if cache.clock.is_some() {
            assert!(!in_background_entry(1).lookup().await.unwrap().unwrap().is_stale);
        }
        assert_eq!(server.answers(), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn blocking_functions_and_other_codecs_do_the_same() {
    within_both(async |cache| {
        let server = Server::default();
        let first = blocking(&server);
        cache.pass(PAST).await;
        assert_eq!(blocking(&server), first);
        assert_eq!(server.answers(), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_function_within_another_sees_its_own_older_value() {
    within_both(async |cache| {
        let server = Server::default();
        for _ in 0..3 {
            assert_eq!(outer(&server).await.text, "outer");
            cache.pass(PAST).await;
        }
        assert_eq!(page_entry(77).get().await.unwrap().unwrap().text, "text");
        assert_eq!(
            (of(cache, "::outer").confirmed, of(cache, "::outer").stored),
            (2, 1),
            "{}",
            cache.stats()
        );
        assert_eq!(server.answers(), (2, 1));
    })
    .await;
}

/// Who asks for a fresh value does not ask whether the old one is.
#[tokio::test]
async fn a_bypass_shows_nothing_older() {
    within_both(async |cache| {
        let server = Server::default();
        page(&server, 3).await.unwrap();
        cache.flush().await.unwrap();
        cache.bypass(page(&server, 3)).await.unwrap();
        assert_eq!(server.answers(), (0, 2));
    })
    .await;
}
