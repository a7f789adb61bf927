//! Rights that the user lacks, and what follows from each.

use super::{full, loading, role, writes_stopped};
use crate::doctor::facts::{Facts, ServerFacts};
use crate::doctor::finding::Severity::{Note, Problem, Warning};
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::rights::{Right, Verdict};
use crate::text::shown;

/// What is missing of what the library uses, with what follows from it.
pub(super) fn rights(server: &ServerFacts, facts: &Facts) -> Vec<Finding> {
    let forbids_keys = server.rights.values().any(|verdict| *verdict == Verdict::KeyForbidden);
    if forbids_keys {
        return vec![Finding::new(
            Problem,
            "keys-forbidden",
            format!("the user may not use keys that begin with \"{}\"", shown(facts.cache_prefix.as_bytes())),
            "nothing is read and nothing stored",
            "--cache-prefix, if the program's cache has a prefix; else ACL SETUSER … ~PREFIX*",
        )];
    }
    let mut found: Vec<Finding> = WITHOUT
        .iter()
        .filter(|(right, ..)| server.is_refused(*right))
        .map(|(_, severity, name, means)| refused(*severity, "no-right", name, means))
        .collect();
    found.extend(writes_refused(server));
    found.extend(comparing(server));
    found.extend(removing(server));
    if server.protocol < 3 {
        let says = if server.protocol == 2 {
            "the connection speaks RESP2"
        } else {
            "the server does not take HELLO"
        };
        found.push(Finding::new(
            Warning,
            "resp2",
            says,
            "without RESP3 no changes are announced: functions with `local` read every hit from Redis",
            "Redis 6.0 or later, +hello for the user, no proxy in between, and no protocol=resp2 in the URL",
        ));
    }
    found
}

/// Rights by themselves, in the words of docs/guarantees.md.
const WITHOUT: [(Right, Severity, &str, &str); 8] = [
    (Right::Get, Problem, "GET", "nothing is read: calls compute"),
    (Right::Set, Problem, "SET", "nothing is stored"),
    (
        Right::Pttl,
        Warning,
        "PTTL",
        "functions with tags or a stale window compute, and nothing is cached locally",
    ),
    (
        Right::Pexpire,
        Warning,
        "PEXPIRE",
        "functions with tags compute where a tag has to live longer than it would",
    ),
    (Right::Persist, Warning, "PERSIST", "functions with tags and ttl = \"never\" compute"),
    (Right::Scan, Note, "SCAN", "`invalidate_prefix` is an error"),
    (Right::Mget, Note, "MGET", "concurrent look-ups go one by one"),
    (Right::Tracking, Warning, "CLIENT TRACKING", "functions with `local` read every hit from Redis"),
];

fn refused(severity: Severity, id: &'static str, name: &str, means: &str) -> Finding {
    let rule = name.to_ascii_lowercase().replace(' ', "|");
    Finding::new(
        severity,
        id,
        format!("the server does not take {name} from this user"),
        means,
        format!(
            "ACL SETUSER … +{rule}, or `rename-command` undone; docs/guarantees.md has all rights in one line"
        ),
    )
}

/// What the server itself says against a write, if nothing that it says of its state has told that already.
fn writes_refused(server: &ServerFacts) -> Option<Finding> {
    let Some(Verdict::Failed(message)) = server.rights.get(&Right::Set) else { return None };
    let is_told =
        [loading(server), role(server), full(server), writes_stopped(server)].iter().any(Option::is_some);
    (!is_told).then(|| {
        Finding::new(
            Problem,
            "writes-refused",
            format!("the server refuses to write: {message}"),
            "nothing is stored while it does",
            "mend what it says; INFO tells more",
        )
    })
}

/// Without a way to compare and set, nothing is stored.
fn comparing(server: &ServerFacts) -> Option<Finding> {
    let (no_eval, no_range) = (server.is_refused(Right::Eval), server.is_refused(Right::GetRange));
    let has_command = !server.is_refused(Right::SetIfEqual) && server.rights.contains_key(&Right::SetIfEqual);
    match (no_eval, no_range, has_command) {
        (false, false, _) => server
            .is_refused(Right::EvalSha)
            .then(|| refused(Note, "no-right", "EVALSHA", "scripts are sent as text each time")),
        (true, _, true) => Some(refused(
            Note,
            "no-scripts",
            "EVAL",
            "SET … IFEQ stands in for scripts; what needs several steps takes more round trips",
        )),
        (true, _, false) => Some(refused(
            Problem,
            "no-scripts",
            "EVAL",
            "calls take no leases and store nothing: every call computes. Redis 8.4 and Valkey 8.1 need no scripts",
        )),
        (false, true, true) => {
            Some(refused(Note, "no-right", "GETRANGE", "hits of `local = revalidate` take two round trips"))
        }
        (false, true, false) => Some(refused(
            Problem,
            "no-right",
            "GETRANGE",
            "scripts cannot compare: calls take no leases and store nothing",
        )),
    }
}

fn removing(server: &ServerFacts) -> Option<Finding> {
    match (server.is_refused(Right::Unlink), server.is_refused(Right::Del)) {
        (false, _) => None,
        (true, false) => {
            Some(refused(Note, "no-right", "UNLINK", "DEL stands in for it, and frees large values at once"))
        }
        (true, true) => Some(refused(
            Problem,
            "no-right",
            "UNLINK",
            "nothing is invalidated: invalidations are errors, and are retried",
        )),
    }
}
