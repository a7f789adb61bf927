//! Numbers that look random and are the same in each run.

/// Xorshift.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `end`, each number equally often.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end
    }

    /// Below `end`, and small numbers more often, as some articles are read more than others.
    pub(crate) fn popular_below(&mut self, end: usize) -> usize {
        self.below(end).min(self.below(end))
    }
}
