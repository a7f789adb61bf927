//! What stands at a key, explained.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::time::Duration;

use redis_cached::codec::Json;
use redis_cached::{Cache, Keyring};
use redis_cached_test::{RedisCluster, RedisServer};
use tokio::sync::Notify;

use crate::run;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn an_entry_is_explained() {
    let server = RedisServer::start();
    let cache = Cache::connect(server.url()).await.unwrap();
    let names = vec!["Ann".to_owned(), "Zo\u{eb} \u{1b}[2J\u{9b}".to_owned()];
    cache.entry_with::<Vec<String>, Json>("shop:names").ttl(HOUR).put(&names).await.unwrap();
    let ran = run(["inspect", &server.url(), "shop:names"]);
    ran.expect(
        0,
        &[
            "shop:names\n",
            "an entry of ",
            "expires in 59 min",
            "fresh for 1 h",
            "codec Json, not compressed",
            "\"Ann\"",
        ],
    );
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains('\u{9b}'), "{ran:?}");

    let ran = run(["inspect", &server.url(), "shop:names", "--json"]);
    assert!(ran.out.is_ascii(), "{ran:?}");
    let json = ran.json();
    assert_eq!(json["content"], "entry");
    assert_eq!(json["entry"]["codec"], "Json");
    assert_eq!(json["entry"]["payload"], serde_json::json!(names));
    assert!(json["entry"]["age_ms"].as_u64().is_some_and(|age| age < 3_600_000), "{json}");

    cache.entry::<u64>("number").never_expires().put(&7).await.unwrap();
    let ran = run(["inspect", &server.url(), "number"]);
    ran.expect(
        0,
        &[
            "which does not expire",
            "stored at an unknown time, fresh for ever",
            "codec Bincode",
            "000000  07 ",
        ],
    );
}

#[tokio::test]
async fn tags_are_asked_and_found() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).prefix("shop:").connect().await.unwrap();
    let entry = cache.entry::<u8>("a").tags(["city:rome", "vip"]).ttl(HOUR);
    entry.put(&1).await.unwrap();
    let url = server.url();
    let asked = ["inspect", &url, "shop:a", "--cache-prefix", "shop:", "--tag", "vip", "--tag", "city:oslo"];
    run(["inspect", &url, "shop:a"]).expect(0, &["2 tags, of which the entry has no names: --tag NAME"]);
    run(asked).expect(0, &["vip: of the entry, and not invalidated since", "city:oslo: has no key"]);
    for more in [&["--cache-prefix", "shop:"][..], &[]] {
        let found = [&["inspect", url.as_str(), "shop:a", "--find-tags"], more].concat();
        run(found).expect(0, &["city:rome: of the entry", "vip: of the entry"]);
    }
    cache.invalidate_tag("vip").await.unwrap();
    run(asked).expect(0, &["vip: has no key"]);
    run(["inspect", &url, "shop:a", "--find-tags"])
        .expect(0, &["city:rome: of the entry", "one that was invalidated since"]);
    let json = run(["inspect", &url, "shop:a", "--find-tags", "--json"]).json();
    assert_eq!(json["tags"][1], serde_json::json!({ "name": null, "state": "invalidated" }));
    run(["inspect", &url, "shop:\u{1}tag:city:rome"])
        .expect(0, &["the tag city:rome: its entries are served while"]);
}

#[tokio::test]
async fn leases_and_tombstones_are_explained() {
    let server = RedisServer::start();
    let cache = Cache::connect(server.url()).await.unwrap();
    let go_on = Arc::new(Notify::new());
    let computing = tokio::spawn({
        let (cache, go_on) = (cache.clone(), Arc::clone(&go_on));
        async move {
            let entry = cache.entry::<u8>("slow").ttl(HOUR);
            entry
                .get_or_compute(async {
                    go_on.notified().await;
                    1
                })
                .await
        }
    });
    while server.query::<u64>(&["EXISTS", "slow"]) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    run(["inspect", &server.url(), "slow"])
        .expect(0, &["a lease, which expires in", "is computing the value"]);
    go_on.notify_one();
    computing.await.unwrap();
    cache.entry::<u8>("held").ttl(HOUR).invalidate_with_hold(HOUR).await.unwrap();
    run(["inspect", &server.url(), "held"])
        .expect(0, &["a tombstone, which expires in", "computed and not stored"]);
    let json = run(["inspect", &server.url(), "held", "--json"]).json();
    assert_eq!(json["content"], "tombstone");
}

#[tokio::test]
async fn what_is_no_entry_is_told_apart() {
    let server = RedisServer::start();
    let cache = Cache::connect(server.url()).await.unwrap();
    cache.entry::<u64>("a").ttl(HOUR).put(&7).await.unwrap();
    server.cli(&["COPY", "a", "copied"]);
    server.cli(&["SET", "text", "VALUE, and more than eighteen bytes \u{1b}[31m"]);
    server.cli(&["RPUSH", "list", "1"]);
    let inspect = |key: &str| run(["inspect", &server.url(), key]);
    inspect("copied").expect(0, &["a damaged entry", "RENAME, COPY"]);
    inspect("text").expect(0, &["that no cache of redis-cached has written", "VALUE, and more "]);
    inspect("list").expect(0, &["a list, which no cache"]);
    inspect("nothing").expect(1, &["nothing stands there"]);
    assert_eq!(run(["inspect", &server.url(), "list", "--json"]).json()["type"], "list");
}

#[tokio::test]
async fn hostile_keys_do_nothing_to_the_terminal() {
    let server = RedisServer::start();
    let hostile: [&[u8]; 4] =
        [b"\x1b[2J\x1b]0;x\x07", b"a\r\nb", b"\xff\xfe", "\u{202e}gpj.\u{9b}31m".as_bytes()];
    let mut connection = server.connection();
    for key in hostile {
        redis::cmd("SET").arg(key).arg("x").exec(&mut connection).unwrap();
        let ran = run([OsStr::new("inspect"), OsStr::new(&server.url()), OsStr::from_bytes(key)]);
        ran.expect(0, &["no cache of redis-cached has written"]);
        let lines = ran.out.lines().next().unwrap();
        assert!(lines.contains('\\') && lines.is_ascii(), "{ran:?}");
        assert!(!ran.out.chars().any(|c| c.is_control() && c != '\n'), "{ran:?}");
    }
}

#[tokio::test]
async fn a_cluster_is_asked_at_the_right_node() {
    let cluster = RedisCluster::shared();
    let cache = Cache::builder().url(cluster.url()).prefix("inspect:").connect().await.unwrap();
    for key in ["a", "b", "c", "d"] {
        cache.entry::<u8>(key).tags(["t"]).ttl(HOUR).put(&1).await.unwrap();
        let key = format!("inspect:{key}");
        run(["inspect", &cluster.url(), &key, "--find-tags"]).expect(0, &["an entry of", "t: of the entry"]);
        cluster.owner(&format!("list:{key}")).cli(&["RPUSH", &format!("list:{key}"), "1"]);
        run(["inspect", &cluster.url(), &format!("list:{key}")]).expect(0, &["a list"]);
    }
}

#[tokio::test]
async fn of_a_sealed_entry_all_but_the_value_is_explained() {
    let server = RedisServer::start();
    let keyring = Keyring::new().key("new", [1; 32]);
    let cache = Cache::builder().url(server.url()).seal(keyring).connect().await.unwrap();
    let entry = cache.entry_with::<String, Json>("secret").tags(["t"]).ttl(HOUR);
    entry.put(&"nobody reads this".to_owned()).await.unwrap();
    let ran = run(["inspect", &server.url(), "secret", "--tag", "t"]);
    ran.expect(
        0,
        &[
            "an entry of ",
            "fresh for 1 h",
            "codec Json, sealed: 19 bytes under the key 11507a0e, which begins the SHA-256 of its name",
            "t: of the entry, and not invalidated since",
        ],
    );
    let json = run(["inspect", &server.url(), "secret", "--json"]);
    assert_eq!(json.json()["entry"]["sealed_under"], "11507a0e", "{json:?}");
    assert!(!ran.out.contains("nobody") && !json.out.contains("nobody"), "{json:?}");
}
