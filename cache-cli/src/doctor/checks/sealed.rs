//! Entries that are sealed, and others beside them.

use crate::doctor::facts::EntrySample;
use crate::doctor::finding::Finding;
use crate::doctor::finding::Severity::{Note, Warning};
use crate::text::key_id;
use crate::units::count;

/// Some are sealed and some are not.
pub(super) fn partly_sealed(entries: &EntrySample) -> Option<Finding> {
    (entries.unsealed > 0 && entries.sealed() > 0).then(|| {
        Finding::new(
            Warning,
            "partly-sealed",
            format!("{} of {} entries are not sealed", count(entries.unsealed), count(entries.looked_at())),
            "a program without a keyring stores under this prefix: who can read the server reads its values, and programs with a keyring take them for misses",
            "the same keyring in all programs with this prefix; what was stored before there was one goes with the longest TTL, or by `redis-cached invalidate --prefix`",
        )
    })
}

/// Sealed under more than one key.
pub(super) fn several_keys(entries: &EntrySample) -> Option<Finding> {
    let each =
        || entries.sealed.iter().map(|(id, number)| format!("{} under {}", count(*number), key_id(*id)));
    (entries.sealed.len() > 1).then(|| {
        Finding::new(
            Note,
            "several-keys",
            format!("entries are sealed under several keys: {}", each().collect::<Vec<_>>().join(", ")),
            "a keyring without one of these takes what is sealed under it for misses; `printf %s NAME | sha256sum` says which key a number is",
            "keep the old key in all keyrings, by `and`, until none is left under it: no longer than the longest TTL",
        )
    })
}
