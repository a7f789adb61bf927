//! Counters of tags, where the program asks for them.
//!
//! A counter belongs to a text that the program has written into its options, and counts the tags that begin with it. So there are as many as it wrote, and what a user has
//! entered is never the name of one: neither the name of a tag nor a template tells where a program's text ends and an argument begins, once the tag is a key.

use std::collections::BTreeSet;

use super::entry_state::EntryState;
use super::read::{Question, ReadState};
use crate::error::{Error, ErrorKind};
use crate::report::tag_stats::TagStats;
use crate::tags;
use crate::util::counter::Counter;

/// How many texts there can be. Each tag is compared with all of them.
const MOST: usize = 64;

/// The counters, one for each text.
#[derive(Debug)]
pub(crate) struct TagCounters {
    /// What the keys of all tags begin with.
    tag: String,
    counters: Vec<OfTags>,
}

#[derive(Debug)]
struct OfTags {
    beginning: String,
    hits: Counter,
    misses: Counter,
    invalidations: Counter,
}

/// Whether there can be counters for so many.
pub(crate) fn can_be_counted(beginnings: &[String]) -> Result<(), Error> {
    let (count, has_empty) = (beginnings.len(), beginnings.iter().any(String::is_empty));
    if count > MOST || has_empty {
        let what =
            if has_empty { "a text is empty".to_owned() } else { format!("{count} texts are too many") };
        let message =
            format!("count_tags: {what}; give at most {MOST}, each what the names of some tags begin with");
        return Err(Error::new(ErrorKind::InvalidOption, message));
    }
    Ok(())
}

impl TagCounters {
    /// `None` if nothing is to be counted.
    pub(crate) fn new(prefix: &str, mut beginnings: Vec<String>) -> Option<Self> {
        // A monitoring system takes two series of one name for an error.
        let mut seen = BTreeSet::new();
        beginnings.retain(|beginning| seen.insert(beginning.clone()));
        let of_tags = |beginning| OfTags {
            beginning,
            hits: Counter::default(),
            misses: Counter::default(),
            invalidations: Counter::default(),
        };
        let counters: Vec<_> = beginnings.into_iter().map(of_tags).collect();
        (!counters.is_empty()).then(|| Self { tag: tags::tag(prefix, "").to_string(), counters })
    }

    /// What was found for each question.
    pub(super) fn count_reads(&self, asked: &[Question<'_>], found: &[ReadState]) {
        for (question, found) in asked.iter().zip(found) {
            let is_hit = match found {
                Ok(Some(EntryState::Hit(_) | EntryState::Stale(..) | EntryState::NoValue(_))) => true,
                // It is asked once more, or nobody knows.
                Ok(None | Some(EntryState::Unknown(_))) | Err(_) => continue,
                Ok(Some(_)) => false,
            };
            for tags in question.tag_keys().filter_map(|key| self.of(key)) {
                if is_hit { &tags.hits } else { &tags.misses }.count();
            }
        }
    }

    /// The tag with this key is invalidated.
    pub(super) fn count_invalidation(&self, key: &str) {
        if let Some(tags) = self.of(key) {
            tags.invalidations.count();
        }
    }

    /// The counter with the longest text with which the tag begins.
    fn of(&self, key: &str) -> Option<&OfTags> {
        let name = key.strip_prefix(&self.tag)?;
        let fits = self.counters.iter().filter(|tags| name.starts_with(&tags.beginning));
        fits.max_by_key(|tags| tags.beginning.len())
    }

    /// In the order in which the program has given them.
    pub(crate) fn stats(&self) -> Vec<TagStats> {
        let stats = self.counters.iter().map(|of| {
            let mut stats = TagStats::default();
            stats.tag.clone_from(&of.beginning);
            (stats.hits, stats.misses) = (of.hits.get(), of.misses.get());
            stats.invalidations = of.invalidations.get();
            stats
        });
        stats.collect()
    }
}
