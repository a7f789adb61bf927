//! Reading at replicas: all of them at once, each for its part of the keys.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::marks::confirmed;
use super::{Copied, Replica, ReplicaSet, unknown};
use crate::error::Error;
use crate::runtime::executor;
use crate::store::vocabulary::{About, Epochs, KeyQuestion, ReplicaReading, Several};
use crate::util::clock::after;

/// Primaries that have replicas.
pub(crate) trait Replicated {
    /// The replicas of who has the key, as far as they are known.
    fn replicas(&self, key: &str) -> Option<Arc<ReplicaSet>>;

    /// What the primaries say. An answer for each question.
    async fn marks(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<Copied>, Error>;

    /// A replica has given an error, which may say that it is one of somebody else by now.
    fn heard(&self, error: &Error);
}

/// What is at the keys. A key that only the primary can say enough of fails.
pub(crate) async fn read<R: Replicated>(
    at: &R,
    keys: &[&str],
    reading: ReplicaReading,
    until: Instant,
) -> Result<Several, Error> {
    let read = match reading.how.bound() {
        None => verified(at, keys, reading, until).await?,
        Some(bound) => bounded(at, keys, reading.timed(), bound, until).await?,
    };
    Ok(Several::of(read, reading.timed(), Epochs::default()))
}

/// Entries at replicas, and at the same time their marks and all tags at the primaries.
async fn verified<R: Replicated>(
    at: &R,
    keys: &[&str],
    reading: ReplicaReading,
    until: Instant,
) -> Result<Vec<Copied>, Error> {
    let (entries, tags) = keys.split_at(reading.entries);
    let parts = by_replica(at, entries.iter().map(|key| (*key, false)), None);
    if parts.is_empty() {
        return Err(unknown("there is no replica to ask"));
    }
    let about = About::mark(reading.is_timed);
    let asked: Vec<KeyQuestion<'_>> = entries
        .iter()
        .map(|key| KeyQuestion { key, about })
        .chain(tags.iter().map(|key| KeyQuestion { key, about: About::Value }))
        .collect();
    let (marks, copies) =
        executor::both(pin!(at.marks(&asked, until)), pin!(copies(at, &parts, keys.len(), None, until)))
            .await;
    let compared = |((mark, copy), question): ((Copied, Option<Copied>), &KeyQuestion<'_>)| {
        let (mark, time) = mark?;
        if !question.about.is_mark() {
            return Ok((mark, time));
        }
        let copy = copy.and_then(Result::ok).map(|(copy, _)| copy);
        let found = confirmed(mark, copy).ok_or_else(|| unknown("a replica has not what the primary has"))?;
        Ok((found, time))
    };
    Ok(marks?.into_iter().zip(copies).zip(&asked).map(compared).collect())
}

/// Entries and tags at replicas that have all that was acknowledged longer ago than `bound`.
async fn bounded<R: Replicated>(
    at: &R,
    keys: &[&str],
    timed: usize,
    bound: Duration,
    until: Instant,
) -> Result<Vec<Copied>, Error> {
    let asked = keys.iter().enumerate().map(|(place, key)| (*key, place < timed));
    let parts = by_replica(at, asked, Some(bound));
    let missing = || unknown("no replica is known to be fresh enough");
    if parts.is_empty() {
        return Err(missing());
    }
    let copies = copies(at, &parts, keys.len(), Some(bound), until).await;
    Ok(copies.into_iter().map(|copy| copy.unwrap_or_else(|| Err(missing()))).collect())
}

/// A replica, and what it is asked: where that stands among all keys, the key, and whether its time is asked for.
type Part<'a> = (Arc<Replica>, Vec<(usize, (&'a str, bool))>);

/// Each key at one of its primary's replicas, which is fresh enough. A primary's keys are asked together. Keys without such a replica
/// are left out.
fn by_replica<'a>(
    at: &impl Replicated,
    keys: impl Iterator<Item = (&'a str, bool)>,
    bound: Option<Duration>,
) -> Vec<Part<'a>> {
    let mut sets: Vec<(Arc<ReplicaSet>, Option<usize>)> = Vec::new();
    let mut parts: Vec<Part<'a>> = Vec::new();
    for (place, key) in keys.enumerate() {
        let Some(set) = at.replicas(key.0) else { continue };
        let part = match sets.iter().find(|(known, _)| Arc::ptr_eq(known, &set)) {
            Some((_, part)) => *part,
            None => {
                if let Some(bound) = bound {
                    set.keep_sampling(bound);
                }
                let is_good = |replica: &Replica| bound.is_none_or(|bound| replica.is_fresh(bound));
                let part = set.next(is_good).map(|replica| {
                    parts.push((replica, Vec::new()));
                    parts.len() - 1
                });
                sets.push((set, part));
                part
            }
        };
        if let Some(part) = part {
            parts[part].1.push((place, key));
        }
    }
    parts
}

/// What the replicas have; `None` for a key that none was asked for.
async fn copies(
    at: &impl Replicated,
    parts: &[Part<'_>],
    keys: usize,
    bound: Option<Duration>,
    until: Instant,
) -> Vec<Option<Copied>> {
    // What a replica that falls silent takes leaves time for the primary.
    let until = after(until.saturating_duration_since(Instant::now()) / 2);
    let asked = executor::all(parts.iter().map(|(replica, part)| async move {
        let keys: Vec<(&str, bool)> = part.iter().map(|(_, key)| *key).collect();
        match bound {
            None => replica.read(&keys, until).await,
            Some(bound) => replica.read_fresh(&keys, bound, until).await,
        }
    }));
    let mut copies: Vec<Option<Copied>> = (0..keys).map(|_| None).collect();
    for ((_, part), answers) in parts.iter().zip(asked.await) {
        match answers {
            Ok(answers) => {
                for ((place, _), answer) in part.iter().zip(answers) {
                    if let Err(error) = &answer {
                        at.heard(error);
                    }
                    copies[*place] = Some(answer);
                }
            }
            Err(error) => at.heard(&error),
        }
    }
    copies
}
