//! What a store speaks of: what stands at a key, how long it has left, and the token that compare-and-set compares.
//! Imports nothing of the crate but errors and a clock's moments.

pub(crate) mod parts;
mod question;
#[cfg(feature = "sealing")]
mod sealing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use crate::error::Error;
use crate::util::clock::Moment;

pub(crate) use question::{About, Beginning, KeyQuestion};
#[cfg(feature = "sealing")]
pub(crate) use sealing::Sealing;

/// What tells one write from another. New for every attempt: with one nonce per client, a stale store passes the
/// compare-and-set.
pub(crate) type Nonce = [u8; 16];

/// The state of a value: the first byte of an entry.
pub(crate) const VALUE: u8 = b'V';
/// The state of a lease: its first byte.
pub(crate) const LEASE: u8 = b'L';
/// The state of a tombstone.
pub(crate) const TOMBSTONE: u8 = b'T';

/// State and nonce: all of a lease or a tombstone, and what the store script compares.
pub(crate) const SLOT_LEN: usize = 17;
/// Where the check of a lease or a tombstone stands: twelve bytes of nonce are before it.
const SLOT_CHECK_AT: usize = 13;

/// A lease: somebody is computing the value.
pub(crate) fn lease(nonce: &Nonce) -> [u8; SLOT_LEN] {
    slot(LEASE, nonce)
}

/// A tombstone: nobody is to store a value yet.
pub(crate) fn tombstone(nonce: &Nonce) -> [u8; SLOT_LEN] {
    slot(TOMBSTONE, nonce)
}

fn slot(state: u8, nonce: &Nonce) -> [u8; SLOT_LEN] {
    let mut bytes = [state; SLOT_LEN];
    bytes[1..].copy_from_slice(nonce);
    let check = slot_check(&bytes);
    bytes[SLOT_CHECK_AT..].copy_from_slice(&check);
    bytes
}

/// Whether a lease or a tombstone is one that this library wrote, and no text that begins like one.
pub(crate) fn is_slot(bytes: &[u8]) -> bool {
    bytes.len() == SLOT_LEN && bytes[SLOT_CHECK_AT..] == slot_check(bytes)
}

/// Of what stands before it.
fn slot_check(bytes: &[u8]) -> [u8; SLOT_LEN - SLOT_CHECK_AT] {
    let [a, b, c, d, ..] = xxh3_64(&bytes[..SLOT_CHECK_AT]).to_le_bytes();
    [a, b, c, d]
}

/// By how much a tag's key outlives the entries that were computed in less than this.
pub(crate) const MARGIN: Duration = Duration::from_secs(60);

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Absent,
    Bytes(Vec<u8>),
    /// Something that is not a string: a list, a hash, …
    Foreign,
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerInfo {
    pub(crate) address: String,
    /// Lines of a name, a colon and a value, as `INFO` answers.
    pub(crate) text: String,
}

/// What one server has answered to a command.
#[derive(Debug, Clone)]
#[doc(hidden)]
#[non_exhaustive]
pub struct ServerReply {
    /// Host and port, or the path of a socket, without credentials.
    pub address: String,
    /// From sending to the answer.
    pub took: Duration,
    pub reply: Result<ReplyValue, Error>,
}

/// A server's answer, in no type of the driver's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(hidden)]
pub enum ReplyValue {
    Nil,
    Integer(i64),
    /// Strings of all kinds, and numbers that are no integers.
    Text(Vec<u8>),
    /// Arrays and sets, and maps as keys and values in turn.
    List(Vec<Self>),
}

/// How long a key has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Absent,
    Expires(Duration),
    Never,
}

impl Left {
    /// What is left of it if the last part is not counted.
    pub(crate) fn less(self, last: Duration) -> Self {
        match self {
            Self::Expires(left) => Self::Expires(left.saturating_sub(last)),
            other => other,
        }
    }
}

/// Over which connection keys are tracked, and as whose keys they were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Epoch {
    /// Which of all connections of the program on which changes are tracked. 0 is none of them.
    pub(crate) number: u64,
    /// Of which of the store's servers.
    pub(crate) node: u16,
    pub(crate) tenure: Tenure,
}

/// How often the keys of a slot have changed hands. The keys of a single server never do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tenure {
    pub(crate) slot: u16,
    pub(crate) number: u32,
}

/// Into how many slots the keys of a cluster are divided.
pub(crate) const SLOTS: u16 = 16_384;

/// Who is told what becomes of keys that were read with [`Reading::Tracked`].
///
/// The calls for one server come in the order in which it spoke, and an answer reaches its reader after what was told before it.
pub(crate) trait InvalidationListener: Send + Sync + 'static {
    /// From now on there may be tracked reads in this epoch.
    fn connected(&self, epoch: Epoch);

    /// All changes up to the moment at which this was asked have been told, by the owner of the keys.
    fn confirmed(&self, epoch: Epoch, asked: Moment);

    /// A key that was read has changed, or may have.
    fn changed(&self, key: &[u8]);

    /// Any key of the epoch's server may have changed.
    fn all_changed(&self, epoch: Epoch);

    /// Nothing more will be told in this epoch.
    fn ended(&self, epoch: Epoch);

    /// The tenure under which a key of this slot is read. To be asked for before the owner is looked up that is asked for the key.
    fn tenure(&self, slot: u16) -> Tenure;

    /// The slot has got another owner, or may have. To be called when whoever looks the owner up finds the new one.
    fn changed_hands(&self, slot: u16);

    /// All changes of owners up to the moment at which this was asked have been told.
    fn owners_confirmed(&self, asked: Moment);
}

/// Who is told that a server may lack what another one has acknowledged.
pub(crate) trait TakeoverListener: Send + Sync + 'static {
    /// Another server has the keys of which `concerns` holds. The former one was there until `lost`, or until now. Says how many keys and
    /// tags that concerns.
    ///
    /// Told before anything is asked there, or else between two calls of [`is_about_to`](Self::is_about_to).
    fn taken_over(self: Arc<Self>, lost: Instant, concerns: &dyn Fn(&[u8]) -> bool) -> usize;

    /// Whether requests may go to a server that has taken over, of which nothing was told yet.
    fn is_about_to(&self, is_under_way: bool);
}

/// State and nonce: how an entry begins, and what tells one write from any other.
pub(crate) type CasToken = [u8; 17];

/// How to read keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Plain,
    /// With the time that the first so many keys have left.
    Timed(usize),
    /// As that, on the tracking connection: the store's observer is told what becomes of the keys. Fails where changes cannot be
    /// tracked.
    Tracked(usize),
    /// At replicas where that will do. A key of which none can say enough fails, and is to be read again in another way.
    Replica(ReplicaReading),
}

/// How to read entries, and what follows them: their tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplicaReading {
    pub(crate) how: ReplicaReads,
    /// How many of the keys are entries.
    pub(crate) entries: usize,
    /// With the time that the entries have left.
    pub(crate) is_timed: bool,
}

impl ReplicaReading {
    /// Of how many keys to ask for the time.
    pub(crate) fn timed(self) -> usize {
        if self.is_timed { self.entries } else { 0 }
    }
}

/// When what a replica has will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplicaReads {
    /// If the primary says at the same time that it has the same: what is read is what the primary would have given.
    Verified,
    /// If the replica has everything that was acknowledged longer ago than so many milliseconds. A word that is small: every call
    /// has it in its future.
    Bounded(u32),
}

impl ReplicaReads {
    /// A bound that is too long for the word is the longest there is.
    pub(crate) fn bounded(bound: Duration) -> Self {
        Self::Bounded(u32::try_from(bound.as_millis()).unwrap_or(u32::MAX))
    }

    /// How old what is read may be, where that is all that is asked for.
    pub(crate) fn bound(self) -> Option<Duration> {
        match self {
            Self::Verified => None,
            Self::Bounded(millis) => Some(Duration::from_millis(millis.into())),
        }
    }
}

/// An answer for each key, in the order of the keys; or why there is none for any of them.
pub(crate) type KeyResults<T> = Result<Vec<Result<T, Error>>, Error>;

/// What is at several keys.
#[derive(Debug)]
pub(crate) struct Several {
    /// One for each key; a key whose server does not answer fails alone. What is no string may be called absent.
    pub(crate) found: Vec<Result<Found, Error>>,
    /// Of the first keys, as many as were asked for. Means nothing for a key that failed.
    pub(crate) left: Vec<Left>,
    /// Means nothing where the keys are not tracked.
    pub(crate) epochs: Epochs,
}

/// What is at a key, and how long it has left, if that was asked.
pub(crate) type KeyAnswer = Result<(Found, Option<Left>), Error>;

impl Several {
    /// From an answer for each key, of which the first `timed` were asked how long they have left.
    pub(crate) fn of(answers: Vec<KeyAnswer>, timed: usize, epochs: Epochs) -> Self {
        let (mut found, mut left) = (Vec::with_capacity(answers.len()), Vec::with_capacity(timed));
        for (at, answer) in answers.into_iter().enumerate() {
            let (value, time) =
                answer.map_or_else(|error| (Err(error), None), |(found, time)| (Ok(found), time));
            found.push(value);
            left.extend((at < timed).then(|| time.unwrap_or(Left::Absent)));
        }
        Self { found, left, epochs }
    }
}

/// Over which connections keys were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Epochs {
    /// All keys', if there is none for each.
    common: Epoch,
    each: Vec<Epoch>,
}

impl Epochs {
    /// All over one.
    pub(crate) fn one(epoch: Epoch) -> Self {
        Self { common: epoch, each: Vec::new() }
    }

    /// One for each key; the default for those that are not tracked.
    pub(crate) fn each(epochs: Vec<Epoch>) -> Self {
        Self { common: Epoch::default(), each: epochs }
    }

    /// That of the key at this place.
    pub(crate) fn of(&self, key: usize) -> Epoch {
        self.each.get(key).copied().unwrap_or(self.common)
    }
}

/// How far a scan has come. Made by the store, and given back to it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Which of the store's servers.
    pub(crate) node: usize,
    /// The server's own; 0 is its beginning.
    pub(crate) position: u64,
    /// How often keys had gone from one server to another when it was begun.
    pub(crate) changes: u64,
    /// How often it was begun again because of that.
    pub(crate) passes: u32,
    /// Whether everything was swept once already, and this is only to find what moved meanwhile.
    pub(crate) is_repeated: bool,
}

/// What one step of [`scan`](Store::scan) found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Where to go on; `None` at the end.
    pub(crate) next: Option<Cursor>,
    /// Bytes, since other programs' keys need not be text. A key may be met twice.
    pub(crate) keys: Vec<Vec<u8>>,
}

/// One of several values that are to replace what was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Swap<'a> {
    pub(crate) key: &'a str,
    pub(crate) mark: &'a CasToken,
    /// The mark itself: what is there stays, for another `ttl`.
    pub(crate) value: &'a [u8],
    pub(crate) ttl: Option<Duration>,
}

/// One of several keys that are to hold a value, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyWrite<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) ttl: Option<Duration>,
}

/// For how long the keys of an entry's tags have to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TagTtl {
    /// What must be left; `None`: for ever.
    pub(crate) least: Option<Duration>,
}

impl TagTtl {
    /// Of an entry that is stored now and lives for `total`.
    pub(crate) fn of_entry(total: Option<Duration>) -> Self {
        Self { least: total.map(|total| total.saturating_add(MARGIN)) }
    }

    /// Whether an entry that lives for `total` is outlived, its computation having taken `computing`.
    pub(crate) fn is_enough(self, total: Option<Duration>, computing: Duration) -> bool {
        match (self.least, total) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(least), Some(total)) => total.saturating_add(computing) <= least,
        }
    }

    /// What a key is given that has less than the least: twice as much, because every change of the time to live makes
    /// the processes that keep the tag drop it.
    pub(crate) fn given(self) -> Option<Duration> {
        self.least.map(|least| least.saturating_mul(2))
    }
}
