//! Values in parts: what a server stores in its own types is what was written, and answers as the whole would.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::Debug;

use super::*;
use crate::codec::Bincode;
use crate::entry::head::{EntryHeads, known};
use crate::entry::header::{self, KeyState, Meta, SizeHint};
use crate::shape::{self, Hash, InShape, List, Set, Shape, SortedSet};
use crate::store::vocabulary;
use crate::store::vocabulary::parts::{PartQuestion, PartsPayload, ShapeKind, answered};
use crate::util::random;

const META: Meta = Meta {
    codec: 1,
    fingerprint: 7,
    fresh_ttl: Some(Duration::from_secs(60)),
    stale_window: Duration::ZERO,
    compute_time: Duration::ZERO,
};

fn entry<S: Shape, T: InShape<S>>(key: &str, nonce: &Nonce, tags: &[Nonce], value: &T) -> Vec<u8> {
    let payload = |out: &mut Vec<u8>| {
        Ok::<_, Infallible>(shape::encode_whole::<T, Bincode, S>(value, out).expect("a value"))
    };
    header::encode(key, nonce, &META, tags, &SizeHint::default(), None, payload)
        .unwrap_or_else(|never| match never {})
}

fn value<S: Shape, T: InShape<S>>(key: &str, bytes: &[u8]) -> T {
    let Ok(KeyState::Value(value)) = header::decode(key, bytes, META.codec, META.fingerprint) else {
        panic!("no value at {key}")
    };
    value.payload.decode(usize::MAX, shape::decode_whole::<T, Bincode, S>).expect("the value")
}

fn shaped(store: &AnyStore, kind: ShapeKind) -> AnyStore {
    store.shaped(&EntryHeads, kind).expect("a server")
}

/// The way of a value: a lease, the value, another, and what must not get in between.
async fn round_trip<S: Shape, T: InShape<S> + PartialEq + Debug>(
    store: &AnyStore,
    key: &str,
    one: &T,
    two: &T,
) {
    let ttl = Duration::from_secs(60);
    let lease = vocabulary::lease(&random::nonce());
    assert_eq!(store.acquire_one(key, lease, ttl, soon()).await.expect("a lease"), Found::Absent);
    let nonces = [random::nonce(), random::nonce()];
    let tags = [random::nonce()];
    let [first, second] =
        [entry::<S, T>(key, &nonces[0], &tags, one), entry::<S, T>(key, &nonces[1], &[], two)];
    assert!(swaps(store, key, &lease, &first, Some(ttl)).await);
    assert!(!swaps(store, key, &lease, &second, Some(ttl)).await, "{key}: the lease is gone");

    let (found, left) = timed(store, key).await;
    let Found::Bytes(there) = found else { panic!("{key}: {found:?}") };
    assert_eq!(value::<S, T>(key, &there), *one);
    assert_eq!(header::checked(&there).expect("a value").tags, tags);
    assert!(matches!(left, Left::Expires(left) if left <= ttl && left > ttl / 2), "{key}: {left:?}");

    // Whoever asks for a lease is given what is there.
    let other = vocabulary::lease(&random::nonce());
    let Found::Bytes(again) = store.acquire_one(key, other, ttl, soon()).await.expect("an answer") else {
        panic!("{key}")
    };
    assert_eq!(value::<S, T>(key, &again), *one);
    store.clear(key, soon()).await.expect("nothing to clear");

    let mark: CasToken = first[..17].try_into().expect("a mark");
    // The same value again has its time anew.
    assert!(swaps(store, key, &mark, &mark, Some(2 * ttl)).await);
    assert!(matches!(self::left(store, key).await, Left::Expires(left) if left > ttl));
    assert!(swaps(store, key, &mark, &second, None).await);
    assert_eq!(self::left(store, key).await, Left::Never);
    assert!(!swaps(store, key, &mark, &first, None).await, "{key}: the first is gone");
    assert_eq!(value::<S, T>(key, &bytes_at(store, key).await), *two);

    // A lease in place of a value, and back.
    let mark: CasToken = second[..17].try_into().expect("a mark");
    assert!(swaps(store, key, &mark, &lease, Some(ttl)).await);
    assert_eq!(bytes_at(store, key).await, lease);
    store.release(&[(key, lease)], soon()).await.expect("a release");
    assert_eq!(bytes(store, key).await, None);

    // Whatever is there.
    store.put(key, &first, Some(ttl), soon()).await.expect("a set");
    store.put(key, &second, Some(ttl), soon()).await.expect("a set");
    assert_eq!(value::<S, T>(key, &bytes_at(store, key).await), *two);
    store.release(&[(key, first[..17].try_into().expect("a mark"))], soon()).await.expect("no release");
    assert!(bytes(store, key).await.is_some(), "{key}: another mark releases nothing");
    store.release(&[(key, mark)], soon()).await.expect("a release");
    assert_eq!(bytes(store, key).await, None);
}

async fn bytes_at(store: &AnyStore, key: &str) -> Vec<u8> {
    bytes(store, key).await.unwrap_or_else(|| panic!("nothing at {key}"))
}

/// What the server answers is what the whole value would.
async fn answers<S: Shape, T: InShape<S>>(
    store: &AnyStore,
    key: &str,
    value: &T,
    questions: &[PartQuestion<'_>],
) {
    let bytes = entry::<S, T>(key, &random::nonce(), &[], value);
    let parts = store.of_parts().expect("a store of parts");
    let known = known(key, META.codec, META.fingerprint, &[], false);
    for question in questions {
        assert_eq!(
            parts.part(key, shape::kind::<S>(), &known, *question, soon()).await.expect("an answer"),
            None
        );
    }
    let lease = vocabulary::lease(&random::nonce());
    store.acquire_one(key, lease, Duration::from_secs(60), soon()).await.expect("a lease");
    for question in questions {
        assert_eq!(
            parts.part(key, shape::kind::<S>(), &known, *question, soon()).await.expect("an answer"),
            None
        );
    }
    assert!(swaps(store, key, &lease, &bytes, None).await);
    let Some(whole) = PartsPayload::of(header::stored_payload(&bytes)) else { panic!("no parts") };
    for question in questions {
        let answer = parts.part(key, shape::kind::<S>(), &known, *question, soon()).await.expect("an answer");
        let (head, answer) = answer.unwrap_or_else(|| panic!("{key}: no answer to {question:?}"));
        assert_eq!(Some(answer), answered(&whole, *question), "{key}: {question:?}");
        if !head.is_empty() {
            assert!(matches!(
                header::decode(key, &head, META.codec, META.fingerprint),
                Ok(KeyState::Value(_))
            ));
            assert!(header::decode("elsewhere", &head, META.codec, META.fingerprint).is_err());
        }
    }
    store.unlink(key, soon()).await;
}

fn part<T: serde::Serialize>(value: &T) -> Vec<u8> {
    shape::encode::<Bincode, T>(&[], value).expect("a part")
}

pub(super) async fn all(redis: &AnyStore) {
    let [of_hashes, of_sets, of_sorted_sets, of_lists] =
        [ShapeKind::Hash, ShapeKind::Set, ShapeKind::SortedSet, ShapeKind::List]
            .map(|kind| shaped(redis, kind));
    let map = |numbers: std::ops::Range<u64>| {
        numbers.map(|n| (n, "x".repeat(n as usize))).collect::<BTreeMap<u64, String>>()
    };
    round_trip::<Hash, _>(&of_hashes, "parts:hash", &map(0..40), &map(10..3000)).await;
    round_trip::<Hash, _>(&of_hashes, "parts:hash", &map(0..0), &map(0..1)).await;
    let name = shape::key_name::<Bincode, u64>(&3).expect("a name");
    answers::<Hash, _>(
        &of_hashes,
        "parts:hash",
        &map(0..40),
        &[PartQuestion::Fields(&[&name, b"none"]), PartQuestion::Fields(&[]), PartQuestion::Len],
    )
    .await;

    let set = |numbers: std::ops::Range<u64>| numbers.collect::<BTreeSet<u64>>();
    round_trip::<Set, _>(&of_sets, "parts:set", &set(0..40), &set(10..3000)).await;
    round_trip::<Set, _>(&of_sets, "parts:set", &set(0..0), &set(0..1)).await;
    let (there, missing) = (part(&7u64), part(&99u64));
    answers::<Set, _>(
        &of_sets,
        "parts:set",
        &set(0..40),
        &[PartQuestion::Members(&[&there, &missing]), PartQuestion::Members(&[]), PartQuestion::Len],
    )
    .await;

    let list = |numbers: std::ops::Range<u64>| numbers.map(|n| n % 5).collect::<Vec<u64>>();
    round_trip::<List, _>(&of_lists, "parts:list", &list(0..40), &list(10..3000)).await;
    round_trip::<List, _>(&of_lists, "parts:list", &list(0..0), &list(0..1)).await;
    let elements = |from, most| PartQuestion::Elements { from, most };
    answers::<List, _>(
        &of_lists,
        "parts:list",
        &list(0..40),
        &[
            elements(0, 0),
            elements(0, 1),
            elements(3, 10),
            elements(39, 10),
            elements(100, 5),
            elements(0, usize::MAX),
            elements(usize::MAX, 1),
            PartQuestion::Len,
        ],
    )
    .await;

    // Out of order, with equal scores, and none of them simple.
    let scores = |count: u64| {
        (0..count)
            .map(|n| (n, [0.1, -0.0, 1e300, f64::INFINITY, -7.25e-200][n as usize % 5]))
            .collect::<Vec<(u64, f64)>>()
    };
    round_trip::<SortedSet, _>(&of_sorted_sets, "parts:sorted", &scores(40), &scores(3000)).await;
    round_trip::<SortedSet, _>(&of_sorted_sets, "parts:sorted", &scores(0), &scores(1)).await;
    let ranked = |from, most, ascending| PartQuestion::Ranked { from, most, ascending };
    let scored = |lowest, highest, most| PartQuestion::Scored { lowest, highest, most };
    let questions = [
        ranked(0, 10, false),
        ranked(0, 10, true),
        ranked(35, 10, false),
        ranked(35, 10, true),
        ranked(0, 0, false),
        ranked(0, 0, true),
        ranked(50, 1, false),
        ranked(0, usize::MAX, false),
        PartQuestion::Rank { member: &there },
        PartQuestion::Rank { member: &missing },
        scored(0.0, 1.0, 100),
        scored(0.1, 0.1, 3),
        scored(f64::NEG_INFINITY, f64::INFINITY, 100),
        scored(2.0, 1.0, 9),
        PartQuestion::Len,
    ];
    answers::<SortedSet, _>(&of_sorted_sets, "parts:sorted", &scores(40), &questions).await;
    // Each of these stores reads what is of another type, too.
    round_trip::<Hash, _>(&of_lists, "parts:hash", &map(0..3), &map(1..4)).await;
    round_trip::<SortedSet, _>(&of_sets, "parts:sorted", &scores(3), &scores(5)).await;
    round_trip::<List, _>(&of_hashes, "parts:list", &list(0..3), &list(1..4)).await;
}

#[tokio::test]
async fn redis_in_both_protocols() {
    for program in redis_cached_test_support::servers() {
        let server = RedisServer::builder().program(program).start();
        for protocol in ["resp3", "resp2"] {
            server.flush_all();
            let redis = redis(&format!("{}?protocol={protocol}", server.url()));
            all(&redis).await;
            for kind in ShapeKind::ALL {
                let store = shaped(&redis, kind);
                super::all(&store).await;
                in_place_of_others(&server, &store).await;
                server.flush_all();
            }
        }
    }
}

/// What was there before, of whatever type, is removed by who clears, and only if it is no entry.
async fn in_place_of_others(server: &RedisServer, store: &AnyStore) {
    let key = "parts:others";
    for words in [
        &["HSET", key, "a", "b"][..],
        &["SADD", key, "a"],
        &["ZADD", key, "1", "a"],
        &["RPUSH", key, "a"],
        &["SET", key, "short"],
        &["XADD", key, "*", "a", "b"],
    ] {
        let _: redis::Value = server.query(words);
        assert!(
            matches!(store.get(key, soon()).await.expect("an answer"), Found::Foreign | Found::Bytes(_)),
            "{words:?}"
        );
        assert!(!swaps(store, key, &vocabulary::lease(&random::nonce()), b"x", None).await, "{words:?}");
        store.clear(key, soon()).await.expect("a clear");
        assert_eq!(store.get(key, soon()).await.expect("an answer"), Found::Absent, "{words:?}");
    }
}

#[tokio::test]
async fn redis_cluster() {
    let servers = RedisCluster::builder().start();
    let cluster = cluster(&servers.url(), &TlsOptions::default());
    all(&cluster).await;
    super::all(&shaped(&cluster, ShapeKind::Hash)).await;
}
