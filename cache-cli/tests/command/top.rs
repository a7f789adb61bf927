//! What a fleet counts.

use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test::RedisServer;

use crate::{run, sound_server};

#[redis_cached(ttl = 60, key = "square:<n>")]
async fn square(n: u64) -> u64 {
    n * n
}

#[redis_cached(ttl = 60, key = "cube:<n>")]
async fn cube(n: u64) -> u64 {
    n * n * n
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_shown_once_as_text() {
    let server = sound_server();
    let url = server.url();
    run(["top", "--once", &url])
        .expect(0, &["at 127.0.0.1", "no process publishes its figures", "publish_stats"]);
    let cache = Cache::builder()
        .url(&url)
        .prefix("shop:")
        .publish_stats(Duration::from_secs(1))
        .connect()
        .await
        .unwrap();
    cache
        .scope(async {
            for n in [1, 1, 1, 2] {
                square(n).await;
            }
            cube(1).await;
        })
        .await;
    let figures = |server: &RedisServer| server.query::<Vec<String>>(&["KEYS", "shop:\u{1}figures:*"]).len();
    let until = Instant::now() + Duration::from_secs(60);
    while figures(&server) == 0 {
        assert!(Instant::now() < until, "nothing was published");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ran = run(["top", "--once", &url, "--cache-prefix", "shop:"]);
    ran.expect(0, &["1 process, counting for", "FUNCTION  ", "LOOKUPS*", "50 %"]);
    let place = |name: &str| ran.out.find(name).unwrap_or_else(|| panic!("no {name} in {ran:#?}"));
    assert!(place("::square") < place("::cube"), "{ran:#?}");
    let by_name = run(["top", "--once", &url, "--cache-prefix", "shop:", "--sort", "function"]);
    assert!(by_name.out.find("::cube") < by_name.out.find("::square"), "{by_name:#?}");
}

#[test]
fn without_a_terminal_it_says_what_to_write() {
    run(["top", &RedisServer::shared().url()]).expect(2, &["no terminal", "--once"]);
    run(["top", &RedisServer::shared().url(), "--sort", "nonsense"]).expect(2, &["lookups"]);
}
