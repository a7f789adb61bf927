//! What stands at a key, for people who look into a cache.

use std::time::Duration;

use super::cache::Cache;
use crate::codec;
use crate::codec::compress;
use crate::engine::core::Core;
use crate::entry::header;
use crate::entry::header::{HEADER_LEN, KeyState, Meta, Rejected};
use crate::entry::sealed;
use crate::entry::sealed::{SealedEntry, sealed_entry};
use crate::error::Error;
use crate::key::bucket;
use crate::policy::Lifetime;
use crate::policy::ttl::Ttl;
use crate::store::Store;
use crate::store::vocabulary::parts::{PartsPayload, ShapeKind};
use crate::store::vocabulary::{Found, Left, Nonce, Reading, Several};
use crate::tags;
use crate::util::clock::after;

/// The highest format version that bytes are believed to have: all others are no entries of ours.
const BELIEVABLE_VERSIONS: u8 = 15;

/// What stands at a key: from [`Cache::inspect`].
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What it is.
    pub content: KeyContent,
    /// How many bytes it takes, without the key and without what the server needs for it. 0 for what is neither a string nor an entry.
    pub bytes: u64,
    /// When the server removes it.
    pub ttl: Ttl,
}

/// What an [`Inspection`] has found.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyContent {
    /// A sound entry of some function.
    Entry(EntryInfo),
    /// A lease: some process is computing the value, and others wait for it. It ends when the value is stored, or by itself when the process is gone.
    Lease,
    /// A tombstone: [`Entry::invalidate_with_hold`](crate::Entry::invalidate_with_hold) has invalidated the entry, and until the tombstone expires no value is stored.
    Tombstone,
    /// An entry that has changed since it was written, or was written at another key (`RENAME`, `COPY`). It is a miss, and is replaced.
    Damaged,
    /// An entry of another format version than this library writes. It is a miss.
    OtherVersion(u8),
    /// A sound entry, with a compression of this number that this build does not read. It is a miss.
    OtherCompression(u8),
    /// A string that this library has not written.
    Foreign(Vec<u8>),
    /// A list, a hash, or whatever else is neither a string nor an entry of a function with a `shape`.
    NotString,
}

/// What an entry says of itself.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryInfo {
    /// The number of the codec, [`Codec::ID`](crate::codec::Codec::ID). 128 and more are programs' own.
    pub codec: u8,
    /// The compression by the name that the option `compress` has for it; `None` if the payload is not compressed.
    pub compression: Option<&'static str>,
    /// A number for the function: the schema of its type, its key template, its `version`. A function for which it is another number does not use the entry.
    pub fingerprint: u64,
    /// How long it was to be fresh when it was stored.
    pub fresh: Ttl,
    /// How long it was to be kept after that: `stale_while_revalidate` or `stale_if_error`. Kept in milliseconds.
    pub stale_window: Duration,
    /// How long ago it was stored, to a few milliseconds; `None` if it does not expire: an entry does not say when it was stored.
    pub age: Option<Duration>,
    /// Whether it is past its freshness, so that it is served only in a stale window.
    pub is_stale: bool,
    /// What computing the value took.
    pub compute_time: Duration,
    /// The nonces that its tags had before it was computed, in the function's order; the names are not in the entry. It is served only while each of its tags has
    /// the same.
    pub tags: Vec<[u8; 16]>,
    /// The bytes that the payload takes as it is stored.
    pub stored_payload_bytes: u64,
    /// Under which key the payload is sealed: the first four bytes of SHA-256 of the key's name. `None` if it is not sealed.
    pub sealed_under: Option<[u8; 4]>,
    /// In which of Redis's types the value lies, by the name that the option `shape` has for it; `None` for a string. The payload of such a value is
    /// its parts, one after the other.
    pub shape: Option<&'static str>,
    /// The value as its codec has encoded it, not compressed; `None` if it cannot be decompressed, or is larger than
    /// [`max_value_size`](crate::CacheBuilder::max_value_size) then, or is sealed and the cache's keyring does not open it.
    pub payload: Option<Vec<u8>>,
}

impl EntryInfo {
    /// Without what only the payload tells.
    fn of(meta: &Meta, tags: &[Nonce], left: Left) -> Self {
        let lifetime = Lifetime::of(meta);
        Self {
            codec: meta.codec,
            compression: None,
            fingerprint: meta.fingerprint,
            fresh: lifetime.fresh.map_or(Ttl::Never, Ttl::Expires),
            stale_window: lifetime.stale,
            age: lifetime.age(left),
            is_stale: lifetime.is_stale(left),
            compute_time: meta.compute_time,
            tags: tags.to_vec(),
            stored_payload_bytes: 0,
            sealed_under: None,
            shape: None,
            payload: None,
        }
    }

    /// The built-in codec by the name that the option `codec` has for it; `None` for a program's own.
    #[must_use]
    pub fn codec_name(&self) -> Option<&'static str> {
        codec::built_in_name(self.codec)
    }
}

impl Cache {
    /// What stands at `key`, whoever has written it; `None` if nothing does. `key` is the whole key in Redis, the cache's prefix included, as
    /// [`Entry::key`](crate::Entry::key) and a [`Report`](crate::Report) have it. For diagnosis: it decodes no value, and changes and counts nothing. One round trip, in
    /// which the value is transferred.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use redis_cached::{Cache, redis_cached};
    /// use redis_cached::KeyContent;
    ///
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # async fn square(n: u64) -> u64 { n * n }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # let cache = Cache::memory();
    /// # cache.scope(async {
    /// square(12).await;
    /// let found = cache.inspect(square_entry(12).key()).await?.expect("it was stored");
    /// let KeyContent::Entry(entry) = found.content else { panic!("{found:?}") };
    /// assert_eq!(entry.codec_name(), Some("Bincode"));
    /// assert!(entry.age < Some(Duration::from_secs(60)));
    /// assert_eq!(cache.inspect("square:13").await?, None);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// In a cache with [`separate_versions`](crate::CacheBuilder::separate_versions), a key without its bucket, as a report names it, stands for that of any version: what is
    /// found first is returned.
    ///
    /// Whether an entry would be served, only a call of its function knows, which has the type, the codec and the tags: [`Entry::lookup`](crate::Entry::lookup).
    ///
    /// # Errors
    /// An error if Redis cannot be reached, refuses the command, or does not answer within the [deadline](crate::CacheBuilder::deadline).
    pub async fn inspect(&self, key: &str) -> Result<Option<Inspection>, Error> {
        let core = &self.0;
        let names: Vec<String> = match core.separates_versions && !tags::is_reserved(key) {
            true => bucket::in_each(key).collect(),
            false => vec![key.to_owned()],
        };
        let keys: Vec<&str> = names.iter().map(|name| &**name).collect();
        let Several { found, left, .. } = core.store.read_as_stored(&keys, after(core.deadline)).await?;
        let limit = usize::try_from(core.max_value_size).unwrap_or(usize::MAX);
        for ((key, found), mut left) in keys.into_iter().zip(found).zip(left) {
            let (mut found, mut shape) = (found?, None);
            if matches!(found, Found::Foreign | Found::Absent)
                && left != Left::Absent
                && let Some((bytes, of_key)) = in_parts(core, key).await?
            {
                shape = shape_of(&bytes);
                (found, left) = (Found::Bytes(bytes), of_key);
            }
            if let Some(mut inspection) = inspection(core, key, found, left, limit) {
                if let KeyContent::Entry(info) = &mut inspection.content {
                    info.shape = shape;
                }
                return Ok(Some(inspection));
            }
        }
        Ok(None)
    }
}

/// The entry in parts that what is no string may be, and how long it has left.
async fn in_parts(core: &Core, key: &str) -> Result<Option<(Vec<u8>, Left)>, Error> {
    // The one for a shape reads the others too.
    let Some(store) = core.shaped.as_ref().map(|shaped| shaped.of(ShapeKind::Hash)) else { return Ok(None) };
    let Several { mut found, left, .. } = store.read(&[key], Reading::Timed(1), after(core.deadline)).await?;
    Ok(match found.pop().transpose()? {
        Some(Found::Bytes(bytes)) => left.first().map(|left| (bytes, *left)),
        _ => None,
    })
}

/// As the option `shape` has it.
fn shape_of(bytes: &[u8]) -> Option<&'static str> {
    Some(match PartsPayload::of(header::stored_payload(bytes))?.kind {
        ShapeKind::Hash => "Hash",
        ShapeKind::Set => "Set",
        ShapeKind::SortedSet => "SortedSet",
        ShapeKind::List => "List",
    })
}

fn inspection(core: &Core, key: &str, found: Found, left: Left, limit: usize) -> Option<Inspection> {
    let ttl = match left {
        Left::Expires(left) => Ttl::Expires(left),
        Left::Never => Ttl::Never,
        // It has expired between the two questions.
        Left::Absent => return None,
    };
    match found {
        Found::Absent => None,
        Found::Foreign => Some(Inspection { content: KeyContent::NotString, bytes: 0, ttl }),
        Found::Bytes(bytes) => {
            let length = bytes.len() as u64;
            let content = match sealed_entry(key, &bytes) {
                Some(sealed) => of_sealed(&sealed, opened(core, key, &bytes), key, left, limit),
                None => content(key, bytes, left, limit),
            };
            Some(Inspection { content, bytes: length, ttl })
        }
    }
}

/// A sealed entry as it was before, if the cache has a keyring that opens it.
fn opened(core: &Core, key: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    #[cfg(feature = "sealing")]
    if core.store.is_sealed() {
        let mut bytes = bytes.to_vec();
        core.store.open(key, &mut bytes);
        return Some(bytes);
    }
    _ = (core, key, bytes);
    None
}

fn of_sealed(
    sealed: &SealedEntry<'_>,
    opened: Option<Vec<u8>>,
    key: &str,
    left: Left,
    limit: usize,
) -> KeyContent {
    let opened = match opened.map(|bytes| content(key, bytes, left, limit)) {
        Some(KeyContent::Entry(info)) => Some(info),
        Some(other @ KeyContent::OtherCompression(_)) => return other,
        _ => None,
    };
    let info = opened.unwrap_or_else(|| EntryInfo {
        compression: compress::name_of(sealed.compression),
        stored_payload_bytes: sealed.payload_len as u64,
        ..EntryInfo::of(&sealed.meta, sealed.tags, left)
    });
    KeyContent::Entry(EntryInfo { sealed_under: Some(sealed.key_id), ..info })
}

fn content(key: &str, bytes: Vec<u8>, left: Left, limit: usize) -> KeyContent {
    let numbers = header::version_and_compression(&bytes);
    match header::decode_any(key, &bytes) {
        Ok(KeyState::Lease(_)) => KeyContent::Lease,
        Ok(KeyState::Tombstone(_)) => KeyContent::Tombstone,
        Ok(KeyState::Value(value)) => {
            let whole = |payload: &[u8], _| Ok(payload.to_vec());
            KeyContent::Entry(EntryInfo {
                compression: numbers.and_then(|(_, compression)| compress::name_of(compression)),
                stored_payload_bytes: header::stored_payload(&bytes).len() as u64,
                payload: value.payload.decode(limit, whole).ok(),
                ..EntryInfo::of(&value.meta, value.tags, left)
            })
        }
        Err(Rejected::Version) => match numbers {
            Some((version, _)) if version <= BELIEVABLE_VERSIONS => KeyContent::OtherVersion(version),
            _ => KeyContent::Foreign(bytes),
        },
        // A text that begins like an entry is one only if there is room for a header.
        Err(Rejected::Length) if bytes.len() < HEADER_LEN => KeyContent::Foreign(bytes),
        Err(Rejected::Unsupported) => KeyContent::OtherCompression(numbers.map_or(0, |(_, number)| number)),
        Err(Rejected::Length | Rejected::Checksum | Rejected::Codec | Rejected::Fingerprint) => {
            KeyContent::Damaged
        }
        // A sealed one that is whole was told apart before.
        Err(Rejected::Unsealed) if sealed::is_like(&bytes) => KeyContent::Damaged,
        Err(Rejected::Unsealed | Rejected::Foreign) => KeyContent::Foreign(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::header::SizeHint;
    use crate::store::vocabulary::{lease, tombstone};

    const HOUR: Duration = Duration::from_secs(3600);

    fn entry(key: &str) -> Vec<u8> {
        let meta = Meta {
            codec: 200,
            fingerprint: 7,
            fresh_ttl: Some(HOUR),
            stale_window: HOUR,
            compute_time: Duration::from_millis(3),
        };
        let payload = |out: &mut Vec<u8>| {
            out.extend_from_slice(b"payload");
            Ok::<_, ()>(0)
        };
        header::encode(key, &[1; 16], &meta, &[[2; 16]], &SizeHint::default(), None, payload)
            .expect("it is short")
    }

    fn looked_at(key: &str, bytes: Vec<u8>) -> KeyContent {
        content(key, bytes, Left::Expires(HOUR / 2), usize::MAX)
    }

    #[test]
    fn an_entry_of_any_function_says_what_it_is() {
        let KeyContent::Entry(info) = looked_at("a", entry("a")) else { panic!("it is sound") };
        assert_eq!((info.codec, info.codec_name(), info.compression, info.fingerprint), (200, None, None, 7));
        assert_eq!((info.fresh, info.stale_window, info.age), (Ttl::Expires(HOUR), HOUR, Some(HOUR * 3 / 2)));
        assert!(info.is_stale);
        assert_eq!((info.tags, info.payload.as_deref()), (vec![[2; 16]], Some(&b"payload"[..])));
        assert_eq!((info.stored_payload_bytes, info.compute_time), (7, Duration::from_millis(3)));
    }

    #[test]
    fn what_is_no_entry_is_told_apart() {
        let changed = |at: usize, to: u8| {
            let mut bytes = entry("a");
            bytes[at] = to;
            looked_at("a", bytes)
        };
        assert_eq!(looked_at("b", entry("a")), KeyContent::Damaged, "written at another key");
        assert_eq!(changed(90, 0), KeyContent::Damaged);
        assert_eq!(changed(17, 4), KeyContent::OtherVersion(4));
        assert_eq!(changed(17, 3), KeyContent::Damaged, "a sealed entry would be longer");
        assert_eq!(looked_at("a", lease(&[3; 16]).to_vec()), KeyContent::Lease);
        assert_eq!(looked_at("a", tombstone(&[3; 16]).to_vec()), KeyContent::Tombstone);
        for text in ["", "V", "VALUE of 18 lettersXY", "L2345678901234567", "hello"] {
            let foreign = KeyContent::Foreign(text.as_bytes().to_vec());
            assert_eq!(looked_at("a", text.as_bytes().to_vec()), foreign, "{text}");
        }
        let cut = entry("a")[..80].to_vec();
        assert_eq!(looked_at("a", cut), KeyContent::Damaged);
    }
}
