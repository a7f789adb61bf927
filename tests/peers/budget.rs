//! A call has one deadline for all that it asks of Redis: what it waits for first leaves less for what comes after.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::{Act, Given, Peer};

use super::kinds::{Words, asked, greets, name, usual};
use super::one_at_a_time;

const DEADLINE: Duration = Duration::from_secs(1);
/// More than one deadline with what a busy machine may add, and less than any two waits of those below.
const ONE_WAIT: Duration = Duration::from_millis(1400);
/// How long the peer takes for an answer, if it gives one.
const SLOW: Duration = Duration::from_millis(400);

#[redis_cached(ttl = 60, key = "value:<id>")]
fn value(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "error:<id>")]
fn error(id: u64) -> Result<u64, u64> {
    Err(id)
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids)]
fn many(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, key = "large:<id>")]
async fn large(id: u64) -> Vec<u64> {
    vec![id; 100_000]
}

/// The look-up and the lease are answered slowly, and nothing that comes after: neither the value that is stored nor the lease that is
/// given back.
fn answers_two() -> Peer {
    let is_silent = AtomicBool::new(false);
    asked(move |words| match &*name(words) {
        _ if is_silent.load(Ordering::SeqCst) => Act::Nothing,
        "GET" => slowly("_\r\n"),
        "MGET" => slowly(&nothing(words.len() - 1)),
        // The first script is the one that leases.
        "EVAL" => {
            is_silent.store(true, Ordering::SeqCst);
            slowly(&nothing(number_of_keys(words)))
        }
        _ => usual(words),
    })
}

fn number_of_keys(words: Words<'_>) -> usize {
    String::from_utf8_lossy(&words[2]).parse().unwrap()
}

fn nothing(times: usize) -> String {
    format!("*{times}\r\n{}", "_\r\n".repeat(times))
}

fn slowly(text: &str) -> Act {
    Act::Drip(text.as_bytes().to_vec(), SLOW / u32::try_from(text.len()).unwrap())
}

fn assert_takes_one_wait(what: &str, call: impl FnOnce(&Cache)) {
    let peer = answers_two();
    let cache = Cache::builder().url(peer.url()).deadline(DEADLINE).connect_lazy().unwrap();
    let (began, given) = (Instant::now(), Given::now());
    call(&cache);
    let elapsed = given.elapsed();
    assert!(elapsed < ONE_WAIT, "{what}: {elapsed:?}");
    assert!(began.elapsed() >= DEADLINE, "{what}: nothing was waited for in vain");
}

#[test]
fn what_is_stored_is_waited_for_within_the_deadline() {
    let _turn = one_at_a_time();
    assert_takes_one_wait("a value", |cache| assert_eq!(cache.sync_scope(|| value(1)), 1));
    assert_takes_one_wait("a batch", |cache| assert_eq!(cache.sync_scope(|| many(&[1, 2])).len(), 2));
    assert_takes_one_wait("a large value", |cache| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(cache.scope(large(1))).len(), 100_000);
    });
}

#[test]
fn a_lease_that_is_given_back_is_waited_for_within_the_deadline() {
    let _turn = one_at_a_time();
    assert_takes_one_wait("an error", |cache| assert_eq!(cache.sync_scope(|| error(1)), Err(1)));
}

/// Only so many look-ups are under way at once. Who has to wait until those before it have waited in vain does not wait anew.
#[test]
fn a_turn_is_waited_for_within_the_deadline() {
    let _turn = one_at_a_time();
    const CALLS: u64 = 60;
    let peer = greets(|_| Act::Nothing);
    let cache = Cache::builder().url(peer.url()).deadline(DEADLINE).connect_lazy().unwrap();
    let slowest = thread::scope(|threads| {
        let calls: Vec<_> = (0..CALLS)
            .map(|id| {
                let cache = cache.clone();
                // Apart from each other, so that not all go together.
                thread::sleep(Duration::from_millis(3));
                threads.spawn(move || {
                    let began = Given::now();
                    assert_eq!(cache.sync_scope(|| value(id)), id);
                    began.elapsed()
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).max()
    });
    assert!(slowest < Some(ONE_WAIT), "{slowest:?}");
}
