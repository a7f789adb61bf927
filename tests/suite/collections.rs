//! Loops in `#[redis_invalidates]` and `#[redis_updates]`: targets for each element of a collection.

use std::collections::HashMap;

use redis_cached::{Entry, KeyPart, redis_cached, redis_invalidates, redis_updates};

use crate::{Failed, User, both, redis, user, within_both};

#[derive(Clone, KeyPart)]
struct Name(String);

#[redis_cached(ttl = 60, key = "by-id:<org>:<id>", tags = ["user:<id>"])]
async fn by_id(org: &str, id: u64) -> User {
    let _ = org;
    user(id)
}

#[redis_cached(ttl = 60, key = "by-name:<name>")]
async fn by_name(name: &Name) -> User {
    let _ = name;
    user(0)
}

#[redis_cached(ttl = 60, key = "plain:<id>")]
async fn plain(id: u64) -> User {
    user(id)
}

#[redis_invalidates(for id in ids { by_id(org, id); plain(id) }, for name in names.iter() { by_name(name) })]
async fn delete(org: String, ids: Vec<u64>, names: &[Name], fails: bool) -> Result<(), Failed> {
    drop((org, ids));
    if fails { Err(Failed("delete")) } else { Ok(()) }
}

#[redis_invalidates(for user in ret { plain(user.id); tag("user:<user.id>") }, for id in more { by_id(org, id + ret.len() as u64) }, strict)]
async fn changed(org: String, more: Vec<u64>) -> Result<Vec<User>, redis_cached::Error> {
    drop((org, more));
    Ok(vec![user(1), user(2)])
}

#[redis_updates(for user in ret { plain(user.id) })]
async fn saved(fails: bool) -> Result<Vec<User>, Failed> {
    if fails { Err(Failed("saved")) } else { Ok(vec![renamed(1), renamed(2)]) }
}

#[redis_updates(for (id, user) in users { plain(id) }, value = user)]
fn saved_by_id(users: &HashMap<u64, User>) {}

fn renamed(id: u64) -> User {
    User { id, name: "renamed".into() }
}

fn entries() -> Vec<Entry<User>> {
    let name = Name("ann".into());
    vec![
        by_id_entry("a", 1),
        by_id_entry("a", 2),
        plain_entry(1),
        plain_entry(2),
        by_name_entry(&name),
        plain_entry(3),
    ]
}

async fn fill() {
    Entry::put_many(entries().into_iter().map(|entry| (entry, user(7)))).await.unwrap();
}

/// Which of the entries hold something.
async fn left() -> Vec<usize> {
    let mut left = Vec::new();
    for (index, entry) in entries().into_iter().enumerate() {
        if entry.get().await.unwrap().is_some() {
            left.push(index);
        }
    }
    left
}

#[tokio::test]
async fn the_entries_of_all_elements_are_gone() {
    within_both(async |_| {
        fill().await;
        let names = [Name("ann".into())];
        assert_eq!(delete("a".into(), vec![1, 2], &names, true).await, Err(Failed("delete")));
        assert_eq!(left().await.len(), 6, "a failure invalidates nothing");
        delete("a".into(), vec![1, 2], &names, false).await.unwrap();
        assert_eq!(left().await, [5]);
    })
    .await;
}

#[tokio::test]
async fn elements_of_the_result_name_entries_and_tags() {
    within_both(async |_| {
        fill().await;
        by_id_entry("b", 5).put(&user(5)).await.unwrap();
        changed("b".into(), vec![3]).await.unwrap();
        assert_eq!(left().await, [4, 5]);
        assert_eq!(by_id_entry("b", 5).get().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn all_are_removed_by_one_command() {
    let (server, cache) = redis().await;
    let monitor = server.monitor();
    let names: Vec<Name> = (0..50).map(|name| Name(name.to_string())).collect();
    cache.scope(delete("a".into(), (0..100).collect(), &names, false)).await.unwrap();
    let commands = monitor.commands();
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert_eq!((commands[0].name(), commands[0].args().len()), ("UNLINK", 250));
}

#[tokio::test]
async fn each_element_becomes_its_entry() {
    let (_server, caches) = both().await;
    for cache in caches {
        cache
            .scope(async {
                fill().await;
                assert_eq!(saved(true).await, Err(Failed("saved")));
                assert_eq!(plain_entry(1).get().await.unwrap(), Some(user(7)));
                saved(false).await.unwrap();
                for id in [1, 2] {
                    assert_eq!(plain_entry(id).get().await.unwrap(), Some(renamed(id)));
                }
                assert_eq!(plain_entry(3).get().await.unwrap(), Some(user(7)));
            })
            .await;
        cache.sync_scope(|| saved_by_id(&HashMap::from([(3, renamed(3)), (4, renamed(4))])));
        for id in [3, 4] {
            assert_eq!(cache.sync_scope(|| plain_entry(id)).get().await.unwrap(), Some(renamed(id)));
        }
    }
}
