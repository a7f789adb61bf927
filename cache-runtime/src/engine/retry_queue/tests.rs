mod takeovers;

use super::*;
use crate::tags;

/// What happens to a reader and to a retry, each in its own order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Note,
    Read,
    Use,
    BeginRetry,
    CarryOut,
    EndRetry,
}

const READER: [Step; 3] = [Step::Note, Step::Read, Step::Use];
const RETRY: [Step; 3] = [Step::BeginRetry, Step::CarryOut, Step::EndRetry];

/// All ways to merge the two.
fn merged<S: Copy>(reader: &[S], retry: &[S]) -> Vec<Vec<S>> {
    let (Some((first, readers)), Some((other, retries))) = (reader.split_first(), retry.split_first()) else {
        return vec![[reader, retry].concat()];
    };
    let behind = |step: S, rests: Vec<Vec<S>>| {
        rests.into_iter().map(move |rest| [&[step][..], &rest].concat()).collect::<Vec<_>>()
    };
    [behind(*first, merged(readers, retry)), behind(*other, merged(reader, retries))].concat()
}

/// Whether a reader that begins while the tag is pending uses the old value, which names it.
fn uses_old(steps: &[Step], allows: impl Fn(&Pending, Option<NotedTags>, &[KeyBuf]) -> bool) -> bool {
    let (pending, keys, now) = (Pending::default(), [tags::tag("", "a")], Instant::now());
    let key = Key::Tag(&keys[0]);
    assert!(pending.with(|queue| queue.failed(key, 1, None, now)));
    let (mut is_old_there, mut noted, mut has_read_old, mut uses_old) = (true, None, false, false);
    for step in steps {
        match step {
            Step::Note => noted = pending.note_tags(),
            Step::Read => has_read_old = is_old_there,
            Step::Use => uses_old = has_read_old && allows(&pending, noted, &keys),
            Step::BeginRetry => assert!(pending.with(|queue| queue.begin(key, now)).is_some()),
            Step::CarryOut => is_old_there = false,
            Step::EndRetry => pending.with(|queue| queue.end(key, 1, true)),
        }
    }
    uses_old
}

#[test]
fn a_value_whose_tag_is_pending_is_not_used_whenever_it_is_settled() {
    let all = merged(&READER, &RETRY);
    assert_eq!(all.len(), 20);
    for steps in &all {
        assert!(!uses_old(steps, Pending::allows), "{steps:?}");
    }
    // To look once, after the read, is not enough.
    assert!(all.iter().any(|steps| uses_old(steps, |pending, _, keys| !pending.contains_any_tag(keys))));
}

#[test]
fn values_with_other_tags_are_used() {
    let (pending, now) = (Pending::default(), Instant::now());
    let keys = ["a", "b"].map(|name| tags::tag("", name));
    assert!(pending.note_tags().is_none());
    pending.with(|queue| queue.failed(Key::Entry("entry"), 1, None, now));
    assert!(pending.note_tags().is_none(), "an entry is no tag");
    pending.with(|queue| queue.failed(Key::Tag(&keys[0]), 2, None, now));
    let noted = pending.note_tags();
    assert!(pending.allows(noted, &keys[1..]) && !pending.allows(noted, &keys));
    assert_eq!(pending.len(), 2);
}
