//! Making a cache, and choosing one.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use redis_cached::{Cache, ErrorKind, redis_cached};
use redis_cached_test_support::{Given, RedisServer};

use crate::log_recorder::{is_alone_with, record, warnings};

#[redis_cached(ttl = 60, key = "which", skip(answer))]
async fn which(answer: &'static str) -> String {
    answer.into()
}

#[redis_cached(ttl = 60, key = "second", skip(answer))]
async fn second(answer: &'static str) -> String {
    answer.into()
}

async fn refused(url: &str) -> redis_cached::Error {
    let began = Given::now();
    let error = Cache::connect(url).await.expect_err("it connected");
    // Generous: what is checked is that it does not hang.
    assert!(began.elapsed() < Duration::from_secs(20));
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("pa55word"), "{shown}");
    error
}

#[tokio::test]
async fn connect_takes_every_form_of_url() {
    let server = RedisServer::builder().unix_socket(true).password("pa55word").start();
    let port = server.port();
    for url in [
        format!("redis://:pa55word@127.0.0.1:{port}"),
        format!("redis://default:pa55word@127.0.0.1:{port}/2"),
        format!("redis://:pa55word@127.0.0.1:{port}/0?protocol=resp2"),
        format!(" VALKEY://:pa55%77ord@127.0.0.1:{port}?db=4\n"),
        server.unix_url(),
        "memory://".into(),
    ] {
        let cache = Cache::connect(url).await.unwrap();
        assert_eq!(cache.scope(which("it")).await, "it");
        assert_eq!(cache.stats().functions[0].store_errors, 0);
    }
    let keys: Vec<String> = server.query(&["KEYS", "*"]);
    assert_eq!(keys, ["which"]);
    let keyspace: String = server.query(&["INFO", "keyspace"]);
    for database in ["db0:", "db2:", "db4:"] {
        assert!(keyspace.contains(database), "{keyspace}");
    }
}

#[tokio::test]
async fn a_password_may_contain_anything_and_is_shown_nowhere() {
    for (password, encoded) in
        [("protocol=resp2", "protocol=resp2"), ("/?#@:%+&=", "%2F%3F%23%40%3A%25%2B%26%3D")]
    {
        let server = RedisServer::start();
        server.cli(&["ACL", "SETUSER", "app", "on", &format!(">{password}"), "~*", "+@all"]);
        let url = |user: &str| format!("redis://{user}:{encoded}@127.0.0.1:{}", server.port());
        let builder = Cache::builder().url(url("app"));
        let cache = builder.clone().connect().await.unwrap();
        assert_eq!(cache.scope(which("it")).await, "it");
        let wrong = builder.clone().url(url("nobody"));
        let error = wrong.clone().connect().await.unwrap_err();
        for shown in [format!("{builder:?} {wrong:?} {cache:?}"), format!("{error} {error:?}")] {
            assert!(!shown.contains(password) && !shown.contains(encoded), "{shown}");
        }
    }
}

/// Not all of them: the parser has a table of its own.
#[tokio::test]
async fn a_part_of_a_url_that_is_not_understood_is_an_error_that_names_it() {
    for (url, says) in [
        ("redis://127.0.0.1?timeout=3", "`timeout`"),
        ("redis://127.0.0.1?protocl=resp2", "`protocol`"),
        ("redis://127.0.0.1#5", "#"),
        ("redis://:pa55/word@127.0.0.1", "percent-encode"),
        ("localhost:6379", "`redis://localhost:6379`"),
    ] {
        for error in [
            refused(url).await,
            Cache::builder().url(url).connect_lazy().unwrap_err(),
            Cache::builder().url(url).connect().await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Url, "{url}");
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}

#[tokio::test]
async fn a_redis_url_that_cannot_be_used_is_logged_once_and_every_call_computes() {
    const NAME: &str = "cache::a_redis_url_that_cannot_be_used_is_logged_once_and_every_call_computes";
    for url in [&b""[..], b"localhost:6379", b"redis://:pa55w\xfford@host", b"redis://:pa55/word@host"] {
        if !is_alone_with(NAME, "REDIS_URL", OsStr::from_bytes(url)) {
            continue;
        }
        record();
        for answer in ["one", "two", "three"] {
            assert_eq!(which(answer).await, answer);
            assert_eq!(second(answer).await, answer);
        }
        assert_eq!(second_entry().get().await.unwrap_err().kind(), ErrorKind::Url);
        let said = warnings("");
        assert!(said.len() == 1 && said[0].starts_with("REDIS_URL: "), "{said:#?}");
        assert!(!said[0].contains("pa55"), "{said:#?}");
        return;
    }
}

#[tokio::test]
async fn connect_fails_fast_and_says_why_without_the_password() {
    let server = RedisServer::builder().password("right").start();
    let address = format!("127.0.0.1:{}", server.port());
    for (url, kind) in [
        ("redis://:pa55word@127.0.0.1:1".into(), ErrorKind::Connection),
        ("redis://:pa55word@no-such-host.invalid".into(), ErrorKind::Connection),
        ("unix:///no/such/socket?pass=pa55word".into(), ErrorKind::Connection),
        (format!("redis://:pa55word@{address}"), ErrorKind::Permission),
        (format!("redis://me:pa55word@{address}"), ErrorKind::Permission),
        (format!("redis://{address}"), ErrorKind::Permission),
        (format!("redis://:pa55word@{address}?protocol=resp2"), ErrorKind::Permission),
        (format!("redis://{address}?protocol=resp2"), ErrorKind::Permission),
        ("http://pa55word".into(), ErrorKind::Url),
        ("redis://:pa55word@host:99999".into(), ErrorKind::Url),
        ("redis+cluster://:pa55word@h1,h2/3".into(), ErrorKind::Url),
        ("redis+cluster://:pa55word@127.0.0.1:1".into(), ErrorKind::Connection),
    ] {
        let error = refused(&url).await;
        assert_eq!(error.kind(), kind, "{url}: {error}");
    }
    let frozen = RedisServer::start();
    frozen.pause();
    assert_eq!(refused(&frozen.url()).await.kind(), ErrorKind::Timeout);
    frozen.resume();
}

#[tokio::test]
async fn connect_lazy_sends_nothing_and_refuses_only_a_bad_url() {
    assert!(Cache::builder().url("redis://127.0.0.1:1").connect_lazy().is_ok());
    let error = Cache::builder().url("nonsense").connect_lazy().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Url);
}

#[tokio::test]
async fn scopes_nest_and_hold_for_their_future_only() {
    let (outer, inner) = (Cache::memory(), Cache::memory());
    outer
        .scope(async {
            assert_eq!(which("outer").await, "outer");
            inner.scope(async { assert_eq!(which("inner").await, "inner") }).await;
            assert_eq!(which("never run").await, "outer");
            tokio::task::yield_now().await;
            assert_eq!(inner.sync_scope(|| which_entry().key().to_owned()), "which");
        })
        .await;
    assert_eq!(inner.scope(which("never run")).await, "inner");
    assert_eq!(inner.stats().functions[0].hits, 1);
}

/// The only test of this process that touches the global cache.
#[tokio::test]
async fn the_global_cache_is_set_once() {
    let cache = Cache::memory();
    cache.set_global().unwrap();
    assert_eq!(which("global").await, "global");
    assert_eq!(cache.stats().functions[0].stored, 1);
    assert_eq!(Cache::global().stats(), cache.stats());
    let error = Cache::memory().set_global().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GlobalAlreadySet);
}

#[test]
fn two_runtimes_share_one_cache() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).connect_lazy().unwrap();
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(cache.scope(which("first"))), "first");
    }
    let function = &cache.stats().functions[0];
    assert_eq!((function.hits, function.computes, function.store_errors), (2, 1, 0));
}

/// What a server says to a client that it does not let in, each with what to write.
#[tokio::test]
async fn a_missing_or_wrong_password_says_where_to_put_it() {
    let with = RedisServer::builder().password("right").start();
    with.cli(&["ACL", "SETUSER", "off", "off", ">pa55word", "~*", "+@all"]);
    with.cli(&["ACL", "SETUSER", "little", "on", ">pa55word", "~*", "+hello"]);
    with.cli(&["ACL", "SETUSER", "open", "on", "nopass", "~*", "+@all"]);
    let without = RedisServer::start();
    let (with, without) = (with.port(), without.port());
    for protocol in ["", "?protocol=resp2", "?db=3", "?db=3&protocol=resp2"] {
        for (user, port, says) in [
            ("", with, "wants a password: write `redis://:PASSWORD@HOST`"),
            (":pa55word@", with, "`redis://:PASSWORD@HOST` for a password without a user"),
            ("pa55word@", with, "`redis://:PASSWORD@HOST` for a password without a user"),
            ("me:pa55word@", with, "the user name or the password is wrong"),
            ("off:pa55word@", with, "or the user is disabled"),
            ("little:pa55word@", with, "docs/guarantees.md has the rights"),
            ("me:pa55word@", without, "the user name or the password is wrong"),
        ] {
            let error = refused(&format!("redis://{user}127.0.0.1:{port}{protocol}")).await;
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            assert!(error.to_string().contains(says), "{user}{protocol}: {error}");
            assert!(std::error::Error::source(&error).is_none(), "a reply may repeat what was sent");
        }
        let open = format!("redis://open@127.0.0.1:{with}{protocol}");
        Cache::connect(open).await.unwrap();
    }
    for protocol in ["", "&protocol=resp2"] {
        let error = refused(&format!("redis://127.0.0.1:{without}?db=16{protocol}")).await;
        assert_eq!(error.kind(), ErrorKind::Url);
        assert!(error.to_string().contains("fewer databases"), "{error}");
    }
    let error = refused(&format!("redis://:pa55word@127.0.0.1:{without}?protocol=resp2")).await;
    assert!(error.to_string().contains("the server has no password, and the URL has one"), "{error}");
}

/// A peer that says this to whatever it hears.
fn peer(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(answer);
        }
    });
    port
}

#[tokio::test]
async fn a_peer_that_is_no_redis_is_named() {
    for (answer, says) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>"[..],
            "an HTTP server answers on this port",
        ),
        (b"<html><title>400 Bad Request</title>", "an HTTP server answers on this port"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "use rediss://"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server"),
    ] {
        let port = peer(answer);
        for protocol in ["resp3", "resp2"] {
            let error = refused(&format!("redis://:pa55word@127.0.0.1:{port}?protocol={protocol}")).await;
            assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
