//! Nodes that say what no real cluster says for long: every call gives its value in time, and nobody is asked again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use redis_cached::{Cache, Entry};
use redis_cached_test_support::{Act, Event, Given, Peer, RedisServer};

use super::{DEADLINE, row, row_entry, tagged};
use crate::faults::wait_until_async;

/// A node of a script, and how often it was asked for a key, by `GET`.
struct Fake {
    peer: Peer,
    gets: Arc<AtomicUsize>,
}

impl Fake {
    /// `slots` is its answer to `CLUSTER SLOTS`, or none, and `answer` the one to whatever is asked of a key.
    fn start(
        slots: impl Fn() -> Option<String> + Send + Sync + 'static,
        answer: impl Fn(&[Vec<u8>]) -> String + Send + Sync + 'static,
    ) -> Self {
        let gets = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&gets);
        let peer = Peer::start(move |event| {
            let Event::Asked(words) = event else { return Act::Nothing };
            let said = match (&words[0][..], words.get(1).map(|word| &word[..])) {
                (b"HELLO", _) => "-ERR unknown command 'HELLO'\r\n".to_owned(),
                (b"PING", _) => "+PONG\r\n".to_owned(),
                (b"ASKING", _) => "+OK\r\n".to_owned(),
                (b"CLUSTER", Some(b"SLOTS")) => match slots() {
                    Some(slots) => slots,
                    None => return Act::Nothing,
                },
                (b"CLUSTER", _) => "$16\r\ncluster_state:ok\r\n".to_owned(),
                (name, _) => {
                    counter.fetch_add(usize::from(name == b"GET"), Ordering::SeqCst);
                    answer(words)
                }
            };
            Act::Say(said.into_bytes())
        });
        Self { peer, gets }
    }

    fn gets(&self) -> usize {
        self.gets.load(Ordering::SeqCst)
    }

    fn cache(&self) -> Cache {
        let url = self.peer.url().replace("redis://", "redis+cluster://");
        Cache::builder().url(url).deadline(DEADLINE).connect_lazy().unwrap()
    }
}

/// All slots up to `last` at this host, as it stands on the wire, and port.
fn slots(last: u16, host: &str, port: u16) -> String {
    format!("*1\r\n*3\r\n:0\r\n:{last}\r\n*2\r\n{host}:{port}\r\n")
}

const LOCALHOST: &str = "$9\r\n127.0.0.1\r\n";

/// A node that names itself as the owner of all slots.
fn owner(answer: impl Fn(&[Vec<u8>]) -> String + Send + Sync + 'static) -> Fake {
    at_port(|port| slots(16_383, LOCALHOST, port), answer)
}

/// A node with a map in which its own port stands.
fn at_port(
    map: impl Fn(u16) -> String + Send + Sync + 'static,
    answer: impl Fn(&[Vec<u8>]) -> String + Send + Sync + 'static,
) -> Fake {
    let port = Arc::<AtomicU16>::default();
    let own = Arc::clone(&port);
    let fake = Fake::start(move || Some(map(own.load(Ordering::SeqCst))), answer);
    port.store(fake.peer.port(), Ordering::SeqCst);
    fake
}

/// Nothing is there, and everything can be stored.
fn empty(words: &[Vec<u8>]) -> String {
    match &words[0][..] {
        b"GET" => "$-1\r\n".to_owned(),
        b"EVAL" | b"EVALSHA" | b"UNLINK" => ":1\r\n".to_owned(),
        b"SET" if words.iter().any(|word| word == b"GET") => "$-1\r\n".to_owned(),
        _ => "+OK\r\n".to_owned(),
    }
}

/// The same, but one command is not answered in Redis's protocol.
fn garbling(command: &'static str) -> Fake {
    owner(move |words| match words[0] == command.as_bytes() {
        true => "#x\r\n".to_owned(),
        false => empty(words),
    })
}

async fn assert_in_time(cache: &Cache, id: u64) {
    let began = Given::now();
    assert!(cache.scope(row(id)).await > 0);
    assert!(began.elapsed() < 4 * DEADLINE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_chain_of_asks_ends() {
    let other = Arc::<AtomicU16>::default();
    let to = Arc::clone(&other);
    let first = owner(move |_| format!("-ASK 1 127.0.0.1:{}\r\n", to.load(Ordering::SeqCst)));
    let to_first = first.peer.port();
    let second = Fake::start(|| None, move |_| format!("-ASK 1 127.0.0.1:{to_first}\r\n"));
    other.store(second.peer.port(), Ordering::SeqCst);
    let cache = first.cache();
    assert_in_time(&cache, 1).await;
    let gets = first.gets() + second.gets();
    assert!((2..=5).contains(&gets), "{gets} requests for one key");
}

#[tokio::test]
async fn what_is_no_redirection_is_not_asked_again() {
    for error in ["TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "READONLY", "CROSSSLOT", "ERR"] {
        let fake = owner(move |_| format!("-{error} said by a test\r\n"));
        let cache = fake.cache();
        for calls in 1..4 {
            assert_in_time(&cache, 1).await;
            assert!(fake.gets() <= calls, "{error}: {} requests in {calls} calls", fake.gets());
        }
        assert!(fake.gets() > 0, "{error}");
    }
}

#[tokio::test]
async fn a_map_that_does_not_come_delays_no_call_beyond_its_time() {
    let fake = Fake::start(|| None, empty);
    let cache = fake.cache();
    for id in 0..3 {
        assert_in_time(&cache, id).await;
    }
    assert_eq!(fake.gets(), 0, "nobody has said that it owns anything");
}

#[tokio::test]
async fn a_slot_without_an_owner_is_asked_of_nobody() {
    // Slots 0 to 9.
    let fake = at_port(|port| slots(9, LOCALHOST, port), empty);
    let cache = fake.cache();
    for id in 0..20 {
        assert_in_time(&cache, id).await;
    }
    assert_eq!(fake.gets(), 0);
    assert!(Cache::connect(fake.peer.url().replace("redis://", "redis+cluster://")).await.is_err());
}

#[tokio::test]
async fn a_node_that_does_not_know_its_host_is_where_it_was_asked() {
    for host in ["$0\r\n\r\n", "$-1\r\n"] {
        let fake = at_port(move |port| slots(16_383, host, port), empty);
        let cache = fake.cache();
        assert_in_time(&cache, 1).await;
        assert_eq!(fake.gets(), 1, "{host:?}");
    }
}

#[tokio::test]
async fn a_node_that_moves_to_another_address_is_followed() {
    let now = Arc::<AtomicU16>::default();
    let [at, by] = [(); 2].map(|()| Arc::clone(&now));
    let map = move || Some(slots(16_383, LOCALHOST, at.load(Ordering::SeqCst)));
    let also = move || Some(slots(16_383, LOCALHOST, by.load(Ordering::SeqCst)));
    // The one in the URL tells of the others, and owns nothing.
    let seed = Fake::start(map, |_| "-MOVED 1 127.0.0.1:1\r\n".to_owned());
    let old = Fake::start(|| None, empty);
    let new = Fake::start(also, empty);
    now.store(old.peer.port(), Ordering::SeqCst);
    let cache = seed.cache();
    assert_in_time(&cache, 1).await;
    assert_eq!(old.gets(), 1);
    now.store(new.peer.port(), Ordering::SeqCst);
    drop(old);
    wait_until_async(async || {
        assert_in_time(&cache, 2).await;
        new.gets() > 0
    })
    .await;
}

/// A replica has taken over that lacks the latest invalidations, and nobody says so but the former primary, to whoever asks it.
#[tokio::test]
async fn what_a_node_lacks_is_not_used_where_its_former_owner_redirects_to_it() {
    let new = Arc::new(RedisServer::builder().in_cluster_mode().start());
    // ADDSLOTSRANGE is newer than some of the servers.
    let slots: Vec<String> = (0..16384).map(|slot: u16| slot.to_string()).collect();
    new.cli(&["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect::<Vec<_>>());
    let info = || new.query::<String>(&["CLUSTER", "INFO"]);
    wait_until_async(async || info().contains("cluster_state:ok")).await;
    let patient = async |port| {
        let cache = Cache::builder().url(format!("redis+cluster://127.0.0.1:{port}"));
        cache.deadline(Duration::from_secs(10)).connect().await.unwrap()
    };
    let others = patient(new.port()).await;
    let first = (others.scope(row(7)).await, others.scope(tagged(1, 7)).await);
    others.flush().await.unwrap();

    let (is_over, to) = (Arc::<AtomicBool>::default(), Arc::clone(&new));
    let is_demoted = Arc::clone(&is_over);
    let former = owner(move |words| {
        if !is_demoted.load(Ordering::SeqCst) {
            return empty(words);
        }
        let key = if words[0].starts_with(b"EVAL") { &words[3] } else { &words[1] };
        let slot: u16 = to.query(&["CLUSTER", "KEYSLOT", std::str::from_utf8(key).unwrap()]);
        format!("-MOVED {slot} 127.0.0.1:{}\r\n", to.port())
    });
    let cache = patient(former.peer.port()).await;
    cache.sync_scope(|| row_entry(7)).invalidate().await.unwrap();
    cache.invalidate_tag("group:1").await.unwrap();
    is_over.store(true, Ordering::SeqCst);
    let second = (cache.scope(row(7)).await, cache.scope(tagged(1, 7)).await);
    assert!(second.0 > first.0 && second.1 > first.1, "{second:?} is what was there before: {first:?}");
    assert!(cache.stats().repeated_invalidations >= 2, "{}", cache.stats());
    // It is gone for others as well, as soon as it is repeated.
    wait_until_async(async || {
        others.scope(row(7)).await > first.0 && others.scope(tagged(1, 7)).await > first.1
    })
    .await;
}

/// A pipeline ends with its connection, and so does whatever comes next, until it is known by which of its commands.
#[tokio::test]
async fn one_of_several_commands_that_ends_connections_is_not_asked_again_and_again() {
    for command in ["UNLINK", "SET"] {
        let fake = garbling(command);
        let cache = fake.cache();
        let mut last = (false, false);
        // Its invalidations are retried, too.
        for round in 0..60 {
            let entries = || cache.sync_scope(|| (0..8).map(row_entry).collect::<Vec<_>>());
            let removed = Entry::invalidate_many(entries()).await;
            let stored = Entry::put_many(entries().into_iter().map(|entry| (entry, round))).await;
            last = (removed.is_ok(), stored.is_ok());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert_eq!(last, (command != "UNLINK", command != "SET"), "all others are taken");
        // One for the map, one that ended with the pipeline, one with the command: for each of the runtimes that ask.
        assert!(fake.peer.accepted() <= 8, "{command}: {} connections", fake.peer.accepted());
        assert_in_time(&cache, 1).await;
    }
}
