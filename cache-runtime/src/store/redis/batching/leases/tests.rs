use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use redis_cached_test_support::RedisServer;
use tokio::runtime::Builder;

use super::*;
use crate::store::Store;
use crate::store::redis::{Config, RedisStore, Topology};
use crate::store::vocabulary;
use crate::store::vocabulary::CasToken;
use crate::util::clock::after;
use crate::util::random;

const MINUTE: Duration = Duration::from_secs(60);

fn soon() -> Instant {
    after(MINUTE)
}

fn new_mark() -> CasToken {
    vocabulary::lease(&random::nonce())
}

/// A store that knows already what its server can do.
async fn store(server: &RedisServer) -> RedisStore {
    let config = Config::of_url(&server.url(), MINUTE);
    let store = RedisStore::lazy(config);
    store.connect_now().await.expect("a connection");
    assert_eq!(acquire(&store, "first", &new_mark()).await, Found::Absent);
    store
}

async fn acquire(store: &RedisStore, key: &str, mark: &CasToken) -> Found {
    let mut answers = store.acquire(&[(key, *mark)], MINUTE, soon()).await.expect("an answer");
    answers.pop().expect("one for the key").expect("an answer")
}

fn is_pending<F: Future>(future: Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// What only servers from 7.0 on do; the others' callers ask one by one.
fn has_nx_get(server: &RedisServer) -> bool {
    server.takes(&["SET", "probe", "x", "NX", "GET"])
}

#[tokio::test]
async fn each_is_told_of_its_own_key() {
    let server = RedisServer::start();
    let store = store(&server).await;
    server.cli(&["SET", "taken", "by another"]);
    server.cli(&["RPUSH", "list", "1"]);
    let (free, taken, list) = (new_mark(), new_mark(), new_mark());
    let asked = async |key, mark: &CasToken| acquire(&store, key, mark).await;
    let alone = new_mark();
    let all = tokio::join!(
        asked("alone", &alone),
        asked("free", &free),
        asked("taken", &taken),
        asked("list", &list),
        asked("free", &taken)
    );
    assert_eq!((all.0, all.1), (Found::Absent, Found::Absent));
    assert_eq!(all.2, Found::Bytes(b"by another".to_vec()));
    assert_eq!(all.3, Found::Foreign);
    assert_eq!(all.4, Found::Bytes(free.to_vec()));
}

#[tokio::test]
async fn those_who_ask_together_share_a_message() {
    let server = RedisServer::start();
    if !has_nx_get(&server) {
        return;
    }
    let store = store(&server).await;
    let Topology::One(node, _) = &store.topology else { panic!("it is one server") };
    let connection = node.connection().expect("a connection");
    let marks: Vec<(String, CasToken)> = (0..300).map(|key| (format!("key:{key}"), new_mark())).collect();
    let mut asked = Vec::new();
    for (key, mark) in &marks {
        let mut one = Box::pin(acquire(&store, key, mark));
        assert!(is_pending(one.as_mut()));
        asked.push(one);
    }
    // The first one is under way; a full batch is with its flush task.
    assert_eq!(connection.leases.open_batches(), [300 - 1 - MAX_LEASES]);
    for one in asked {
        assert_eq!(one.await, Found::Absent);
    }
    assert!(connection.leases.open_batches().is_empty());
    assert!(connection.leases.enter().is_alone);
}

#[tokio::test]
async fn what_is_granted_to_who_is_gone_is_given_back() {
    let server = RedisServer::start();
    let store = store(&server).await;
    let marks = [new_mark(), new_mark(), new_mark()];
    let mut alone = Box::pin(acquire(&store, "alone", &marks[0]));
    assert!(is_pending(alone.as_mut()));
    {
        // It has joined, and goes away before its request has left.
        let gone = pin!(acquire(&store, "gone", &marks[1]));
        assert!(is_pending(gone));
    }
    let stays = acquire(&store, "stays", &marks[2]).await;
    assert_eq!((alone.await, stays), (Found::Absent, Found::Absent));
    let given_back = async {
        while has_nx_get(&server) && server.query::<bool>(&["EXISTS", "gone"]) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(MINUTE / 6, given_back).await.expect("it is given back");
    assert!(server.query::<bool>(&["EXISTS", "stays"]));
}

#[test]
fn who_waits_for_a_runtime_that_ends_is_told() {
    let server = RedisServer::start();
    if !has_nx_get(&server) {
        return;
    }
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = runtime.block_on(store(&server));
    let marks = [new_mark(), new_mark()];
    let asked = [[("alone", marks[0])], [("other", marks[1])]];
    let [mut alone, mut other] = asked.each_ref().map(|asked| Box::pin(store.acquire(asked, MINUTE, soon())));
    runtime.block_on(async {
        assert!(is_pending(alone.as_mut()));
        assert!(is_pending(other.as_mut()));
    });
    drop(runtime);
    let other = crate::runtime::block_on::block_on(other);
    assert_eq!(other.map(drop).map_err(|error| error.kind()), Err(ErrorKind::Runtime));
}
