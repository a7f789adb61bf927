//! `shape` and `Fields`: functions and structs of every form, and the writers that name them. What parts promise is in `parts`.

use std::collections::{BTreeMap, HashSet, VecDeque};

use redis_cached::{Cache, Fields, redis_cached, redis_invalidates, redis_updates};
use serde::{Deserialize, Serialize};

use crate::{Failed, Runs, runs_within_both, within_both};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Fields)]
struct Player<T> {
    id: u64,
    #[serde(rename = "called")]
    name: String,
    r#type: Option<T>,
    history: Vec<T>,
}

fn ada(id: u64) -> Player<u8> {
    Player { id, name: "Ada".into(), r#type: None, history: vec![1, 2, 3] }
}

static PLAYERS: Runs = Runs::new();

#[redis_cached(ttl = 60, key = "player:<id>", shape = Hash, tags = ["team:<id>"])]
async fn player(id: u64) -> Result<Player<u8>, Failed> {
    PLAYERS.count();
    Ok(ada(id))
}

/// At the same key.
#[redis_cached(ttl = 60, key = "player:<id>", shape = Hash, tags = ["team:<id>"])]
async fn player_of_another_type(id: u64) -> Player<u16> {
    Player { id, name: "Bob".into(), r#type: Some(1), history: vec![] }
}

#[redis_updates(player(ret.id))]
async fn rename(name: &str, id: u64) -> Result<Player<u8>, Failed> {
    Ok(Player { name: name.into(), ..ada(id) })
}

#[redis_invalidates(player(id), members(id))]
async fn remove(id: u64) {}

#[redis_cached(ttl = 60, key = "{members}:<id>", shape = Set, tags = ["team:<id>"])]
async fn members(id: u64) -> HashSet<u64> {
    (0..3000).filter(|member| member % id == 0).collect()
}

static OTHERS: Runs = Runs::new();

#[redis_cached(ttl = 60, negative_ttl = 60, key = "found:<id>", shape = Hash)]
fn found(id: u64) -> Option<Box<Player<u8>>> {
    OTHERS.count();
    (id > 0).then(|| Box::new(ada(id)))
}

#[redis_cached(ttl = 60, key = "visits", shape = Hash, codec = Json)]
fn visits() -> Option<BTreeMap<String, u64>> {
    OTHERS.count();
    Some(BTreeMap::from([("Oslo".to_owned(), 9)]))
}

type Returned = Result<VecDeque<u64>, Failed>;

#[redis_cached(ttl = 60, key = "by its type:<id>", shape = List, entry = false)]
async fn by_its_type(id: u64) -> Returned {
    OTHERS.count();
    Ok(VecDeque::from([id]))
}

/// Waits until what was computed is stored.
async fn stored<T>(cache: &Cache, call: impl Future<Output = T>) -> T {
    let value = call.await;
    cache.flush().await.unwrap();
    value
}

#[tokio::test]
async fn fields_are_read_without_the_rest() {
    runs_within_both(&PLAYERS, 1, async |cache| {
        let entry = player_entry(1);
        assert_eq!(entry.field(Player::<u8>::NAME).get().await.unwrap(), None);
        stored(cache, player(1)).await.unwrap();
        assert_eq!(entry.field(Player::<u8>::NAME).get().await.unwrap().as_deref(), Some("Ada"));
        let two = entry.fields((Player::<u8>::TYPE, Player::<u8>::HISTORY)).get().await.unwrap();
        assert_eq!(two, Some((None, vec![1, 2, 3])));
        assert_eq!(entry.len().await.unwrap(), Some(4));
        assert_eq!(player(1).await.unwrap(), ada(1));
        assert_eq!(entry.get().await.unwrap(), Some(ada(1)));
    })
    .await;
}

#[tokio::test]
async fn writers_name_a_function_with_a_shape_as_any_other() {
    runs_within_both(&PLAYERS, 0, async |cache| {
        rename("Eve", 3).await.unwrap();
        assert_eq!(player(3).await.unwrap().name, "Eve");
        stored(cache, members(3)).await;
        remove(3).await;
        assert_eq!(player_entry(3).field(Player::<u8>::ID).get().await.unwrap(), None);
        assert_eq!(members_entry(3).contains(&0).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_part_of_another_type_is_none() {
    let _counting = PLAYERS.counting.lock().await;
    within_both(async |cache| {
        stored(cache, player(5)).await.unwrap();
        let other = player_of_another_type_entry(5);
        assert_eq!(other.field(Player::<u16>::NAME).get().await.unwrap(), None);
        assert_eq!(stored(cache, player_of_another_type(5)).await.name, "Bob");
        assert_eq!(player_entry(5).field(Player::<u8>::NAME).get().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_none_is_stored_and_has_no_parts() {
    runs_within_both(&OTHERS, 4, async |cache| {
        assert_eq!(stored(cache, async { found(0) }).await, None);
        assert_eq!(found(0), None);
        assert_eq!(found_entry(0).len().await.unwrap(), None);
        stored(cache, async { found(7) }).await.unwrap();
        assert_eq!(found(7).map(|player| *player), Some(ada(7)));
        assert_eq!(found_entry(7).len().await.unwrap(), Some(4));
        assert_eq!(stored(cache, async { visits() }).await, visits());
        assert_eq!(visits_entry().value_of(&"Oslo".to_owned()).await.unwrap(), Some(Some(9)));
        assert_eq!(visits_entry().value_of(&"Rome".to_owned()).blocking().unwrap(), Some(None));
        // Its type tells what is stored, and its entry has no function.
        stored(cache, by_its_type(1)).await.unwrap();
        assert_eq!(by_its_type(1).await.unwrap(), [1]);
    })
    .await;
}
