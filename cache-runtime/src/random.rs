//! Unpredictable enough numbers without a dependency: for nonces, which must never repeat, and for jitter.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A keyed hash (SipHash, keyed by the operating system's randomness) of a counter.
static KEYED: LazyLock<(RandomState, RandomState)> =
    LazyLock::new(|| (RandomState::new(), RandomState::new()));
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Sixteen bytes that no other call in any process gets. Two processes differ by their keys, two calls by the counter.
pub(crate) fn nonce() -> [u8; 16] {
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&KEYED.0.hash_one(count).to_le_bytes());
    nonce[8..].copy_from_slice(&KEYED.1.hash_one(count).to_le_bytes());
    nonce
}

/// Uniform in `0.0..1.0`.
pub(crate) fn unit() -> f64 {
    let bits = KEYED.0.hash_one((COUNTER.fetch_add(1, Ordering::Relaxed), "unit"));
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
