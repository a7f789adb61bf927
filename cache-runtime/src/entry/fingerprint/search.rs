//! Which candidates to change when a value was refused and no single part of it was to blame.
//!
//! A `TryFrom` sees its parts together, so any of them may be why it refused. Trying all combinations is out of the
//! question; refusals in practice have simple causes, and three series find them: one part at a time (an end before its
//! start, an ordinal of zero), all parts alike (two texts that must both be non-empty), and then the first two
//! candidates of the last few parts in every combination.

use super::shape::PointId;

/// For the third series: two to this many attempts.
const MAX_COMBINED: usize = 9;

/// The attempts at one place, and how far they are.
#[derive(Debug)]
pub(super) struct Search {
    parts: Vec<Part>,
    step: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) point: PointId,
    /// What was chosen when the search began, which all attempts start from.
    pub(super) base: usize,
    pub(super) arity: usize,
}

impl Search {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        Search { parts, step: 0 }
    }

    /// The choices that the search began with.
    pub(super) fn base(&self) -> Vec<(PointId, usize)> {
        self.choices(|part| part.base)
    }

    /// The choices of the next attempt, or `None` after the last.
    pub(super) fn next(&mut self) -> Option<Vec<(PointId, usize)>> {
        let mut step = self.step;
        self.step += 1;

        // The last part first: it is the one that was looked at most recently when the value was refused.
        for (index, part) in self.parts.iter().enumerate().rev() {
            let others = part.arity.saturating_sub(1);
            if step < others {
                let mut choices = self.base();
                choices[index].1 = (part.base + 1 + step) % part.arity;
                return Some(choices);
            }
            step -= others;
        }

        let alike = self.parts.iter().map(|part| part.arity).max().unwrap_or(0);
        if self.parts.len() > 1 {
            if step < alike {
                return Some(self.choices(|part| if step < part.arity { step } else { part.base }));
            }
            step -= alike;

            let combined = self.parts.len().min(MAX_COMBINED);
            if step < 1 << combined {
                let mut choices = self.base();
                for (bit, choice) in choices.iter_mut().rev().take(combined).enumerate() {
                    choice.1 = step >> bit & 1;
                }
                return Some(choices);
            }
        }
        None
    }

    fn choices(&self, choose: impl Fn(&Part) -> usize) -> Vec<(PointId, usize)> {
        self.parts.iter().map(|part| (part.point, choose(part))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Search};

    fn attempts(arities: &[usize]) -> Vec<Vec<usize>> {
        let part = |(point, &arity)| Part { point, base: 0, arity };
        let mut search = Search::new(arities.iter().enumerate().map(part).collect());
        std::iter::from_fn(|| search.next())
            .map(|choices| choices.into_iter().map(|(_, choice)| choice).collect())
            .collect()
    }

    #[test]
    fn one_part_tries_each_candidate_once() {
        assert_eq!(attempts(&[4]), [[1], [2], [3]]);
    }

    #[test]
    fn nothing_to_change_is_no_attempt() {
        assert!(attempts(&[]).is_empty());
    }

    #[test]
    fn several_parts_change_alone_then_alike_then_combined() {
        let attempts = attempts(&[3, 2]);
        assert_eq!(attempts[..3], [[0, 1], [1, 0], [2, 0]]);
        assert_eq!(attempts[3..6], [[0, 0], [1, 1], [2, 0]]);
        assert_eq!(attempts[6..], [[0, 0], [0, 1], [1, 0], [1, 1]]);
    }

    #[test]
    fn many_parts_end() {
        assert!(attempts(&[60; 100]).len() < 10_000);
    }
}
