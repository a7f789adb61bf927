//! `shape`: values that are stored in parts, and asked for a part of them.

mod broken;
mod combined;
mod written;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use redis_cached::{Cache, Fields, KeyContent, redis_cached};
use serde::{Deserialize, Serialize};

use crate::faults::wait_until;
use crate::{Runs, redis, runs_within_both, within_both};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Fields)]
struct Profile {
    id: u64,
    name: String,
    /// As often as its other half.
    logins: u64,
    other_logins: u64,
    avatar: Vec<u8>,
}

fn profile_of(id: u64, logins: u64) -> Profile {
    Profile { id, name: format!("user {id}"), logins, other_logins: logins, avatar: vec![7; 10_000] }
}

static RUNS: Runs = Runs::new();

#[redis_cached(ttl = 60, key = "profile:<id>", shape = Hash, tags = ["profiles"])]
async fn profile(id: u64) -> Profile {
    RUNS.count();
    profile_of(id, 3)
}

#[redis_cached(ttl = 60, key = "prices:<id>", shape = Hash, codec = Json)]
fn prices(id: u64) -> Result<HashMap<String, u64>, String> {
    RUNS.count();
    if id == 13 {
        Err("no such shop".to_owned())
    } else {
        Ok(HashMap::from([("tea".to_owned(), id), ("milk".to_owned(), 2)]))
    }
}

#[redis_cached(ttl = 60, key = "followers:<id>", shape = Set, tags = ["user:<id>"])]
async fn followers(id: u64) -> HashSet<u64> {
    RUNS.count();
    (0..id).collect()
}

#[redis_cached(ttl = 60, key = "{friends}:<id>", shape = Set)]
async fn friends(id: u64) -> BTreeSet<u64> {
    (id..id + 10).collect()
}

#[redis_cached(ttl = 60, key = "board:<day>", shape = SortedSet)]
async fn board(day: u64) -> Vec<(String, f64)> {
    RUNS.count();
    // Not in the order of a server, and with a tie.
    vec![
        ("bob".to_owned(), 10.0),
        ("ada".to_owned(), 30.5),
        ("cyd".to_owned(), 10.0),
        ("day".to_owned(), day as f64),
        ("eve".to_owned(), 5.0),
    ]
}

#[redis_cached(ttl = 60, key = "feed:<id>", shape = List)]
async fn feed(id: u64) -> Vec<String> {
    RUNS.count();
    (0..id).map(|n| format!("post {n}")).collect()
}

#[redis_cached(ttl = 60, negative_ttl = 60, key = "maybe:<id>", shape = Hash)]
async fn maybe(id: u64) -> Option<Profile> {
    RUNS.count();
    (id != 13).then(|| profile_of(id, 1))
}

#[redis_cached(ttl = 60, key = "named:<id>", shape = Hash, tags = |profile: &Profile| vec![format!("name:{}", profile.name)])]
async fn named(id: u64) -> Profile {
    RUNS.count();
    profile_of(id, 5)
}

#[redis_cached(ttl = "300ms", key = "stale profile:<id>", shape = Hash, stale_while_revalidate = "1m")]
async fn stale_profile(id: u64) -> Profile {
    RUNS.count();
    profile_of(id, RUNS.get() as u64)
}

#[redis_cached(ttl = "1200ms", sliding, key = "sliding feed:<id>", shape = List)]
async fn sliding_feed(id: u64) -> Vec<u64> {
    vec![id]
}

#[redis_cached(ttl = 60, key = "plain:<id>")]
async fn plain(id: u64) -> u64 {
    id
}

/// Each function twice, from its cache the second time, and its value in parts.
#[tokio::test]
async fn values_are_what_was_computed_and_answer_for_their_parts() {
    runs_within_both(&RUNS, 5, async |cache| {
        for _ in 0..2 {
            assert_eq!(profile(1).await, profile_of(1, 3));
            assert_eq!(prices(4), Ok(HashMap::from([("tea".to_owned(), 4), ("milk".to_owned(), 2)])));
            assert_eq!(followers(50).await, (0..50).collect());
            assert_eq!(board(20).await[..2], [("bob".to_owned(), 10.0), ("ada".to_owned(), 30.5)]);
            assert_eq!(feed(30).await.len(), 30);
            cache.flush().await.unwrap();
        }
        of_hashes().await;
        of_sets_and_lists().await;
        of_sorted_sets().await;
    })
    .await;
}

/// A value of each function, for questions about its parts; the second time from its cache.
async fn call_twice(cache: &Cache) {
    for _ in 0..2 {
        drop((profile(1).await, followers(50).await, board(20).await, feed(30).await, prices(4).unwrap()));
        cache.flush().await.unwrap();
    }
}

async fn of_hashes() {
    let entry = profile_entry(1);
    assert_eq!(entry.field(Profile::NAME).get().await.unwrap().as_deref(), Some("user 1"));
    let fields = entry.fields((Profile::ID, Profile::LOGINS, Profile::AVATAR)).get().await.unwrap();
    assert_eq!(fields, Some((1, 3, vec![7; 10_000])));
    assert_eq!((entry.len().await.unwrap(), entry.is_empty().await.unwrap()), (Some(5), Some(false)));
    assert_eq!(entry.get().await.unwrap(), Some(profile_of(1, 3)), "as any entry");
    let prices = prices_entry(4);
    assert_eq!(prices.value_of(&"tea".to_owned()).blocking().unwrap(), Some(Some(4)));
    assert_eq!(prices.value_of(&"gold".to_owned()).await.unwrap(), Some(None));
}

async fn of_sets_and_lists() {
    let followers = followers_entry(50);
    assert_eq!(followers.contains(&49).await.unwrap(), Some(true));
    assert_eq!(followers.contains_many(&[1, 50, 2]).await.unwrap(), Some(vec![true, false, true]));
    assert_eq!(followers.len().await.unwrap(), Some(50));
    let feed = feed_entry(30);
    assert_eq!(feed.page(2, 7).await.unwrap().unwrap()[..2], ["post 14", "post 15"]);
    assert_eq!(feed.page(4, 7).await.unwrap().unwrap(), ["post 28", "post 29"]);
    assert_eq!(feed.page(9, 7).await.unwrap(), Some(vec![]));
    assert_eq!(feed.first().await.unwrap(), Some(Some("post 0".to_owned())));
    assert_eq!(feed.len().await.unwrap(), Some(30));
}

async fn of_sorted_sets() {
    let board = board_entry(20);
    let names = |scored: Option<Vec<(String, f64)>>| -> Vec<String> {
        scored.expect("a value").into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(board.top(2).await.unwrap()), ["ada", "day"]);
    assert_eq!(names(board.range(1..2).await.unwrap()), ["day"]);
    assert_eq!(names(board.bottom(9).await.unwrap()).len(), 5);
    assert_eq!(names(board.range_by_score(15.0..=31.0, 9).await.unwrap()), ["ada", "day"]);
    assert_eq!(board.rank(&"day".to_owned()).await.unwrap(), Some(Some(1)));
    assert_eq!(board.score(&"ada".to_owned()).await.unwrap(), Some(Some(30.5)));
    assert_eq!(board.rank(&"fay".to_owned()).await.unwrap(), Some(None));
    assert_eq!(board.len().await.unwrap(), Some(5));
}

/// What is not cached has no parts, and a question computes nothing.
#[tokio::test]
async fn what_is_not_there_has_no_parts() {
    runs_within_both(&RUNS, 0, async |_| {
        assert_eq!(profile_entry(1).field(Profile::NAME).get().await.unwrap(), None);
        assert_eq!(followers_entry(1).contains(&1).await.unwrap(), None);
        assert_eq!(followers_entry(1).len().await.unwrap(), None);
        assert_eq!(board_entry(1).top(3).await.unwrap(), None);
        assert_eq!(board_entry(1).rank(&"ada".to_owned()).await.unwrap(), None);
        assert_eq!(feed_entry(1).first().await.unwrap(), None);
        assert!(!profile_entry(1).field(Profile::LOGINS).put(&4).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn empty_values_and_none_are_remembered() {
    runs_within_both(&RUNS, 4, async |cache| {
        for _ in 0..2 {
            assert_eq!(followers(0).await, HashSet::new());
            assert_eq!(feed(0).await, Vec::<String>::new());
            assert_eq!((maybe(13).await, maybe(1).await), (None, Some(profile_of(1, 1))));
            cache.flush().await.unwrap();
        }
        assert_eq!(followers_entry(0).contains(&1).await.unwrap(), Some(false));
        assert_eq!(
            (followers_entry(0).len().await.unwrap(), feed_entry(0).first().await.unwrap()),
            (Some(0), Some(None))
        );
        assert_eq!(maybe_entry(13).field(Profile::NAME).get().await.unwrap(), None, "there is no profile");
        assert_eq!(maybe_entry(1).field(Profile::LOGINS).get().await.unwrap(), Some(1));
    })
    .await;
}

#[tokio::test]
async fn errors_are_returned_and_not_stored() {
    runs_within_both(&RUNS, 2, async |_| {
        for _ in 0..2 {
            assert_eq!(prices(13), Err("no such shop".to_owned()));
        }
        assert_eq!(prices_entry(13).len().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn invalidations_and_tags_take_the_parts_with_them() {
    runs_within_both(&RUNS, 9, async |cache| {
        let (whole, part) =
            (async || profile(2).await, async || profile_entry(2).field(Profile::ID).get().await.unwrap());
        whole().await;
        cache.flush().await.unwrap();
        assert_eq!(part().await, Some(2));
        profile_entry(2).invalidate().await.unwrap();
        assert_eq!(part().await, None);
        whole().await;
        cache.flush().await.unwrap();
        cache.invalidate_tag("profiles").await.unwrap();
        assert_eq!(part().await, None);
        whole().await;

        for _ in 0..2 {
            followers(5).await;
            cache.flush().await.unwrap();
            assert_eq!(followers_entry(5).contains(&4).await.unwrap(), Some(true));
            assert_eq!(followers_entry(5).len().await.unwrap(), Some(5));
            cache.invalidate_tag("user:5").await.unwrap();
            assert_eq!(followers_entry(5).contains(&4).await.unwrap(), None);
            assert_eq!(followers_entry(5).len().await.unwrap(), None);
        }
        for _ in 0..2 {
            named(6).await;
            cache.flush().await.unwrap();
            named(6).await;
            assert_eq!(named_entry(6).field(Profile::LOGINS).get().await.unwrap(), Some(5));
            cache.invalidate_tag("name:user 6").await.unwrap();
            assert_eq!(named_entry(6).field(Profile::LOGINS).get().await.unwrap(), None);
        }
        feed(3).await;
        feed(3).await;
        cache.flush().await.unwrap();
        feed_entry(3).invalidate_with_hold(Duration::from_secs(5)).await.unwrap();
        assert_eq!(feed_entry(3).first().await.unwrap(), None);
        feed(3).await;
        cache.flush().await.unwrap();
        assert_eq!(feed_entry(3).first().await.unwrap(), None, "nothing is stored over a tombstone");
    })
    .await;
}

/// On servers: in the types of the shapes, none of them for ever.
#[tokio::test]
async fn a_server_has_them_in_its_own_types() {
    let _counting = RUNS.counting.lock().await;
    let (server, cache) = redis().await;
    cache
        .scope(async {
            (
                profile(1).await,
                prices(1).unwrap(),
                followers(3).await,
                board(1).await,
                feed(2).await,
                plain(1).await,
            )
        })
        .await;
    cache.flush().await.unwrap();
    let keys = cache.sync_scope(|| {
        [
            (profile_entry(1).key().to_owned(), "hash", Some("Hash")),
            (prices_entry(1).key().to_owned(), "hash", Some("Hash")),
            (followers_entry(3).key().to_owned(), "set", Some("Set")),
            (board_entry(1).key().to_owned(), "zset", Some("SortedSet")),
            (feed_entry(2).key().to_owned(), "list", Some("List")),
            (plain_entry(1).key().to_owned(), "string", None),
        ]
    });
    for (key, server_type, shape) in keys {
        assert_eq!(server.query::<String>(&["TYPE", &key]), server_type, "{key}");
        assert!((1..=60).contains(&server.query::<i64>(&["TTL", &key])), "{key}");
        let found = cache.inspect(&key).await.unwrap().expect("an entry");
        let KeyContent::Entry(entry) = found.content else { panic!("{key}: {found:?}") };
        assert_eq!(
            (entry.shape, entry.tags.len()),
            (shape, usize::from(key.starts_with("profile") || key.starts_with("followers")))
        );
    }
    assert_eq!(
        server.query::<Vec<u64>>(&["SMISMEMBER", "followers:3", "0", "x"]),
        [0, 0],
        "members are encoded"
    );
}

#[tokio::test]
async fn a_stale_value_is_served_in_parts_and_refreshed_as_a_whole() {
    let _counting = RUNS.counting.lock().await;
    within_both(async |cache| {
        let first = stale_profile(1).await;
        cache.pass(Duration::from_millis(400)).await;
        assert_eq!(stale_profile_entry(1).field(Profile::LOGINS).get().await.unwrap(), Some(first.logins));
        assert_eq!(stale_profile(1).await, first);
        let refreshed =
            async || stale_profile_entry(1).field(Profile::LOGINS).get().await.unwrap() > Some(first.logins);
        for _ in 0..1000 {
            if refreshed().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{}", cache.stats());
    })
    .await;
}

#[tokio::test]
async fn a_hit_prolongs_a_value_in_parts() {
    within_both(async |cache| {
        sliding_feed(1).await;
        for round in 1..=3 {
            cache.pass(Duration::from_millis(500)).await;
            assert_eq!(sliding_feed(1).await, [1]);
            wait_until(|| cache.stats().functions.iter().map(|f| f.prolonged).sum::<u64>() >= round).await;
        }
        assert_eq!(sliding_feed_entry(1).len().await.unwrap(), Some(1));
        assert_eq!(
            cache.stats().functions.iter().find(|f| f.function.ends_with("sliding_feed")).unwrap().computes,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn sets_are_intersected_by_the_server() {
    within_both(async |cache| {
        friends(0).await;
        friends(6).await;
        cache.flush().await.unwrap();
        let mut common = friends_entry(0).intersection(&friends_entry(6)).await.unwrap().expect("two values");
        common.sort_unstable();
        assert_eq!(common, [6, 7, 8, 9]);
        assert_eq!(
            friends_entry(0).intersection(&friends_entry(7)).await.unwrap(),
            None,
            "one is not cached"
        );
    })
    .await;
}
