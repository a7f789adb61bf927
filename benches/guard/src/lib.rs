//! What a call of redis-cached costs, in figures that no busy machine changes: allocations, and instructions under callgrind.
//!
//! ```text
//! cargo run --release -p redis-cached-guard --bin allocations [--features peers]
//! cargo run --release -p redis-cached-guard --bin instructions
//! ```
//!
//! And what an annotation weighs before anything is called:
//!
//! ```text
//! cargo build -p redis-cached-guard && target/debug/weight
//! ```
//!
//! All print what they counted beside its bound, and fail where it is above. The bounds are in `bounds.txt`; whoever makes
//! the library cheaper lowers them.
//!
//! Several programs, because the counting allocator would be among the instructions.

mod functions;
pub mod said;

use std::fmt;
use std::sync::Arc;

use redis_cached::redis_cached;
use serde::{Deserialize, Serialize};

/// A small value with two strings, as most are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    id: u64,
    name: String,
    email: String,
    age: u32,
}

impl User {
    /// Another one for each id.
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self { id, name: format!("User Number {id}"), email: format!("user{id}@example.com"), age: 18 }
    }
}

/// The function that is called for hits elsewhere …
#[redis_cached(ttl = 3600, key = "guard:user:<id>")]
async fn user(id: u64) -> User {
    User::new(id)
}

/// … and for hits in this process.
#[redis_cached(ttl = 3600, key = "guard:local:user:<id>", local = "1h")]
async fn local_user(id: u64) -> Arc<User> {
    Arc::new(User::new(id))
}

/// … and while nobody is there to be asked. Its body is as good as nothing, so that what is counted is the library's.
#[redis_cached(ttl = 3600, key = "guard:number:<id>")]
async fn number(id: u64) -> u64 {
    id
}

/// As many values as are asked for.
pub const KEYS: u64 = 1024;

/// Calls the function with ids that take turns.
///
/// # Panics
/// Where a value is another id's.
pub async fn call_users(calls: u64) {
    for call in 0..calls {
        let id = call % KEYS;
        assert_eq!(user(id).await.id, id);
    }
}

/// Calls the function with `local`.
///
/// # Panics
/// Where a value is another id's.
pub async fn call_local_users(calls: u64) {
    for call in 0..calls {
        let id = call % KEYS;
        assert_eq!(local_user(id).await.id, id);
    }
}

/// Calls the function that takes no time.
///
/// # Panics
/// Where a value is another id's.
pub async fn call_numbers(calls: u64) {
    for call in 0..calls {
        let id = call % KEYS;
        assert_eq!(number(id).await, id);
    }
}

/// What calls were, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcomes {
    /// Hits of any kind.
    pub hits: u64,
    /// Of these, hits in this process.
    pub local_hits: u64,
    /// Calls that found nothing.
    pub misses: u64,
}

/// What all calls were, so far.
#[must_use]
pub fn outcomes() -> Outcomes {
    let stats = redis_cached::Cache::global().stats();
    let sum = |count: fn(&redis_cached::FunctionStats) -> u64| stats.functions.iter().map(count).sum();
    Outcomes {
        hits: sum(|row| row.hits),
        local_hits: sum(|row| row.local_hits),
        misses: sum(|row| row.misses),
    }
}

/// What something costs, beside what it may.
#[derive(Debug)]
pub struct Verdict {
    name: String,
    figure: f64,
    bound: f64,
    slack: f64,
}

impl Verdict {
    /// The verdict on what `bounds.txt` calls `name`; `slack` is the part by which it may be above.
    ///
    /// # Panics
    /// Where `bounds.txt` has no such line.
    #[must_use]
    pub fn on(name: &str, figure: f64, slack: f64) -> Self {
        let bound = bound(include_str!("../bounds.txt"), name);
        let bound = bound.unwrap_or_else(|| panic!("bounds.txt has no figure for {name}"));
        Self { name: name.to_owned(), figure, bound, slack }
    }

    /// Whether it costs no more than it may.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.figure <= self.bound * (1.0 + self.slack)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:.2}, bound {}", self.name, self.figure, self.bound)?;
        if !self.is_good() {
            write!(f, ": MORE THAN IT MAY BE")
        } else if self.figure < self.bound * (1.0 - self.slack) - 0.5 {
            // A bound that is far off catches nothing.
            write!(f, ": the bound can be lowered")
        } else {
            Ok(())
        }
    }
}

fn bound(bounds: &str, name: &str) -> Option<f64> {
    bounds.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(figure: f64, slack: f64) -> Verdict {
        Verdict { name: "test".to_owned(), figure, bound: 100.0, slack }
    }

    #[test]
    fn a_figure_may_be_above_its_bound_by_the_slack_and_no_more() {
        assert!(verdict(100.0, 0.0).is_good());
        assert!(!verdict(100.1, 0.0).is_good());
        assert!(verdict(114.9, 0.15).is_good());
        assert!(!verdict(115.1, 0.15).is_good());
    }

    #[test]
    fn a_verdict_says_what_is_to_be_done() {
        assert!(verdict(120.0, 0.15).to_string().ends_with("MORE THAN IT MAY BE"));
        assert!(verdict(80.0, 0.15).to_string().ends_with("can be lowered"));
        assert_eq!(verdict(99.0, 0.15).to_string(), "test: 99.00, bound 100");
    }

    #[test]
    fn a_bound_is_found_by_its_whole_name() {
        let bounds = "# a/hit 1\na/hit-or-miss 2\na/hit 3\n";
        assert_eq!(bound(bounds, "a/hit"), Some(3.0));
        assert_eq!(bound(bounds, "a"), None);
    }
}
