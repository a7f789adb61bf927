//! The keys that are read most, in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data
//! Streams, ICDT 2005). A key that is not counted yet takes the place of the one with the fewest hits, and goes on from its number, which is the most by which it is
//! too high. Every key with more than one in `counters` of all hits is among them.

use std::collections::HashMap;

use crate::util::hashing::Seeded;

/// How many counters there are for each key that is asked for.
const COUNTERS: usize = 4;

#[derive(Debug)]
struct CountedKey {
    hash: u64,
    key: Box<str>,
    hits: u64,
    /// By how much that is too high at most.
    error: u64,
}

/// Counts the hits of keys.
#[derive(Debug)]
pub(crate) struct HotKeys {
    most: usize,
    places: HashMap<u64, usize, Seeded>,
    counted: Vec<CountedKey>,
}

impl HotKeys {
    /// For the `keys` that are read most.
    pub(crate) fn new(keys: usize) -> Self {
        Self { most: keys.saturating_mul(COUNTERS), places: HashMap::default(), counted: Vec::new() }
    }

    pub(crate) fn count(&mut self, hash: u64, key: &str) {
        if let Some(place) = self.places.get(&hash) {
            self.counted[*place].hits += 1;
            return;
        }
        if self.counted.len() < self.most {
            self.places.insert(hash, self.counted.len());
            self.counted.push(CountedKey { hash, key: key.into(), hits: 1, error: 0 });
            return;
        }
        let fewest = self.counted.iter_mut().enumerate().min_by_key(|(_, counted)| counted.hits);
        let Some((place, counted)) = fewest else { return };
        self.places.remove(&counted.hash);
        self.places.insert(hash, place);
        *counted = CountedKey { hash, key: key.into(), hits: counted.hits + 1, error: counted.hits };
    }

    /// Those that were read most: keys, hits, and by how much these are too high at most.
    pub(crate) fn hottest(&self) -> Vec<(String, u64, u64)> {
        let mut all: Vec<_> =
            self.counted.iter().map(|one| (one.key.to_string(), one.hits, one.error)).collect();
        all.sort_by_key(|(_, hits, error)| (std::cmp::Reverse(hits - error), std::cmp::Reverse(*hits)));
        all.truncate(self.most / COUNTERS);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_are_found_among_many() {
        let mut hot = HotKeys::new(2);
        for round in 0..1000_u64 {
            hot.count(1, "hot");
            if round % 2 == 0 {
                hot.count(2, "warm");
            }
            hot.count(1000 + round, "cold");
        }
        let hottest = hot.hottest();
        let names: Vec<_> = hottest.iter().map(|(key, ..)| key.as_str()).collect();
        assert_eq!(names, ["hot", "warm"]);
        assert_eq!(hottest[0].1 - hottest[0].2, 1000);
        assert_eq!(hot.counted.len(), 8);
        assert_eq!(hot.places.len(), 8);
    }

    #[test]
    fn without_room_nothing_is_counted() {
        let mut hot = HotKeys::new(0);
        hot.count(1, "key");
        assert!(hot.hottest().is_empty());
    }
}
