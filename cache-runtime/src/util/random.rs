//! Unpredictable enough numbers without a dependency: for nonces, which must never repeat, and for jitter.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::process;
use super::process::{Generation, PerProcess};

/// A keyed hash (SipHash, keyed by the operating system's randomness) of a counter.
static KEYED: PerProcess<Keyed> = PerProcess::new();
static COUNTER: AtomicU64 = AtomicU64::new(0);

struct Keyed([Stream; 2]);

/// The counter is hashed in a place of the process's own. A forked process has its parent's keys and its parent's counter: it is told
/// apart by its number, and from another that had the same one by when it began.
struct Stream {
    keys: RandomState,
    process: u64,
}

impl Keyed {
    fn new() -> Self {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let stream = || {
            let keys = RandomState::new();
            let process = keys.hash_one((std::process::id(), began));
            Stream { keys, process }
        };
        Self([stream(), stream()])
    }

    /// Hashes one word: with the process beside it a number would cost three times as much.
    fn hash(&self, stream: usize, count: u64) -> u64 {
        let Stream { keys, process } = &self.0[stream];
        keys.hash_one(process ^ count)
    }
}

/// Sixteen bytes that no other call in any process gets. Two processes differ by their keys, two calls by the counter.
pub(crate) fn nonce() -> [u8; 16] {
    nonce_in(process::current())
}

/// The same for who has just asked which process this is.
pub(crate) fn nonce_in(process: Generation) -> [u8; 16] {
    let keyed = KEYED.get_or_init(process, Keyed::new);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&keyed.hash(0, count).to_le_bytes());
    nonce[8..].copy_from_slice(&keyed.hash(1, count).to_le_bytes());
    nonce
}

/// Uniform in `0.0..1.0`.
pub(crate) fn unit() -> f64 {
    let keyed = KEYED.get_or_init(process::known(), Keyed::new);
    // Of a nonce no bits are to be told.
    let bits = keyed.hash(0, !COUNTER.fetch_add(1, Ordering::Relaxed));
    // The 53 bits that a double holds exactly.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    let numerator = (bits >> 11) as f64;
    numerator / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn nonces_differ() {
        let nonces: HashSet<_> = (0..10_000).map(|_| super::nonce()).collect();
        assert_eq!(nonces.len(), 10_000);
    }

    #[test]
    fn unit_stays_in_its_interval_and_spreads() {
        let numbers: Vec<f64> = (0..10_000).map(|_| super::unit()).collect();
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        let mean = numbers.iter().sum::<f64>() / 10_000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
