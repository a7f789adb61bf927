//! Readers against writers, on a real server: the word of a change may come between an answer and its place in the map.

use std::time::Instant;

use redis_cached_test_support::{RedisServer, servers};

use super::*;
use crate::store::vocabulary::{Found, Reading, Several};
use crate::store::{OneKey, RedisConfig, RedisStore, Store};
use crate::util::clock::after;

const ROUNDS: u64 = 3_000;

fn soon() -> Instant {
    after(Duration::from_secs(10))
}

fn store(server: &RedisServer) -> RedisStore {
    let limit = Duration::from_secs(10);
    RedisStore::lazy(RedisConfig::of_url(&server.url(), limit))
}

/// As `look_up_and_keep` does it.
async fn fill(tier: &Tier, store: &RedisStore, key: &str) {
    let guard = tier.guard(key);
    let read = store.read(&[key], Reading::Tracked(1), soon()).await.expect("an answer");
    let Several { mut found, left, epochs } = read;
    if let Some(Ok(Found::Bytes(bytes))) = found.pop() {
        // Where the engine decodes.
        tokio::task::yield_now().await;
        tier.admit(guard, key, Arrival { fresh: left[0], epoch: epochs.of(0), ..arrival() }, number(&bytes));
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a number"))
}

/// A round is a key that is written while it is read. When all is over, and all that Redis had to tell has been heard, no old
/// value is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_old_value_is_left_by_a_reader_that_met_a_writer() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let tier = Arc::new(Tier::new(1 << 30, STALENESS));
        let reader = Arc::new(store(&server).watched_by(Arc::clone(&tier) as _, STALENESS / 4));
        let writer = Arc::new(store(&server));
        for round in 0..ROUNDS {
            let key = format!("round {round}");
            writer.put(&key, &0_u64.to_le_bytes(), None, soon()).await.expect("a set");
            let reading = tokio::spawn({
                let (tier, reader, key) = (Arc::clone(&tier), Arc::clone(&reader), key.clone());
                async move { fill(&tier, &reader, &key).await }
            });
            // From far before the read to far behind it.
            for _ in 0..round % 24 {
                tokio::task::yield_now().await;
            }
            writer.put(&key, &1_u64.to_le_bytes(), None, soon()).await.expect("a set");
            reading.await.expect("a reader");
        }
        // What this reads is answered after all that Redis had to tell.
        reader.read(&["fence"], Reading::Tracked(1), soon()).await.expect("an answer");

        let kept = |round: u64| get(&tier, &format!("round {round}"));
        let old = (0..ROUNDS).filter(|round| kept(*round) == Some(0)).count();
        let new = (0..ROUNDS).filter(|round| kept(*round) == Some(1)).count();
        let told = tier.stats().changes;
        println!("{old} old, {new} new, {told} told of {ROUNDS}");
        assert_eq!(old, 0, "of {ROUNDS}; {new} are new");
        // Both orders happened: the reader first, and the writer first.
        assert!(told > 0 && new > 0, "{told} told, {new} new");
    }
}
