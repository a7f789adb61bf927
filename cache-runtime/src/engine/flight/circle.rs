//! Who waits for whom, among the computations of this process: two functions that call each other must not wait for each other.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

/// For each key that is being computed: the keys for whose computation calls within it wait now, and how many calls do.
///
/// Keyed by what is computed and not by who computes it. So it sees a circle through another cache of the process too. Where a key is
/// computed twice it may see one that is none, and then a call computes what it could have waited for.
#[derive(Debug)]
pub(crate) struct Waits<K, S>(HashMap<K, HashMap<K, usize, S>, S>);

impl<K, S: Default> Default for Waits<K, S> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Clone + Eq + Hash, S: BuildHasher + Default> Waits<K, S> {
    /// Notes that a call within the computations of `own` waits for `key`, unless that would close a circle: then it says so, by
    /// `false`, and notes nothing. To be asked and noted in one step; of two that only ask, neither sees the other.
    pub(crate) fn begin<'k>(&mut self, own: impl Iterator<Item = &'k K> + Clone, key: &K) -> bool
    where
        K: 'k,
    {
        if self.leads_to(key, &own) {
            return false;
        }
        for computed in own {
            *self.0.entry(computed.clone()).or_default().entry(key.clone()).or_default() += 1;
        }
        true
    }

    /// The wait is over.
    pub(crate) fn end<'k>(&mut self, own: impl Iterator<Item = &'k K>, key: &K)
    where
        K: 'k,
    {
        for computed in own {
            let Some(waits) = self.0.get_mut(computed) else { continue };
            if let Some(calls) = waits.get_mut(key) {
                *calls -= 1;
                if *calls == 0 {
                    waits.remove(key);
                }
            }
            if waits.is_empty() {
                self.0.remove(computed);
            }
        }
    }

    /// Whether `key`, or a key that its computation waits for, and so on, is one of `own`.
    fn leads_to<'k>(&self, key: &K, own: &(impl Iterator<Item = &'k K> + Clone)) -> bool
    where
        K: 'k,
    {
        let mut reached = vec![key];
        let mut known: HashMap<&K, (), S> = HashMap::default();
        while let Some(next) = reached.pop() {
            if own.clone().any(|computed| computed == next) {
                return true;
            }
            if known.insert(next, ()).is_none() {
                reached.extend(self.0.get(next).into_iter().flat_map(HashMap::keys));
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use super::*;

    /// Computations of one key each.
    fn begin(waits: &mut Waits<u8, RandomState>, own: u8, key: u8) -> bool {
        waits.begin([own].iter(), &key)
    }

    #[test]
    fn a_circle_is_seen_however_long_it_is() {
        let mut waits = Waits::default();
        assert!(begin(&mut waits, 1, 2) && begin(&mut waits, 2, 3) && begin(&mut waits, 3, 4));
        assert!(!begin(&mut waits, 4, 1) && !begin(&mut waits, 4, 3) && !begin(&mut waits, 5, 5));
        // Two ways to one key are no circle.
        assert!(begin(&mut waits, 1, 4) && begin(&mut waits, 5, 1));
    }

    #[test]
    fn all_that_a_call_is_within_counts() {
        let mut waits = Waits::default();
        assert!(begin(&mut waits, 1, 2));
        assert!(!waits.begin([3, 2, 4].iter(), &1));
        assert!(waits.begin([3, 4].iter(), &1));
        // 4 waits for 1, and 1 for 2.
        assert!(!begin(&mut waits, 2, 4));
    }

    #[test]
    fn what_is_over_is_forgotten_when_the_last_is() {
        let mut waits = Waits::default();
        assert!(begin(&mut waits, 1, 2) && begin(&mut waits, 1, 2));
        waits.end([1].iter(), &2);
        assert!(!begin(&mut waits, 2, 1));
        waits.end([1].iter(), &2);
        assert!(begin(&mut waits, 2, 1));
        waits.end([2].iter(), &1);
        assert!(waits.0.is_empty());
    }
}
