//! What is written to values in parts: the whole, or a field.

use redis_cached::{Cache, Entry, redis_cached, redis_updates};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Profile, RUNS, feed, feed_entry, profile, profile_entry, profile_of};
use crate::{runs_within_both, within_both};

#[redis_updates(profile(id))]
async fn rename(id: u64) -> Profile {
    Profile { name: "renamed".to_owned(), ..profile_of(id, 3) }
}

#[tokio::test]
async fn values_are_put_with_all_their_parts() {
    within_both(async |cache| {
        feed_entry(2).put(&vec!["one".to_owned()]).await.unwrap();
        assert_eq!(feed(2).await, ["one"]);
        feed_entry(2).put(&vec!["a".to_owned(), "b".to_owned()]).await.unwrap();
        assert_eq!(
            (feed(2).await, feed_entry(2).len().await.unwrap()),
            (vec!["a".to_owned(), "b".to_owned()], Some(2))
        );

        assert_eq!(rename(3).await.name, "renamed");
        assert_eq!(profile_entry(3).field(Profile::NAME).get().await.unwrap().as_deref(), Some("renamed"));
        assert_eq!(profile(3).await.name, "renamed");

        let entries = [feed_entry(7).into_entry(), feed_entry(8).into_entry()];
        Entry::put_many(entries.map(|entry| (entry, vec!["many".to_owned()]))).await.unwrap();
        assert_eq!(feed_entry(8).first().await.unwrap(), Some(Some("many".to_owned())));
        let warm_up = Entry::warm_up([(9, feed_entry(9).into_entry())]).await.unwrap();
        warm_up.store([(9, vec!["warm".to_owned()])]).await.unwrap();
        assert_eq!(feed_entry(9).first().await.unwrap(), Some(Some("warm".to_owned())));
        cache.flush().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_field_is_replaced_and_the_rest_stays() {
    runs_within_both(&RUNS, 1, async |cache| {
        profile(4).await;
        cache.flush().await.unwrap();
        let ttl = profile_entry(4).ttl().await.unwrap();
        assert!(profile_entry(4).field(Profile::NAME).put(&"Ada".to_owned()).await.unwrap());
        assert_eq!(profile(4).await, Profile { name: "Ada".to_owned(), ..profile_of(4, 3) });
        assert_eq!(profile_entry(4).field(Profile::NAME).get().await.unwrap().as_deref(), Some("Ada"));
        assert!(profile_entry(4).ttl().await.unwrap() <= ttl && ttl.is_some());
    })
    .await;
}

/// A computation that began before has read what the field was.
#[tokio::test]
async fn a_field_that_is_put_wins_over_a_computation_of_the_whole() {
    static REACHED: Semaphore = Semaphore::const_new(0);
    static OPEN: Semaphore = Semaphore::const_new(0);

    #[redis_cached(ttl = 60, key = "slow profile:<id>", shape = Hash)]
    async fn slow(id: u64) -> Profile {
        REACHED.add_permits(1);
        OPEN.acquire().await.unwrap().forget();
        profile_of(id, 1)
    }

    within_both(async |cache| {
        let put = async {
            REACHED.acquire().await.unwrap().forget();
            assert!(!slow_entry(1).field(Profile::LOGINS).put(&2).await.unwrap(), "there is no value yet");
            OPEN.add_permits(1);
        };
        tokio::join!(slow(1), put);
        cache.flush().await.unwrap();
        assert_eq!(slow_entry(1).get().await.unwrap(), None, "what was computed meanwhile is not stored");
    })
    .await;
}

/// Two fields that are always changed together are never read apart.
#[tokio::test]
async fn parts_are_of_one_moment() {
    within_both(async |cache| {
        profile_entry(9).put(&profile_of(9, 0)).await.unwrap();
        let mut tasks = JoinSet::new();
        for writer in 1..=2 {
            let cache = Cache::clone(cache);
            tasks.spawn(async move {
                let cache = &cache;
                cache
                    .scope(async move {
                        for round in 0..60 {
                            profile_entry(9).put(&profile_of(9, 100 * writer + round)).await.unwrap();
                        }
                    })
                    .await;
            });
        }
        for _ in 0..2 {
            let cache = Cache::clone(cache);
            tasks.spawn(async move {
                let cache = &cache;
                cache
                    .scope(async move {
                        for _ in 0..60 {
                            let entry = profile_entry(9);
                            let read =
                                entry.fields((Profile::LOGINS, Profile::OTHER_LOGINS)).get().await.unwrap();
                            let (one, other) = read.expect("it is replaced, and never gone");
                            assert_eq!(one, other);
                            let whole = entry.get().await.unwrap().expect("it is replaced, and never gone");
                            assert_eq!(whole.logins, whole.other_logins);
                        }
                    })
                    .await;
            });
        }
        tasks.join_all().await;
    })
    .await;
}
