//! The game: 100,000 players who exist by arithmetic, and a database of them that takes its time.

use std::collections::HashSet;
use std::time::Duration;

use redis_cached::Fields;
use serde::{Deserialize, Serialize};

pub(crate) struct Game {
    pub(crate) players: u64,
}

#[derive(Debug, Serialize, Deserialize, Fields)]
pub(crate) struct Player {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) country: String,
    /// What makes the row a long one.
    pub(crate) last_replay: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Match {
    pub(crate) winner: u64,
    pub(crate) loser: u64,
    pub(crate) minutes: u64,
}

impl Game {
    /// Every player's rating. As `ORDER BY` would have it: the best first.
    pub(crate) async fn ratings(&self) -> Vec<(u64, f64)> {
        self.takes(80).await;
        let mut ratings: Vec<(u64, f64)> = (0..self.players).map(|id| (id, rating(id))).collect();
        ratings.sort_by(|a, b| b.1.total_cmp(&a.1));
        ratings
    }

    pub(crate) async fn player(&self, id: u64) -> Player {
        self.takes(20).await;
        let country = COUNTRIES[pick(id, 1, COUNTRIES.len())].to_owned();
        Player { id, name: name(id), country, last_replay: vec![id as u8; 500_000] }
    }

    /// A third of all.
    pub(crate) async fn playing(&self) -> HashSet<u64> {
        self.takes(40).await;
        (0..self.players).filter(|id| pick(*id, 2, 3) == 0).collect()
    }

    /// The latest first.
    pub(crate) async fn matches(&self) -> Vec<Match> {
        self.takes(40).await;
        let played = |number: u64| {
            let (winner, loser) = (draw(number, 3) % self.players, draw(number, 4) % self.players);
            Match { winner, loser, minutes: 3 + draw(number, 5) % 40 }
        };
        (0..self.players).map(played).collect()
    }

    async fn takes(&self, millis: u64) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// Two syllables or three.
pub(crate) fn name(id: u64) -> String {
    let syllables = 2 + pick(id, 6, 2) as u64;
    let name: String = (0..syllables).map(|place| SYLLABLES[pick(id, 7 + place, SYLLABLES.len())]).collect();
    name[..1].to_uppercase() + &name[1..]
}

/// About 1500, as ratings are: most are near it. No two are alike, so that the ranking's order is that of the scores.
fn rating(id: u64) -> f64 {
    let spread: u64 = (10..16).map(|salt| draw(id, salt) % 4_000).sum();
    300.0 + spread as f64 / 10.0 + id as f64 / 1e7
}

fn pick(id: u64, salt: u64, len: usize) -> usize {
    (draw(id, salt) % len as u64) as usize
}

/// The same number for the same player, and another for each `salt` (SplitMix64).
fn draw(id: u64, salt: u64) -> u64 {
    let mut bits = (id << 8 | salt).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

const COUNTRIES: [&str; 8] = ["Brazil", "Finland", "Ghana", "Japan", "Korea", "Norway", "Peru", "Spain"];
const SYLLABLES: [&str; 16] =
    ["ka", "ri", "mo", "ten", "lu", "sha", "vi", "nor", "be", "dun", "zo", "mir", "el", "pa", "gar", "is"];
