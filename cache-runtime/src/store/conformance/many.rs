//! The operations on several keys.

use super::{
    AnyStore, CasToken, Found, Left, OneKey, Reading, RedisServer, Store, Swap, bytes, left, redis, soon,
    timed,
};
use crate::error::Error;
use crate::error::ErrorKind;
use crate::store::vocabulary::{
    About, Beginning, Cursor, KeyQuestion, KeyWrite, Scanned, Several, TagTtl, lease,
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn mark(number: u16) -> CasToken {
    let mut mark = [b'L'; 17];
    mark[15..].copy_from_slice(&number.to_be_bytes());
    mark
}

fn value(number: u16) -> Vec<u8> {
    [&b"V"[..], &number.to_be_bytes(), &[7; 30]].concat()
}

/// What was found, where no key failed.
pub(super) fn answered(found: Vec<Result<Found, Error>>) -> Vec<Found> {
    found.into_iter().map(|found| found.expect("an answer")).collect()
}

async fn plain(store: &AnyStore, keys: &[&str]) -> Vec<Found> {
    answered(store.read(keys, Reading::Plain, soon()).await.expect("values").found)
}

pub(super) async fn all(store: &AnyStore) {
    sets_and_gets_in_order(store).await;
    asks_for_all_or_for_the_beginning(store).await;
    leases_and_swaps_each_for_itself(store).await;
    takes_more_keys_than_a_command_has(store).await;
    nothing_is_nothing(store).await;
    removes_in_order(store).await;
    finds_every_key_with_a_prefix_once_at_least(store).await;
}

async fn sets_and_gets_in_order(store: &AnyStore) {
    store.put("many:gone", b"x", None, soon()).await.expect("a set");
    let set = |key, value, ttl| KeyWrite { key, value, ttl };
    let sets = [
        set("many:a", Some(&b"one"[..]), None),
        set("many:gone", None, None),
        set("many:b", Some(&b"two"[..]), Some(MINUTE)),
    ];
    store.set(&sets, soon()).await.expect("sets");
    let keys = ["many:b", "many:gone", "many:a", "many:b"];
    let [one, two] = ["one", "two"].map(|text| Found::Bytes(text.into()));
    let expected = [two.clone(), Found::Absent, one.clone(), two.clone()];
    assert_eq!(plain(store, &keys).await, expected);

    let Several { found, left, .. } = store.read(&keys, Reading::Timed(3), soon()).await.expect("values");
    assert_eq!(answered(found), expected);
    assert!(
        matches!(left[..], [Left::Expires(left), Left::Absent, Left::Never] if left <= MINUTE),
        "{left:?}"
    );
}

async fn asks_for_all_or_for_the_beginning(store: &AnyStore) {
    let (value, lease) = (value(1), lease(&[7; 16]));
    for (key, content, ttl) in
        [("ask:value", &value[..], Some(MINUTE)), ("ask:lease", &lease, None), ("ask:short", b"short", None)]
    {
        store.put(key, content, ttl, soon()).await.expect("a set");
    }
    let keys = ["ask:value", "ask:gone", "ask:lease", "ask:short"];
    let about = [About::TimedMark, About::Mark, About::TimedMark, About::Mark];
    let question = |(key, about)| KeyQuestion { key, about };
    let mut asked: Vec<KeyQuestion<'_>> = keys.into_iter().zip(about).map(question).collect();
    asked.extend([About::Value, About::TimedValue].map(|about| question((keys[0], about))));
    let answers = store.ask(&asked, soon()).await.expect("answers");
    let (found, left): (Vec<Found>, Vec<Option<Left>>) =
        answers.into_iter().map(|answer| answer.expect("an answer")).unzip();
    let is_within = |left: Option<Left>| matches!(left, Some(Left::Expires(left)) if left <= MINUTE);
    assert!(is_within(left[0]) && is_within(left[5]), "{left:?}");
    assert_eq!(left[1..5], [None, Some(Left::Never), None, None]);
    let whole = Found::Bytes(value.clone());
    assert_eq!(found[4..], [whole.clone(), whole]);
    let beginnings: Vec<Beginning> = found.into_iter().take(4).map(Beginning::of).collect();
    let mark = CasToken::try_from(&value[..17]).expect("17 bytes");
    let lease = Beginning::All(Found::Bytes(lease.to_vec()));
    let expected = [Beginning::Mark(mark), Beginning::All(Found::Absent), lease, Beginning::Short];
    assert_eq!(beginnings, expected);
    assert!(store.ask(&[], soon()).await.expect("nothing").is_empty());
}

/// A lease that another has, and one that was taken away, are their keys' affair and not the others'.
async fn leases_and_swaps_each_for_itself(store: &AnyStore) {
    let keys = ["lease:0", "lease:1", "lease:2", "lease:3"];
    store.put(keys[1], b"taken", None, soon()).await.expect("a set");
    let leases: Vec<_> = keys.iter().zip(0..).map(|(key, number)| (*key, mark(number))).collect();
    let got = store.acquire(&leases, MINUTE, soon()).await.expect("answers");
    let got: Vec<_> = got.into_iter().map(|answer| answer.expect("an answer")).collect();
    let taken = Found::Bytes(b"taken".to_vec());
    assert_eq!(got, [Found::Absent, taken, Found::Absent, Found::Absent]);

    store.unlink(keys[2], soon()).await;
    let values: Vec<_> = (0..4).map(value).collect();
    let swap = |at: usize| Swap { key: keys[at], mark: &leases[at].1, value: &values[at], ttl: Some(MINUTE) };
    // Twice: the first finds out what a server knows, the second uses it.
    for round in [[true, false, false], [false; 3]] {
        let done = store.swap(&[0, 1, 2].map(swap), soon()).await.expect("answers");
        let done: Vec<_> = done.into_iter().map(|done| done.expect("an answer")).collect();
        assert_eq!(done, round);
    }
    assert!(matches!(left(store, keys[0]).await, Left::Expires(left) if left <= MINUTE));
    assert_eq!(bytes(store, keys[0]).await, Some(values[0].clone()));
    assert_eq!(bytes(store, keys[1]).await.as_deref(), Some(&b"taken"[..]));
    assert_eq!(bytes(store, keys[2]).await, None);

    let again = Swap { key: keys[3], mark: &leases[3].1, value: &leases[3].1, ttl: Some(2 * MINUTE) };
    assert!(matches!(store.swap(&[again], soon()).await.expect("answers")[..], [Ok(true)]));
    assert!(matches!(left(store, keys[3]).await, Left::Expires(left) if left > MINUTE));
    store.release(&leases, soon()).await.expect("releases");
    assert_eq!(bytes(store, keys[0]).await, Some(values[0].clone()), "a value is no lease");
    assert_eq!(bytes(store, keys[1]).await.as_deref(), Some(&b"taken"[..]));
    assert_eq!(bytes(store, keys[3]).await, None);
}

async fn takes_more_keys_than_a_command_has(store: &AnyStore) {
    let keys: Vec<String> = (0..1300).map(|number| format!("wide:{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let values: Vec<_> = (0..1300).map(value).collect();
    let leases: Vec<_> = keys.iter().zip(0..).map(|(key, number)| (*key, mark(number))).collect();
    let got = store.acquire(&leases, MINUTE, soon()).await.expect("answers");
    assert!(got.iter().all(|got| matches!(got, Ok(Found::Absent))));
    let swaps = leases.iter().zip(&values).map(|((key, mark), value)| Swap { key, mark, value, ttl: None });
    let done = store.swap(&swaps.collect::<Vec<_>>(), soon()).await.expect("answers");
    assert!(done.len() == 1300 && done.iter().all(|done| matches!(done, Ok(true))));
    let expected: Vec<_> = values.into_iter().map(Found::Bytes).collect();
    assert_eq!(plain(store, &keys).await, expected);
    let timed = store.read(&keys, Reading::Timed(keys.len()), soon()).await.expect("values");
    assert_eq!((answered(timed.found), timed.left.len()), (expected, keys.len()));
}

async fn removes_in_order(store: &AnyStore) {
    let (keys, life) = (["order:any", "order:tag", "order:other"], TagTtl { least: Some(MINUTE) });
    let nonces = async || {
        let nonces = store.tag_in_order(&keys[1..], keys[0], life, soon()).await.expect("nonces");
        nonces.into_iter().collect::<Result<Vec<_>, _>>().expect("no failure")
    };
    let before = nonces().await;
    assert_eq!(nonces().await, before);
    let found = |at: usize| Found::Bytes(before[at].to_vec());
    assert_eq!(plain(store, &keys).await, [found(2), found(0), found(1)]);
    let removed = store.remove_in_order(keys[0].as_bytes(), &[keys[1].as_bytes()], soon()).await;
    assert_eq!(removed.expect("a removal"), 2);
    assert_eq!(plain(store, &keys).await, [Found::Absent, Found::Absent, found(1)]);
    assert_eq!(store.remove_in_order(b"order:absent", &[], soon()).await.expect("a removal"), 0);
}

async fn finds_every_key_with_a_prefix_once_at_least(store: &AnyStore) {
    let keys: Vec<String> = (0..1500).map(|number| format!("scan[*]:{number}")).collect();
    let sets = keys.iter().map(|key| KeyWrite { key, value: Some(b"x"), ttl: None });
    store.set(&sets.collect::<Vec<_>>(), soon()).await.expect("sets");
    store.put("scan:other", b"x", None, soon()).await.expect("a set");
    let (mut found, mut from) = (Vec::new(), Some(Cursor::default()));
    while let Some(cursor) = from {
        let Scanned { next, keys } = store.scan("scan[*]:", cursor, soon()).await.expect("a step");
        found.extend(keys);
        from = next;
    }
    found.sort_unstable();
    found.dedup();
    let mut expected: Vec<_> = keys.into_iter().map(String::into_bytes).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

async fn nothing_is_nothing(store: &AnyStore) {
    assert_eq!(plain(store, &[]).await, []);
    assert!(store.acquire(&[], MINUTE, soon()).await.expect("no answers").is_empty());
    assert!(store.swap(&[], soon()).await.expect("no answers").is_empty());
    store.release(&[], soon()).await.expect("nothing to do");
    store.set(&[], soon()).await.expect("nothing to do");
}

#[tokio::test]
async fn one_key_of_another_type_is_no_harm_to_the_others() {
    let server = RedisServer::start();
    let store = redis(&server.url());
    server.cli(&["RPUSH", "list", "x"]);
    store.put("string", b"x", None, soon()).await.expect("a set");
    let found = plain(&store, &["list", "string"]).await;
    assert_eq!(found, [Found::Absent, Found::Bytes(b"x".to_vec())]);
    let got = store.acquire(&[("list", mark(0)), ("new", mark(1))], MINUTE, soon()).await;
    assert!(matches!(got.expect("answers")[..], [Ok(Found::Foreign), Ok(Found::Absent)]));
    let swap = |key| Swap { key, mark: &[b'L'; 17], value: b"x", ttl: None };
    let done = store.swap(&[swap("list"), swap("string")], soon()).await.expect("answers");
    assert!(matches!(done[..], [Ok(false), Ok(false)]));
    assert_eq!(timed(&store, "list").await, (Found::Foreign, Left::Never));
}

#[tokio::test]
async fn a_server_that_forgets_its_scripts_is_taught_again() {
    let server = RedisServer::start();
    let store = redis(&server.url());
    for round in 0..3 {
        let (key, lease) = (format!("k{round}"), mark(round));
        store.put(&key, &lease, None, soon()).await.expect("a set");
        store.release(&[(&key, lease), ("absent", lease)], soon()).await.expect("releases");
        assert_eq!(bytes(&store, &key).await, None);
        server.cli(&["SCRIPT", "FLUSH"]);
    }
}

#[tokio::test]
async fn without_the_right_to_mget_keys_are_read_one_by_one() {
    let server = RedisServer::start();
    server.cli(&["ACL", "SETUSER", "default", "-mget"]);
    let store = redis(&server.url());
    store.put("a", b"x", None, soon()).await.expect("a set");
    for _ in 0..2 {
        let found = plain(&store, &["a", "b"]).await;
        assert_eq!(found, [Found::Bytes(b"x".to_vec()), Found::Absent]);
    }
}

#[tokio::test]
async fn a_key_that_is_refused_fails_alone() {
    let server = RedisServer::start();
    server.cli(&["ACL", "SETUSER", "default", "-mget", "resetkeys", "~mine:*"]);
    let store = redis(&server.url());
    store.put("mine:a", b"x", None, soon()).await.expect("a set");
    for _ in 0..2 {
        let read = store.read(&["mine:a", "other", "mine:b"], Reading::Plain, soon()).await;
        let kinds: Vec<_> = read
            .expect("answers")
            .found
            .into_iter()
            .map(|found| found.map_err(|error| error.kind()))
            .collect();
        assert_eq!(kinds, [Ok(Found::Bytes(b"x".to_vec())), Err(ErrorKind::Permission), Ok(Found::Absent)]);
    }
}
