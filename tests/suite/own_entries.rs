//! `Cache::entry`: entries without an annotated function; and codecs of a program's own.

use std::time::Duration;

use redis_cached::codec::{Codec, CodecError};
use redis_cached::{Cache, Source, Ttl, redis_cached};
use serde::{Serialize, de::DeserializeOwned};

use crate::{both, redis};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_entry_by_hand_is_computed_once_read_back_and_invalidated() {
    let (_server, caches) = both().await;
    for cache in caches {
        let entry = || cache.entry::<Vec<u32>>("scores:today").ttl(MINUTE);
        assert_eq!(entry().get().await.unwrap(), None);
        assert_eq!(entry().get_or_compute(async { vec![1] }).await, [1]);
        assert_eq!(entry().get_or_compute(async { vec![2] }).await, [1]);
        entry().put(&vec![3]).await.unwrap();
        assert_eq!(entry().get().await.unwrap(), Some(vec![3]));
        assert!(matches!(entry().ttl().await.unwrap(), Some(Ttl::Expires(left)) if left <= MINUTE));
        entry().invalidate().await.unwrap();
        assert_eq!(entry().get().await.unwrap(), None);
        let stats = cache.stats();
        assert_eq!(stats.functions.len(), 1, "{stats}");
        assert_eq!(
            (stats.functions[0].function.as_str(), stats.functions[0].computes),
            ("redis_cached::entry", 1)
        );
    }
}

#[tokio::test]
async fn its_key_is_what_was_written_behind_the_prefix() {
    let cache = Cache::builder().url("memory://").prefix("shop:").connect().await.unwrap();
    let key = |key: &str| cache.entry::<u8>(key).ttl(MINUTE).key().to_owned();
    assert_eq!(key("user:42/%<x>"), "shop:user:42/%<x>");
    assert_eq!(key("\u{1}tag:a"), "shop:%01tag:a", "the library's own keys are out of reach");
    assert!(key(&"x".repeat(5_000)).len() < 1_000);
}

#[tokio::test]
async fn its_tags_invalidate_it_in_every_process() {
    let (server, cache) = redis().await;
    let other = Cache::connect(server.url()).await.unwrap();
    let entry = cache.entry::<u8>("a").tags(["city:rome"]).tags(["vip"]).ttl(MINUTE);
    for tag in ["city:rome", "vip"] {
        entry.put(&1).await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(1));
        other.invalidate_tag(tag).await.unwrap();
        assert_eq!(entry.get().await.unwrap(), None, "{tag}");
    }
}

#[redis_cached(ttl = 60, key = "user:<id>")]
async fn annotated(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn neither_reads_what_an_annotated_function_has_put_at_the_same_key_nor_the_other_way_round() {
    let (_server, caches) = both().await;
    for cache in caches {
        cache.scope(annotated(7)).await;
        let entry = cache.entry::<u64>("user:7").ttl(MINUTE);
        assert_eq!(entry.get().await.unwrap(), None);
        entry.put(&1).await.unwrap();
        assert_eq!(cache.scope(annotated(7)).await, 7);
    }
}

#[tokio::test]
async fn a_none_is_stored_only_with_a_negative_ttl() {
    let cache = Cache::memory();
    let plain = cache.entry::<Option<u8>>("a").ttl(MINUTE);
    plain.put(&None).await.unwrap();
    assert_eq!(plain.get().await.unwrap(), None);
    let negative = cache.entry::<Option<u8>>("a").negative_ttl(MINUTE).ttl(MINUTE);
    negative.put(&None).await.unwrap();
    assert_eq!(negative.get().await.unwrap(), Some(None));
}

/// JSON, turned round byte by byte.
struct Reversed;

impl Codec for Reversed {
    const ID: u8 = 128;
    const NAME: &'static str = "reversed JSON";
    const HUMAN_READABLE: bool = true;
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let bytes = serde_json::to_vec(value).map_err(CodecError::new)?;
        out.extend(bytes.iter().rev());
        Ok(())
    }

    fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError> {
        let bytes: Vec<u8> = payload.iter().rev().copied().collect();
        serde_json::from_slice(&bytes).map_err(CodecError::new)
    }
}

#[redis_cached(ttl = 60, key = "text:<id>", codec = Reversed)]
async fn reversed(id: u64) -> String {
    format!("text {id}")
}

#[redis_cached(ttl = 60, key = "text:<id>", codec = Json)]
async fn as_json(id: u64) -> String {
    format!("json {id}")
}

#[tokio::test]
async fn a_codec_of_the_programs_own_writes_and_reads_and_no_other_reads_it() {
    let (server, cache) = redis().await;
    cache
        .scope(async {
            assert_eq!(reversed(1).await, "text 1");
            let stored: Vec<u8> = server.query(&["GET", "text:1"]);
            assert!(stored.ends_with(b"\"1 txet\""), "{stored:?}");
            assert_eq!(reversed(1).await, "text 1");
            assert_eq!(cache.stats().functions[0].hits, 1);
            assert_eq!(as_json(1).await, "json 1");
        })
        .await;
    let entry = cache.entry_with::<String, Reversed>("own").ttl(MINUTE);
    entry.put(&"abc".to_owned()).await.unwrap();
    assert_eq!(entry.get().await.unwrap().as_deref(), Some("abc"));
    assert_eq!(cache.entry::<String>("own").ttl(MINUTE).get().await.unwrap(), None);
}

#[redis_cached(ttl = 1, stale_if_error = "1h", key = "aging:<id>")]
async fn aging(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[tokio::test]
async fn a_lookup_tells_where_how_old_and_whether_stale() {
    let (_server, caches) = both().await;
    for cache in caches {
        let entry = cache.sync_scope(|| aging_entry(7));
        assert_eq!(entry.lookup().await.unwrap(), None);
        entry.put(&7).await.unwrap();
        let young = entry.lookup().await.unwrap().unwrap();
        assert_eq!((young.value, young.source, young.is_stale), (7, Source::Store, false));
        cache.pass(Duration::from_millis(1100)).await;
        let old = entry.clone().blocking().lookup().unwrap().unwrap();
        assert_eq!((old.value, old.source, old.is_stale), (7, Source::Store, true));
        let aged = old.age.unwrap() - young.age.unwrap();
        assert!(aged >= Duration::from_millis(1090) && aged < MINUTE, "{aged:?}");
        entry.invalidate().await.unwrap();
        assert_eq!(entry.lookup().await.unwrap(), None);
    }
}
