//! What was found, in words.

use std::fmt::Write as _;

use redis_cached::{EntryInfo, Inspection, KeyContent, Ttl};

use super::Found;
use super::tags::TagState;
use crate::own_keys;
use crate::text::{dump, key_id, lines_shown, shown};
use crate::units::{bytes, counted, time};

/// How much of a payload is shown.
const MOST_SHOWN: usize = 4096;
/// How much of what is no text.
const MOST_DUMPED: usize = 256;

pub(super) fn explanation(found: &Found) -> String {
    let mut out = format!("{}\n", shown(&found.key));
    match &found.inspection {
        Some(inspection) => explain(&mut out, found, inspection),
        None => explain_nothing(&mut out, found),
    }
    out
}

/// Appends a line below the key.
macro_rules! say {
    ($out:expr, $($text:tt)*) => {{ _ = writeln!($out, "  {}", format_args!($($text)*)) }};
}

fn explain_nothing(out: &mut String, found: &Found) {
    match &found.server_type {
        Some(name) => {
            say!(out, "a {}, which no cache of redis-cached has written", lines_shown(name));
            if std::str::from_utf8(&found.key).is_err() {
                say!(out, "the key is no UTF-8, as all keys of the library are");
            }
        }
        None => say!(out, "nothing stands there: the next call of its function computes the value"),
    }
}

fn explain(out: &mut String, found: &Found, inspection: &Inspection) {
    if let Some(what) = own_keys::explained(&found.key) {
        say!(out, "{what}, {}", end(inspection.ttl));
        return;
    }
    let (size, end) = (bytes(inspection.bytes), end(inspection.ttl));
    match &inspection.content {
        KeyContent::Entry(entry) => {
            say!(out, "an entry of {size}, {end}");
            explain_entry(out, entry, found.tags.as_deref());
        }
        KeyContent::Lease => {
            say!(out, "a lease, {end}");
            say!(
                out,
                "some process is computing the value, and others wait for it; when it is stored, the lease is replaced"
            );
        }
        KeyContent::Tombstone => {
            say!(out, "a tombstone, {end}");
            say!(
                out,
                "`invalidate_with_hold` has invalidated the entry; until the tombstone expires, values are computed and not stored"
            );
        }
        KeyContent::Damaged => {
            say!(out, "a damaged entry of {size}, {end}");
            say!(
                out,
                "its bytes have changed since it was written, or it was written at another key (RENAME, COPY); calls compute and replace it"
            );
        }
        KeyContent::OtherVersion(version) => {
            say!(out, "perhaps an entry of format version {version}, {size}, {end}");
            say!(
                out,
                "this version of the library reads versions 2 and 3 only; calls of its programs compute and replace it"
            );
        }
        KeyContent::OtherCompression(number) => {
            say!(
                out,
                "an entry of {size} with a compression that this command does not read (number {number}), {end}"
            );
        }
        KeyContent::Foreign(content) => {
            say!(out, "{size} that no cache of redis-cached has written, {end}");
            say!(out, "a call of a function with this key computes, and replaces it");
            explain_payload(out, content);
        }
        KeyContent::NotString => {
            let name = found.server_type.as_deref().unwrap_or("value that is no string");
            say!(out, "a {}, which no cache of redis-cached has written, {end}", lines_shown(name));
            say!(out, "a call of a function with this key computes, and replaces it");
        }
        _ => say!(out, "something that this command does not know, of {size}, {end}"),
    }
}

fn explain_entry(out: &mut String, entry: &EntryInfo, tags: Option<&[TagState]>) {
    let age = entry.age.map_or_else(|| "at an unknown time".to_owned(), |age| format!("{} ago", time(age)));
    let fresh = match entry.fresh {
        Ttl::Never => "fresh for ever".to_owned(),
        Ttl::Expires(fresh) => format!("fresh for {}", time(fresh)),
    };
    let stale = match (entry.stale_window.is_zero(), entry.is_stale) {
        (true, _) => String::new(),
        (false, false) => format!(", and kept for {} after that", time(entry.stale_window)),
        (false, true) => {
            format!(
                ", now stale: kept for {}, in which it is refreshed or stands in for an error",
                time(entry.stale_window)
            )
        }
    };
    say!(out, "stored {age}, {fresh}{stale}");
    say!(out, "computing the value took {}", time(entry.compute_time));
    let codec = entry.codec_name().map_or_else(
        || format!("a codec of the program's own, number {}", entry.codec),
        |name| format!("codec {name}"),
    );
    let stored = bytes(entry.stored_payload_bytes);
    if let Some(shape) = entry.shape {
        say!(out, "shape {shape}: each part of the value is one of the key's own");
    }
    if let Some(id) = entry.sealed_under {
        say!(
            out,
            "{codec}, sealed: {stored} under the key {}, which begins the SHA-256 of its name",
            key_id(id)
        );
    }
    match (entry.compression, &entry.payload) {
        (_, None) if entry.sealed_under.is_some() => {}
        (Some(name), Some(payload)) => {
            say!(out, "{codec}, compressed with {name}: {stored} for {}", bytes(payload.len() as u64));
        }
        (Some(name), None) => {
            say!(out, "{codec}, compressed with {name}: {stored}, which cannot be decompressed");
        }
        (None, _) => say!(out, "{codec}, not compressed: {stored}"),
    }
    say!(
        out,
        "fingerprint {:016x}: a function with another type, key template or `version` does not use it",
        entry.fingerprint
    );
    explain_tags(out, entry.tags.len(), tags);
    if let Some(payload) = &entry.payload {
        explain_payload(out, payload);
    }
}

fn explain_tags(out: &mut String, count: usize, states: Option<&[TagState]>) {
    if count == 0 {
        return;
    }
    say!(
        out,
        "{}, of which the entry has no names{}",
        counted(count as u64, "tag"),
        match states {
            Some(_) => ":",
            None => ": --tag NAME asks about one, --find-tags looks for all",
        }
    );
    for state in states.unwrap_or_default() {
        match state {
            TagState::Current(name) => say!(out, "  {name}: of the entry, and not invalidated since"),
            TagState::Other(name) => {
                say!(
                    out,
                    "  {name}: not of the entry, or invalidated since, so that the entry is not served"
                );
            }
            TagState::Missing(name) => {
                say!(
                    out,
                    "  {name}: has no key: it was invalidated or evicted since the last entry with it, or no entry ever had it"
                );
            }
            TagState::Unknown => {
                say!(
                    out,
                    "  one that was invalidated since, or whose key was evicted: the entry is not served"
                );
            }
        }
    }
}

/// JSON as such, other text as text, and the beginning of anything else in hexadecimal.
fn explain_payload(out: &mut String, payload: &[u8]) {
    if payload.is_empty() {
        return;
    }
    out.push('\n');
    let json = || serde_json::from_slice::<serde_json::Value>(payload).ok();
    let text = match json().and_then(|value| serde_json::to_string_pretty(&value).ok()) {
        Some(pretty) => lines_shown(&pretty),
        None => dump(payload, MOST_DUMPED).join("\n"),
    };
    let end = text.char_indices().nth(MOST_SHOWN).map_or(text.len(), |(at, _)| at);
    text[..end].lines().for_each(|line| say!(out, "{line}"));
    if end < text.len() {
        say!(out, "… {} in all", bytes(payload.len() as u64));
    }
}

fn end(ttl: Ttl) -> String {
    match ttl {
        Ttl::Never => "which does not expire".to_owned(),
        Ttl::Expires(left) => format!("which expires in {}", time(left)),
    }
}
