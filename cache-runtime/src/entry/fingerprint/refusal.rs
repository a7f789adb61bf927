//! The tracer's error type, and what a type says when it refuses a value.
//!
//! serde's errors are built by functions that get what was expected: field names, variant names, a description. That
//! is the only sight of what a type reads out of `deserialize_any`. They are written down in a thread-local and not kept
//! in the error, because `untagged` drops the errors of the variants that did not match.

use std::{cell::RefCell, fmt};

use serde::de::{self, Expected, Unexpected};

/// What a type named while it refused a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// A field that has to be there.
    Missing(&'static str),
    /// A field that was there twice.
    Duplicate(&'static str),
    /// Variants or fields of which one has to be named.
    Names(&'static [&'static str]),
    /// What stands in `expecting`.
    Expected(String),
}

/// Types that log without end must not make us remember without end.
const MAX_NOTES: usize = 4096;

thread_local! {
    static NOTES: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
}

/// How much is noted so far.
pub(super) fn position() -> usize {
    NOTES.with_borrow(Vec::len)
}

/// What was noted since.
pub(super) fn since(position: usize) -> Vec<Note> {
    NOTES.with_borrow(|notes| notes.get(position..).unwrap_or_default().to_vec())
}

pub(super) fn clear() {
    NOTES.with_borrow_mut(Vec::clear);
}

/// A value was refused; why stands in the notes.
#[derive(Debug)]
pub(super) struct Refusal;

impl Refusal {
    fn noting(note: Note) -> Self {
        NOTES.with_borrow_mut(|notes| {
            if notes.len() < MAX_NOTES {
                notes.push(note);
            }
        });
        Refusal
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    /// The text is not noted: it may hold an address, a time or the order of a hash map, and then each process would
    /// have its own fingerprint.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Refusal
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Refusal::noting(Note::Expected(expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Refusal::noting(Note::Expected(expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Refusal::noting(Note::Expected(expected.to_string()))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Refusal::noting(Note::Names(expected))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Refusal::noting(Note::Names(expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Refusal::noting(Note::Missing(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Refusal::noting(Note::Duplicate(field))
    }
}
