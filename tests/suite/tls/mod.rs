//! `rediss://`: real servers, with certificates that the tests issue.

mod certificates;
mod errors;
mod life;
mod options;

use std::time::Duration;

use redis_cached::{Cache, CacheBuilder, redis_cached};
use redis_cached_test_support::{Authority, Identity, RedisServer};

use crate::{User, user};

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn get_user(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, key = "blocking:<id>")]
fn get_user_blocking(id: u64) -> User {
    user(id)
}

#[redis_cached(ttl = 60, local = "1m", key = "kept:<id>")]
async fn kept(id: u64) -> User {
    user(id)
}

fn serve(identity: &Identity) -> RedisServer {
    RedisServer::builder().tls(identity).start()
}

/// Who trusts `authority` alone.
fn trusting(authority: &Authority, url: impl Into<String>) -> CacheBuilder {
    Cache::builder().url(url).tls_ca(authority.pem()).deadline(Duration::from_secs(10))
}

/// A value is stored, and served from there by whoever comes next.
async fn assert_works(cache: &Cache) {
    let entry = cache.sync_scope(|| get_user_entry(7));
    cache.scope(get_user(7)).await;
    cache.flush().await.unwrap();
    assert_eq!(entry.get().await.unwrap(), Some(user(7)));
    entry.invalidate().await.unwrap();
    assert_eq!(entry.get().await.unwrap(), None);
}

#[tokio::test]
async fn values_are_stored_and_served() {
    let authority = Authority::new();
    let server = serve(&authority.issue());
    for url in [server.tls_url(), format!("valkeys://localhost:{}/2", server.tls_port())] {
        let cache = trusting(&authority, url).connect().await.unwrap();
        assert_works(&cache).await;
    }
}

#[tokio::test]
async fn a_password_and_a_database_are_used() {
    let authority = Authority::new();
    let server = RedisServer::builder().tls(&authority.issue()).password("secret").start();
    let cache = trusting(&authority, format!("{}/3", server.tls_url())).connect().await.unwrap();
    cache.scope(get_user(1)).await;
    cache.flush().await.unwrap();
    assert_eq!(server.query::<Vec<String>>(&["KEYS", "*"]), Vec::<String>::new());
    let keys: String = server.query(&["INFO", "keyspace"]);
    assert!(keys.contains("db3:keys=1"), "{keys}");
}

#[test]
fn blocking_functions_are_served() {
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let cache = trusting(&authority, server.tls_url()).connect_lazy().unwrap();
    cache.sync_scope(|| {
        assert_eq!((get_user_blocking(3), get_user_blocking(3)), (user(3), user(3)));
        assert_eq!(get_user_blocking_entry(3).blocking().get().unwrap(), Some(user(3)));
    });
    assert_eq!(cache.stats().functions[0].hits, 1);
}

/// The connection on which Redis tells of changes.
#[tokio::test]
async fn values_are_kept_in_the_process_until_they_change() {
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let process = || trusting(&authority, server.tls_url()).connect_lazy().unwrap();
    let (one, other) = (process(), process());
    let local_hits = || one.stats().functions.iter().map(|function| function.local_hits).sum::<u64>();
    crate::faults::wait_until_async(async || {
        one.scope(kept(1)).await;
        local_hits() > 0
    })
    .await;
    other.sync_scope(|| kept_entry(1)).put(&user(99)).await.unwrap();
    crate::faults::wait_until_async(async || one.scope(kept(1)).await == user(99)).await;
}

/// Requests and answers of many records each.
#[tokio::test]
async fn large_values_and_many_callers_are_served() {
    #[redis_cached(ttl = 60, key = "large:<id>")]
    async fn large(id: u64) -> String {
        format!("{id:03}").repeat(10_000 * (1 + usize::try_from(id % 3).unwrap()))
    }
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let cache = trusting(&authority, server.tls_url()).connect().await.unwrap();
    for _ in 0..2 {
        let call = |id| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.scope(large(id)).await })
        };
        for (id, call) in (0..).zip((0..64).map(call).collect::<Vec<_>>()) {
            assert!(call.await.unwrap() == format!("{id:03}").repeat(10_000 * (1 + id % 3)), "{id}");
        }
        cache.flush().await.unwrap();
    }
    let stats = cache.stats();
    assert_eq!((stats.functions[0].hits, stats.functions[0].computes), (64, 64), "{stats}");
}

/// The library names its own cryptography: nothing else would be found where a program has installed none, or several are
/// compiled in, and what it has installed may not do.
#[test]
fn what_the_program_has_installed_does_not_matter() {
    if !crate::log_recorder::is_alone("tls::what_the_program_has_installed_does_not_matter") {
        return;
    }
    let useless = rustls::crypto::CryptoProvider {
        cipher_suites: Vec::new(),
        kx_groups: Vec::new(),
        ..rustls::crypto::ring::default_provider()
    };
    useless.install_default().unwrap();
    let authority = Authority::new();
    let server = serve(&authority.issue());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..2 {
            assert_works(&trusting(&authority, server.tls_url()).connect().await.unwrap()).await;
        }
    });
}
