//! Entries in this process: for tests, for development, and for a first look without a server.
//!
//! Values are kept encoded, as Redis would keep them, so that a program behaves alike on both. What an operation does to a
//! slot is said in [`slot`]; here is where slots are kept.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::error::{Error, ErrorKind};
use crate::store::key_state::{Content, Write};
use crate::store::vocabulary::{
    CasToken, Cursor, Epochs, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Left, Nonce, Reading,
    SLOT_LEN, Scanned, ServerInfo, Several, Swap, TagTtl,
};
use crate::store::{Acquired, Store, key_state};
use crate::util::locks::lock;
use crate::util::random;
use crate::util::test_clock::Clock;

/// Bounded by bytes; what was used least goes first, and no entry outlives its time.
#[derive(Debug)]
pub(crate) struct MemoryStore {
    entries: Cache<String, MemoryEntry, EntryWeight>,
    /// Held by what compares before it writes, and by every other write, so that none comes between.
    writing: Mutex<()>,
    clock: Clock,
}

#[derive(Debug, Clone)]
struct MemoryEntry {
    value: std::sync::Arc<[u8]>,
    expires: Option<Instant>,
}

/// An entry weighs its key, its value and about what the map adds.
#[derive(Debug, Clone, Copy)]
struct EntryWeight;

const OVERHEAD: usize = 100;

impl Weighter<String, MemoryEntry> for EntryWeight {
    fn weight(&self, key: &String, entry: &MemoryEntry) -> u64 {
        (key.len() + entry.value.len() + OVERHEAD) as u64
    }
}

impl MemoryStore {
    /// Room for about `capacity` bytes.
    pub(crate) fn new(capacity: u64, clock: Clock) -> Self {
        let options = OptionsBuilder::new()
            // One shard: the map does not take a value larger than a shard's part of the capacity.
            .shards(1)
            .weight_capacity(capacity)
            .estimated_items_capacity(
                usize::try_from(capacity / 1024).unwrap_or(usize::MAX).clamp(16, 100_000),
            )
            .build();
        let entries = match options {
            Ok(options) => Cache::with_options(
                options,
                EntryWeight,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            // Only a missing capacity is an error, and both are given; the fallback keeps this free of panics.
            Err(_) => Cache::with_weighter(16, capacity, EntryWeight),
        };
        Self { entries, writing: Mutex::new(()), clock }
    }

    /// Runs one step on the slot at `key`, so that no other write comes between what it compares and what it writes.
    fn step<A>(&self, key: &str, step: impl FnOnce(Option<MemoryEntry>) -> (Write<MemoryEntry>, A)) -> A {
        let _writing = lock(&self.writing);
        let (write, answer) = step(self.live(key));
        self.carry_out(key, write);
        answer
    }

    fn carry_out(&self, key: &str, write: Write<MemoryEntry>) {
        match write {
            Write::Keep => {}
            Write::Put(entry) => self.entries.insert(key.to_owned(), entry),
            Write::Remove => drop(self.entries.remove(key)),
        }
    }

    fn acquire_now(&self, key: &str, lease: &CasToken, ttl: Duration) -> Found {
        let acquire = |current| key_state::acquire(current, || self.entry(lease, Some(ttl)));
        self.step(key, acquire).map_or(Found::Absent, MemoryEntry::found)
    }

    fn entry(&self, value: &[u8], ttl: Option<Duration>) -> MemoryEntry {
        MemoryEntry { value: value.into(), expires: ttl.map(|ttl| self.clock.after(ttl)) }
    }

    /// What a server would say. Entries count until they are looked up after their time, or evicted.
    pub(crate) fn info(&self) -> ServerInfo {
        let (entries, bytes, capacity) = (self.entries.len(), self.entries.weight(), self.entries.capacity());
        let text = format!(
            "used_memory:{bytes}\r\nmaxmemory:{capacity}\r\nmaxmemory_policy:allkeys-lru\r\ndb0:keys={entries}\r\n"
        );
        ServerInfo { address: "memory://".to_owned(), text }
    }

    /// Removes what has such a key, as a server does for want of memory.
    #[cfg(feature = "testing")]
    pub(crate) fn evict(&self, is_meant: impl Fn(&str) -> bool) -> u64 {
        let _writing = lock(&self.writing);
        let keys: Vec<String> = self
            .entries
            .iter()
            .map(|(key, _)| key)
            .filter(|key| is_meant(key) && self.live(key).is_some())
            .collect();
        keys.iter().filter(|key| self.entries.remove(*key).is_some()).count() as u64
    }

    /// The entry, unless its time is over; then it is dropped.
    #[inline]
    fn live(&self, key: &str) -> Option<MemoryEntry> {
        let entry = self.entries.get(key)?;
        if entry.expires.is_some_and(|expires| expires <= self.clock.now()) {
            // Only this entry: a newer one may have taken its place meanwhile.
            self.entries.remove_if(key, |current| current.expires == entry.expires);
            return None;
        }
        Some(entry)
    }
}

impl Store for MemoryStore {
    async fn get(&self, key: &str, _: Instant) -> Result<Found, Error> {
        Ok(self.live(key).map_or(Found::Absent, MemoryEntry::found))
    }

    async fn read(&self, keys: &[&str], how: Reading, _: Instant) -> Result<Several, Error> {
        let timed = match how {
            Reading::Plain => 0,
            Reading::Timed(timed) => timed,
            Reading::Tracked(_) => return Err(untracked()),
            // It is where everything is written.
            Reading::Replica(reading) => reading.timed(),
        };
        // No write comes between two of them.
        let _writing = lock(&self.writing);
        let live: Vec<Option<MemoryEntry>> = keys.iter().map(|key| self.live(key)).collect();
        let now = self.clock.now();
        let left = |entry: &Option<MemoryEntry>| entry.as_ref().map_or(Left::Absent, |entry| entry.left(now));
        let left = live.iter().take(timed).map(left).collect();
        let found =
            live.into_iter().map(|entry| Ok(entry.map_or(Found::Absent, MemoryEntry::found))).collect();
        Ok(Several { found, left, epochs: Epochs::default() })
    }

    async fn ask(&self, asked: &[KeyQuestion<'_>], _: Instant) -> Result<Vec<KeyAnswer>, Error> {
        let _writing = lock(&self.writing);
        let now = self.clock.now();
        let answer = |KeyQuestion { key, about }: &KeyQuestion<'_>| {
            let live = self.live(key);
            let time = || live.as_ref().map_or(Left::Absent, |entry| entry.left(now));
            let time = about.is_timed().then(time);
            let found = live.map_or(Found::Absent, |entry| match about.is_mark() {
                true => Found::Bytes(entry.value.iter().copied().take(SLOT_LEN).collect()),
                false => entry.found(),
            });
            Ok((found, time))
        };
        Ok(asked.iter().map(answer).collect())
    }

    async fn acquire(&self, leases: &[(&str, CasToken)], ttl: Duration, _: Instant) -> Acquired {
        Ok(leases.iter().map(|(key, lease)| Ok(self.acquire_now(key, lease, ttl))).collect())
    }

    async fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        _: Instant,
    ) -> Result<Option<Found>, Error> {
        Ok(Some(self.acquire_now(key, lease, ttl)))
    }

    async fn swap(&self, swaps: &[Swap<'_>], _: Instant) -> KeyResults<bool> {
        let swap = |Swap { key, mark, value, ttl }: &Swap<'_>| {
            Ok(self.step(key, |current| {
                let new = || match &current {
                    Some(there) if *value == &mark[..] => self.entry(&there.value, *ttl),
                    _ => self.entry(value, *ttl),
                };
                key_state::swap(current.as_ref(), mark, new)
            }))
        };
        Ok(swaps.iter().map(swap).collect())
    }

    async fn release(&self, leases: &[(&str, CasToken)], _: Instant) -> Result<(), Error> {
        for (key, mark) in leases {
            self.step(key, |current| (key_state::release(current.as_ref(), mark), ()));
        }
        Ok(())
    }

    async fn clear(&self, key: &str, _: Instant) -> Result<(), Error> {
        self.step(key, |current| {
            let short = current.is_some_and(|entry| entry.value.len() < size_of::<CasToken>());
            (if short { key_state::remove() } else { Write::Keep }, ())
        });
        Ok(())
    }

    async fn set(&self, sets: &[KeyWrite<'_>], _: Instant) -> Result<(), Error> {
        for KeyWrite { key, value, ttl } in sets {
            let write = value.map_or_else(key_state::remove, |value| key_state::set(self.entry(value, *ttl)));
            self.step(key, |_| (write, ()));
        }
        Ok(())
    }

    async fn remove(&self, keys: &[&[u8]], _: Instant) -> Result<u64, Error> {
        let _writing = lock(&self.writing);
        let keys = keys.iter().filter_map(|key| std::str::from_utf8(key).ok());
        Ok(keys.filter(|key| self.entries.remove(*key).is_some()).count() as u64)
    }

    async fn remove_in_order(&self, first: &[u8], then: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.remove(&[&[first], then].concat(), until).await
    }

    async fn scan(&self, prefix: &str, _: Cursor, _: Instant) -> Result<Scanned, Error> {
        let keys = self.entries.iter().map(|(key, _)| key).filter(|key| key.starts_with(prefix));
        Ok(Scanned { next: None, keys: keys.map(String::into_bytes).collect() })
    }

    async fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce> {
        self.tag(&[first, &[last]].concat(), life, until).await
    }

    async fn tag(&self, keys: &[&str], life: TagTtl, _: Instant) -> KeyResults<Nonce> {
        let _writing = lock(&self.writing);
        let tag = |key: &&str| {
            let current = self.live(key);
            let nonce = current.as_ref().and_then(MemoryEntry::nonce);
            let (write, nonce) = key_state::tag(nonce, || {
                let nonce = random::nonce();
                (self.entry(&nonce, life.given()), nonce)
            });
            match (write, current.filter(|current| !current.lives_for(life.least, self.clock.now()))) {
                (Write::Keep, Some(brief)) => {
                    let longer = self.entry(&brief.value, life.given());
                    self.carry_out(key, Write::Put(longer));
                }
                (write, _) => self.carry_out(key, write),
            }
            Ok(nonce)
        };
        Ok(keys.iter().map(tag).collect())
    }
}

/// There is nothing nearer than this.
fn untracked() -> Error {
    Error::new(ErrorKind::Server, "entries in this process are not tracked")
}

impl Content for MemoryEntry {
    type Mark = CasToken;

    fn begins_with(&self, mark: &CasToken) -> bool {
        self.value.starts_with(mark)
    }
}

impl MemoryEntry {
    #[inline]
    fn found(self) -> Found {
        Found::Bytes(self.value.to_vec())
    }

    /// Of a tag.
    fn nonce(&self) -> Option<Nonce> {
        Nonce::try_from(&*self.value).ok()
    }

    /// Whether it is there for that long yet; `None` is for ever.
    fn lives_for(&self, least: Option<Duration>, now: Instant) -> bool {
        match (self.left(now), least) {
            (Left::Expires(left), Some(least)) => left >= least,
            (Left::Expires(_), None) => false,
            _ => true,
        }
    }

    fn left(&self, now: Instant) -> Left {
        match self.expires {
            None => Left::Never,
            Some(expires) => Left::Expires(expires.saturating_duration_since(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::OneKey;

    #[tokio::test]
    async fn stays_within_its_capacity() {
        let store = MemoryStore::new(1_000_000, Clock::default());
        let until = Instant::now();
        for number in 0..1_000 {
            store.put(&number.to_string(), &[0; 10_000], None, until).await.expect("a set");
        }
        assert!(store.entries.weight() <= 1_000_000);
        assert!(store.entries.len() > 50);
    }

    #[tokio::test]
    async fn takes_a_value_of_most_of_its_capacity() {
        let store = MemoryStore::new(10_000_000, Clock::default());
        store.put("large", &vec![1; 8_000_000], None, Instant::now()).await.expect("a set");
        assert_ne!(store.get("large", Instant::now()).await.expect("a get"), Found::Absent);
    }

    /// There is nothing then: an old value must not outlive one that has no room.
    #[tokio::test]
    async fn a_value_that_is_too_large_leaves_nothing_in_its_place() {
        let (store, until) = (MemoryStore::new(10_000, Clock::default()), Instant::now());
        let mark = [7; 17];
        store.put("large", &mark, None, until).await.expect("a set");
        let swap = Swap { key: "large", mark: &mark, value: &[8; 20_000], ttl: None };
        let swapped = store.swap(&[swap], until).await.expect("a swap in memory");
        assert!(matches!(swapped[..], [Ok(true)]));
        assert_eq!(store.get("large", until).await.expect("a get"), Found::Absent);
    }
}
