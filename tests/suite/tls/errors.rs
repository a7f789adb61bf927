//! Each way in which TLS fails has a kind and says what to do.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use redis_cached::{Cache, CacheBuilder, ErrorKind};
use redis_cached_test_support::{Authority, RedisServer};

use super::{serve, trusting};

const DAY: Duration = Duration::from_secs(86_400);

async fn assert_fails(builder: CacheBuilder, kind: ErrorKind, parts: &[&str]) {
    let error = builder.connect_timeout(Duration::from_secs(5)).connect().await.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let message = error.to_string();
    assert!(message.starts_with("cannot connect to "), "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[tokio::test]
async fn a_ca_that_is_not_trusted() {
    let server = serve(&Authority::new().issue());
    let parts = ["was issued by a CA that is not trusted here", "`CacheBuilder::tls_ca`"];
    assert_fails(trusting(&Authority::new(), server.tls_url()), ErrorKind::Tls, &parts).await;
    assert_fails(Cache::builder().url(server.tls_url()), ErrorKind::Tls, &parts).await;
}

/// As after a script that makes everything anew has run again.
#[tokio::test]
async fn a_ca_of_the_name_of_one_that_is_trusted() {
    let server = serve(&Authority::named("our CA").issue());
    let parts = ["names a trusted CA and was not signed by it", "made anew", "`CacheBuilder::tls_ca`"];
    assert_fails(trusting(&Authority::named("our CA"), server.tls_url()), ErrorKind::Tls, &parts).await;
}

#[tokio::test]
async fn a_certificate_out_of_its_time() {
    let (authority, now) = (Authority::new(), SystemTime::now());
    let expired = serve(&authority.issue_within(&["127.0.0.1"], now - 9 * DAY, now - 3 * DAY));
    let parts = ["certificate expired 3 days ago", "renew it", "clock"];
    assert_fails(trusting(&authority, expired.tls_url()), ErrorKind::Tls, &parts).await;
    let early = serve(&authority.issue_within(&["127.0.0.1"], now + 90 * DAY / 24, now + 9 * DAY));
    let parts = ["is not valid for another 3 days", "clock"];
    assert_fails(trusting(&authority, early.tls_url()), ErrorKind::Tls, &parts).await;
}

#[tokio::test]
async fn a_certificate_of_another_name() {
    let authority = Authority::new();
    let server = serve(&authority.issue_for(&["cache.example.test", "10.0.0.7"]));
    let parts = ["is for cache.example.test, 10.0.0.7, not for 127.0.0.1", "`CacheBuilder::tls_server_name`"];
    assert_fails(trusting(&authority, server.tls_url()), ErrorKind::Tls, &parts).await;
    let url = format!("rediss://localhost:{}", server.tls_port());
    assert_fails(trusting(&authority, url), ErrorKind::Tls, &["not for localhost"]).await;
    let named = trusting(&authority, server.tls_url()).tls_server_name("other.test");
    assert_fails(named, ErrorKind::Tls, &["not for other.test"]).await;
}

#[tokio::test]
async fn a_certificate_without_any_name_and_one_of_a_ca() {
    let authority = Authority::new();
    let nameless = serve(&authority.issue_for(&[]));
    let parts = ["has no subject alternative name", "its common name does not count", "again for 127.0.0.1"];
    assert_fails(trusting(&authority, nameless.tls_url()), ErrorKind::Tls, &parts).await;
    let itself = serve(&authority.as_server());
    assert_fails(trusting(&authority, itself.tls_url()), ErrorKind::Tls, &["`CA:TRUE`", "`CA:FALSE`"]).await;
}

/// In TLS 1.3 the handshake is over for a client before the server has looked at its certificate. Often, because what the server
/// says then races with what it does not read any more.
#[tokio::test]
async fn a_server_that_wants_another_certificate_or_any() {
    let (authority, clients) = (Authority::new(), Authority::new());
    for version in ["TLSv1.2", "TLSv1.3"] {
        let server = RedisServer::builder()
            .tls(&authority.issue())
            .tls_clients_of(clients.pem())
            .arg("--tls-protocols")
            .arg(version)
            .start();
        let stranger = Authority::new().issue_for(&["a stranger"]);
        for _ in 0..30 {
            let none = trusting(&authority, server.tls_url());
            assert_fails(
                none,
                ErrorKind::Tls,
                &["requires a client certificate", "`CacheBuilder::tls_client`"],
            )
            .await;
            let other =
                trusting(&authority, server.tls_url()).tls_client(&stranger.certificate, &stranger.key);
            assert_fails(other, ErrorKind::Tls, &["the server rejected the client certificate", "UnknownCA"])
                .await;
        }
    }
}

#[tokio::test]
async fn no_version_in_common() {
    let authority = Authority::new();
    let server = RedisServer::builder().tls(&authority.issue());
    // OpenSSL refuses to speak it in earnest, unless it is told to be careless.
    let server =
        server.arg("--tls-protocols").arg("TLSv1.1").arg("--tls-ciphers").arg("ALL:@SECLEVEL=0").start();
    let parts = ["neither TLS 1.2 nor TLS 1.3", "`tls-protocols`"];
    assert_fails(trusting(&authority, server.tls_url()), ErrorKind::Tls, &parts).await;
}

/// Redis takes a greeting in TLS for a line that has not ended yet, and other servers say something else.
#[tokio::test]
async fn tls_where_none_is_spoken() {
    let server = RedisServer::start();
    let cache =
        || Cache::builder().tls_insecure_accept_any_certificate().connect_timeout(Duration::from_millis(500));
    let error = cache().url(server.url().replace("redis://", "rediss://")).connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(
        error.to_string().contains("TLS handshake") && error.to_string().contains("use redis://"),
        "{error}"
    );
    let error = cache().url(peer(b"HTTP/1.1 400 Bad Request\r\n\r\n")).connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("the server's answer is not TLS"), "{error}");
    let error = cache().url(peer(b"")).connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(
        error.to_string().contains("the server closed the connection during the TLS handshake"),
        "{error}"
    );
}

/// The URL of a server that says this to whatever it is greeted with, and closes the connection.
fn peer(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4_096]).unwrap();
        stream.write_all(answer).unwrap();
    });
    format!("rediss://127.0.0.1:{port}")
}

#[tokio::test]
async fn plain_text_where_tls_is_spoken() {
    let server = serve(&Authority::new().issue());
    let url = server.tls_url().replace("rediss://", "redis://");
    assert_fails(
        Cache::builder().url(&url),
        ErrorKind::Connection,
        &["during the greeting", "use rediss://"],
    )
    .await;
    let resp2 = format!("{url}?protocol=resp2");
    assert_fails(
        Cache::builder().url(resp2),
        ErrorKind::Connection,
        &["during the greeting", "use rediss://"],
    )
    .await;
}
