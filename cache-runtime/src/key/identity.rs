//! What tells one call of a function from its other calls, without the text of its key.
//!
//! A part calls its [`KeyWriter`](super::KeyWriter) in some order, with some numbers and texts, and nothing else decides how it is rendered. An identity records these calls:
//! which they were, four bits each, and what was written, in words. So two calls of one function that have one identity have one key, whatever
//! types their arguments are of. The reverse need not hold, and not every call has an identity: long strings and large composites do not fit.

#[cfg(test)]
mod tests;

/// The function, the kinds, and what was written.
const WORDS: usize = 9;
const FUNCTION: usize = 0;
const KINDS: usize = 1;
/// Most calls have no more words.
const FEW: usize = 3;

/// A call, in this process. Two of them are compared whole: a hash alone would hand one caller's data to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallIdentity {
    /// Of what was written, and not of which kinds that was, which nearly always follows. Seeded, so that arguments cannot be chosen to meet in one place of a
    /// table.
    pub(crate) hash: u64,
    /// Those that are not used are zero. How many are used is part of that of the kinds.
    words: [u64; WORDS],
}

impl PartialEq for CallIdentity {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Without a branch for each.
        let differ = |at: usize| self.words[at] ^ other.words[at];
        (0..FEW).fold(0, |all, at| all | differ(at)) == 0
            && (self.len() <= FEW as u64 || self.words == other.words)
    }
}

impl Eq for CallIdentity {}

impl CallIdentity {
    #[inline]
    fn len(&self) -> u64 {
        self.words[KINDS] >> LEN_SHIFT
    }
}

/// The identities of one function in one cache begin with this.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdentitySeed {
    function: u64,
    hash: u64,
    multiplier: u64,
}

impl IdentitySeed {
    /// Of a function with a number that no other has, and of random bytes.
    pub(crate) fn new(function: u64, random: [u8; 16]) -> Self {
        let random = u128::from_le_bytes(random);
        let [hash, multiplier] = [random as u64, (random >> 64) as u64 | 1];
        Self { function, hash, multiplier }
    }

    /// What `write` writes, unless it is too much.
    #[inline(always)]
    pub(crate) fn identity(&self, write: impl FnOnce(&mut IdentityWriter)) -> Option<CallIdentity> {
        let mut words = [0; WORDS];
        words[FUNCTION] = self.function;
        let identity = CallIdentity { hash: self.hash, words };
        let mut writer =
            IdentityWriter { identity, len: KINDS + 1, kinds: 0, multiplier: self.multiplier, fits: true };
        write(&mut writer);
        writer.finish()
    }
}

/// What is written next.
#[derive(Debug, Clone, Copy)]
pub(super) enum PartKind {
    /// A number, which is not negative.
    Natural = 1,
    Negative,
    Text,
    #[cfg(feature = "uuid")]
    Uuid,
    /// The path of a function, by the place of its text.
    Path,
    ItemBegins,
    ItemEnds,
}

const KIND_BITS: u32 = 4;
/// Above the kinds is the number of words.
const LEN_SHIFT: u32 = u64::BITS - KIND_BITS;

/// Receives the parts of a key, and records them.
#[derive(Debug)]
pub struct IdentityWriter {
    identity: CallIdentity,
    /// Of the words, how many are used.
    len: usize,
    /// The latest lowest; none is 0.
    kinds: u64,
    multiplier: u64,
    fits: bool,
}

impl IdentityWriter {
    #[inline(always)]
    pub(super) fn kind(&mut self, kind: PartKind) {
        self.fits &= self.kinds >> (LEN_SHIFT - KIND_BITS) == 0;
        self.kinds = (self.kinds << KIND_BITS) | kind as u64;
    }

    #[inline(always)]
    pub(super) fn word(&mut self, word: u64) {
        match self.identity.words.get_mut(self.len) {
            Some(place) => {
                *place = word;
                self.len += 1;
                self.mix(word);
            }
            None => self.fits = false,
        }
    }

    #[inline(always)]
    pub(super) fn number<const N: usize>(&mut self, kind: PartKind, words: [u64; N]) {
        self.kind(kind);
        words.into_iter().for_each(|word| self.word(word));
    }

    #[inline(always)]
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.identity.hash ^ word) * u128::from(self.multiplier);
        self.identity.hash = (product as u64) ^ ((product >> 64) as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        self.kind(PartKind::Text);
        self.word(bytes.len() as u64);
        if bytes.len() > size_of_val(&self.identity.words) {
            self.fits = false;
            return;
        }
        let (chunks, rest) = bytes.as_chunks();
        chunks.iter().for_each(|chunk| self.word(u64::from_le_bytes(*chunk)));
        match (bytes.last_chunk(), rest) {
            (_, []) => {}
            // Some bytes for the second time, which is faster than to sort them out.
            (Some(last), _) => self.word(u64::from_le_bytes(*last)),
            (None, rest) => self.word(short(rest)),
        }
    }

    /// Text that is never freed, by its place.
    #[inline(always)]
    pub(super) fn place(&mut self, text: &'static str) {
        let (address, len) = (text.as_ptr().addr() as u64, text.len() as u64);
        self.fits &= address >> 48 == 0 && len >> 16 == 0;
        self.kind(PartKind::Path);
        self.word((address << 16) | len);
    }

    /// What is there is no call's.
    pub(super) fn fail(&mut self) {
        self.fits = false;
    }

    #[inline(always)]
    fn finish(mut self) -> Option<CallIdentity> {
        let kinds = self.kinds | ((self.len as u64) << LEN_SHIFT);
        self.identity.words[KINDS] = kinds;
        self.fits.then_some(self.identity)
    }
}

/// Less than eight bytes; how many they are is known already.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) | (u64::from(u32::from_le_bytes(*last)) << 32);
    }
    bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}
