//! The service over HTTP, with both kinds of cache.

use std::net::SocketAddr;

use redis_cached::{Cache, PageToken};
use redis_cached_test_support::{RedisCluster, RedisServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::app;
use crate::users::{User, Users};

#[tokio::test]
async fn reads_through_memory() {
    reads_through_and_invalidates(Cache::memory()).await;
}

#[tokio::test]
async fn reads_through_redis() {
    let redis = RedisServer::start();
    let cache = Cache::connect(redis.url()).await.expect("a server of our own");
    reads_through_and_invalidates(cache).await;
    assert_eq!(redis.query::<Vec<String>>(&["KEYS", "user:[12]"]).len(), 1, "the key is the documented one");
}

#[tokio::test]
async fn reads_through_a_cluster() {
    let cluster = RedisCluster::start();
    let cache = Cache::connect(cluster.url()).await.expect("a cluster of our own");
    reads_through_and_invalidates(cache).await;
    assert_eq!(cluster.owner("user:1").query::<Vec<String>>(&["KEYS", "user:1"]), ["user:1"]);
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn reads_through_redis_by_tls() {
    let authority = redis_cached_test_support::Authority::new();
    let redis = RedisServer::builder().tls(&authority.issue()).start();
    let cache = Cache::builder().url(redis.tls_url()).tls_ca(authority.pem()).connect().await;
    reads_through_and_invalidates(cache.expect("a server of our own")).await;
}

#[tokio::test]
async fn serves_without_its_cache_but_says_when_it_cannot_invalidate() {
    let redis = RedisServer::start();
    let cache = Cache::connect(redis.url()).await.expect("a server of our own");
    let service = Service::start(cache).await;
    redis.kill();
    assert_eq!(service.get("/users/1").await.0, 200);
    assert_eq!(service.rename(1, "Ada King").await, 503);
    redis.restart();
    assert_eq!(service.get("/users/1").await.1, r#"{"id":1,"name":"Ada King"}"#);
}

async fn reads_through_and_invalidates(cache: Cache) {
    let service = Service::start(cache).await;
    let ada = r#"{"id":1,"name":"Ada Lovelace"}"#;

    assert_eq!(service.get("/users/1").await, (200, ada.into()));
    assert_eq!(service.get("/users/1").await, (200, ada.into()));
    assert_eq!(service.users.queries(), 1, "the second read is a hit");

    assert_eq!(service.rename(1, "Ada King").await, 204);
    let (_, renamed) = service.get("/users/1").await;
    assert_eq!(serde_json::from_str::<User>(&renamed).expect("a user").name, "Ada King");
    assert_eq!(service.users.queries(), 3, "the write, and one read after it");

    assert_eq!(service.get("/users/99").await.0, 404);
    assert_eq!(service.get("/users/99").await.0, 404);
    assert_eq!(service.users.queries(), 4, "nobody's absence is remembered");
    assert_eq!(service.rename(99, "Nobody").await, 404);

    let (status, stats) = service.get("/stats").await;
    assert_eq!(status, 200);
    assert!(stats.contains("user") && stats.contains("hit"), "{stats}");
    let (status, page) = service.get("/cache").await;
    assert_eq!(status, 200);
    assert!(page.contains("<h1>Users</h1>") && page.contains("::<wbr>user</a>"), "{page}");
    let functions = service.users.cache.stats().functions;
    assert_eq!((functions[0].hits, functions[0].misses), (2, 3));
    invalidates_from_the_page(&service).await;
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// By its forms, with the token that stands in them, and not without.
async fn invalidates_from_the_page(service: &Service) {
    let is_there = async || service.users.user_entry(99).ttl().await.expect("it answers").is_some();
    assert_eq!(service.get("/users/99").await.0, 404);
    assert!(is_there().await, "that there is none is remembered");
    let (_, page) = service.get("/cache").await;
    assert!(page.contains(&format!("name=\"token\" value=\"{TOKEN}\"")), "{page}");
    assert_eq!(service.post_form("token=&by=key&name=user%3A99").await.0, 403);
    assert!(is_there().await);
    let (status, answer) = service.post_form(&format!("token={TOKEN}&by=key&name=user%3A99")).await;
    assert!(status == 200 && answer.contains("<h1>Invalidated</h1>"), "{answer}");
    assert!(!is_there().await);
}

/// Nobody can send a form to a page that has none.
#[tokio::test]
async fn without_a_token_the_page_only_shows() {
    let service = Service::start_with(Cache::memory(), None).await;
    assert!(!service.get("/cache").await.1.contains("<form"));
    assert_eq!(service.post_form("token=&by=prefix&name=user%3A").await.0, 405);
}

/// The service on a free port. It ends with the test's runtime.
struct Service {
    address: SocketAddr,
    users: Users,
}

impl Service {
    async fn start(cache: Cache) -> Self {
        Self::start_with(cache, Some(PageToken::new(TOKEN).expect("it is long enough"))).await
    }

    async fn start_with(cache: Cache, token: Option<PageToken>) -> Self {
        let users = Users::new(cache);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let server = axum::serve(listener, app::router(users.clone(), token));
        tokio::spawn(server.into_future());
        Self { address, users }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        self.request(&format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")).await
    }

    async fn rename(&self, id: u64, name: &str) -> u16 {
        let body = format!(r#"{{"name":"{name}"}}"#);
        let request = format!(
            "PUT /users/{id} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.request(&request).await.0
    }

    async fn post_form(&self, form: &str) -> (u16, String) {
        let request = format!(
            "POST /cache HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        self.request(&request).await
    }

    /// One request on a connection of its own, which the server closes: the answer ends where the stream does.
    async fn request(&self, request: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(self.address).await.expect("the service listens");
        socket.write_all(request.as_bytes()).await.expect("the service reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("the service answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), body.to_owned())
    }
}
