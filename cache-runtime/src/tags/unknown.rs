//! Tags that are invalidated and that no function has: told once, in debug builds.
//!
//! A tag that is text can be misspelled, and to invalidate one that nothing has is no error: its entries may just not be there. What a
//! program's tests can see is a tag like which no function that was called had any. Compared is the text before the first
//! argument. Release builds compare nothing.

use std::collections::BTreeSet;
use std::sync::RwLock;

use crate::util::locks::{read, write};

/// What is remembered of each kind at most. With more, nothing is told any more.
const MOST: usize = 1_000;

static KNOWN: RwLock<KnownTags> = RwLock::new(KnownTags::new());

struct KnownTags {
    /// What names with arguments begin with.
    leads: BTreeSet<String>,
    /// Names without arguments.
    names: BTreeSet<String>,
    /// What the names that were told of begin with.
    told: BTreeSet<String>,
}

impl KnownTags {
    const fn new() -> Self {
        Self { leads: BTreeSet::new(), names: BTreeSet::new(), told: BTreeSet::new() }
    }

    fn is_full(&self) -> bool {
        [&self.leads, &self.names, &self.told].iter().any(|set| set.len() >= MOST)
    }

    fn has(&self, text: &str, is_whole: bool) -> bool {
        if is_whole { &self.names } else { &self.leads }.contains(text)
    }

    fn fits(&self, name: &str) -> bool {
        self.names.contains(name) || self.leads.iter().any(|lead| name.starts_with(lead))
    }
}

/// A function has a tag that begins with `text`, or that is called so.
pub(super) fn seen(text: &str, is_whole: bool) {
    if !cfg!(debug_assertions) {
        return;
    }
    let is_news = {
        let known = read(&KNOWN);
        !known.is_full() && !known.has(text, is_whole)
    };
    if is_news {
        let mut known = write(&KNOWN);
        if is_whole { &mut known.names } else { &mut known.leads }.insert(text.to_owned());
    }
}

/// A function has a tag of this name, which was put together by the program.
pub(crate) fn seen_name(name: &str) {
    if cfg!(debug_assertions) {
        let lead = lead(name);
        seen(lead, lead == name);
    }
}

/// Tells of an invalidated tag like which no function had any.
pub(crate) fn report_if_unknown(name: &str) {
    if cfg!(debug_assertions) && is_news(name) {
        log::warn!(
            "invalidated a tag `{}…`, but no function that this process has called has a tag that begins like it: compare it with \
             the `tags` and `group` of your functions (logged once, in debug builds only)",
            lead(name)
        );
    }
}

fn is_news(name: &str) -> bool {
    let is_unknown = {
        let known = read(&KNOWN);
        !known.is_full() && !known.fits(name)
    };
    is_unknown && write(&KNOWN).told.insert(lead(name).to_owned())
}

/// What seems to stand before a name's first argument: all up to its first sign of punctuation. A group has no argument.
fn lead(name: &str) -> &str {
    if name.starts_with("group:") {
        return name;
    }
    let end =
        name.find(|character: char| character.is_ascii_punctuation() && !matches!(character, '_' | '-'));
    end.map_or(name, |end| &name[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_what_its_functions_have() {
        for (text, is_whole) in [("unknown-org:", false), ("unknown-all", true)] {
            assert!(!read(&KNOWN).has(text, is_whole));
            seen(text, is_whole);
            assert!(read(&KNOWN).has(text, is_whole));
        }
        seen_name("unknown-team:7");
        for name in ["unknown-org:7", "unknown-org:", "unknown-all", "unknown-team:8"] {
            assert!(!is_news(name), "{name}");
        }
        for name in ["unknown-orgs:7", "unknown-al", "unknown-all2", "group:unknown"] {
            assert!(is_news(name), "{name}");
            assert!(!is_news(name), "{name}: told once");
        }
        assert!(!is_news("unknown-orgs:8"), "told of another one like it");
    }

    #[test]
    fn leads() {
        for (name, expected) in [
            ("org:7", "org:"),
            ("a_b-c:d:e", "a_b-c:"),
            ("all", "all"),
            ("group:lists", "group:lists"),
            ("é/1", "é/"),
        ] {
            assert_eq!(lead(name), expected);
        }
    }
}
