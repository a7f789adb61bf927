//! The keys that are read most, in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data
//! Streams, ICDT 2005). A key that is not counted yet takes the place of the one with the fewest hits, and goes on from its number, which is the most by which it is
//! too high. Every key with more than one in `counters` of all hits is among them.
//!
//! The paper finds the counter with the fewest hits by lists of counters with equal numbers. Numbers only grow, so a place and the fewest hits that there may be will do: a walk over all
//! counters finds every one that has so few, and only then the next number is looked for.

use std::collections::HashMap;

use crate::util::hashing::Seeded;

/// How many counters there are for each key that is asked for.
const COUNTERS: usize = 4;

#[derive(Debug)]
struct CountedKey {
    hash: u64,
    key: String,
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
    /// No counter has fewer hits.
    fewest: u64,
    /// No counter before this one has so few.
    next: usize,
}

impl HotKeys {
    /// For the `keys` that are read most.
    pub(crate) fn new(keys: usize) -> Self {
        let most = keys.saturating_mul(COUNTERS);
        Self { most, places: HashMap::default(), counted: Vec::new(), fewest: 1, next: 0 }
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
        let Some(place) = self.place_of_fewest() else { return };
        let counted = &mut self.counted[place];
        self.places.remove(&counted.hash);
        self.places.insert(hash, place);
        // The string stays, for its memory.
        counted.key.clear();
        counted.key.push_str(key);
        (counted.hash, counted.error) = (hash, counted.hits);
        counted.hits += 1;
    }

    fn place_of_fewest(&mut self) -> Option<usize> {
        let with_fewest = |hot: &Self| {
            let rest = hot.counted.get(hot.next..)?;
            Some(hot.next + rest.iter().position(|counted| counted.hits == hot.fewest)?)
        };
        let place = with_fewest(self).or_else(|| {
            self.fewest = self.counted.iter().map(|counted| counted.hits).min()?;
            self.next = 0;
            with_fewest(self)
        })?;
        self.next = place + 1;
        Some(place)
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

    /// As if the fewest were looked for each time.
    #[test]
    fn whoever_has_the_fewest_hits_makes_room() {
        let mut hot = HotKeys::new(3);
        let mut random = 1_u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Low numbers are hot.
            let key = (random >> 33) % (1 + (random >> 40) % 60);
            let before: Vec<_> = hot.counted.iter().map(|counted| counted.hits).collect();
            let is_full = before.len() == 12 && !hot.places.contains_key(&key);
            hot.count(key, &key.to_string());
            let Some(place) = hot.places.get(&key).filter(|_| is_full) else { continue };
            assert_eq!(Some(&before[*place]), before.iter().min());
            let CountedKey { hits, error, .. } = hot.counted[*place];
            assert_eq!((hits, error), (before[*place] + 1, before[*place]));
        }
        assert_eq!(hot.counted.iter().map(|counted| counted.hits).sum::<u64>(), 20_000);
    }

    #[test]
    fn without_room_nothing_is_counted() {
        let mut hot = HotKeys::new(0);
        hot.count(1, "key");
        assert!(hot.hottest().is_empty());
    }
}
