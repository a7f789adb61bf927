//! A reader, and a server that takes over and lacks an invalidation: every order of what they do.

use super::super::*;
use super::merged;

#[derive(Debug, Clone, Copy)]
enum Step {
    Note,
    LookForPending,
    /// At the server that the table names.
    Read,
    Use,
    /// The table names the new server.
    Switch,
    AboutTo(bool),
    /// What was acknowledged is pending again.
    Repeat,
    BeginRetry,
    /// At the new server.
    CarryOut,
    EndRetry,
}
use Step::{AboutTo, BeginRetry, CarryOut, EndRetry, LookForPending, Note, Read, Repeat, Switch, Use};

const READER: [Step; 4] = [Note, LookForPending, Read, Use];
/// The former server says who has taken over, and redirects a retry as well.
const REDIRECTED: [Step; 5] = [Repeat, Switch, BeginRetry, CarryOut, EndRetry];
const RETRIED_BEFORE: [Step; 5] = [Repeat, BeginRetry, CarryOut, EndRetry, Switch];
/// Others say so, and the former one may not know.
const BY_MAP: [Step; 7] = [AboutTo(true), Switch, Repeat, AboutTo(false), BeginRetry, CarryOut, EndRetry];

/// Whether the reader uses what the new server still has, and the former one has not.
fn uses_old(steps: &[Step], is_trusted: impl Fn(&Pending, NotedTakeovers) -> bool) -> bool {
    let (pending, now) = (Pending::default(), Instant::now());
    let key = Key::Entry("key");
    assert!(pending.acknowledged(&[key], pending.number(), None));
    let (mut is_new, mut is_old_there) = (false, true);
    let (mut noted, mut is_pending, mut has_read_old, mut uses_old) = (None, false, false, false);
    let mut tried = None;
    for step in steps {
        match step {
            Note => noted = Some(pending.takeovers.note()),
            LookForPending => is_pending = pending.contains_entry(key.name()),
            Read => has_read_old = is_new && is_old_there,
            Use => {
                uses_old =
                    has_read_old && !is_pending && noted.is_some_and(|noted| is_trusted(&pending, noted));
            }
            Switch => is_new = true,
            AboutTo(is_under_way) => pending.takeovers.is_about_to(*is_under_way),
            Repeat => {
                let now = Instant::now();
                assert_eq!(pending.repeat(now, |_| true).0, ["key"]);
            }
            BeginRetry => tried = pending.begin_try(key, now),
            CarryOut => is_old_there = false,
            EndRetry => pending.end_try(key, tried.expect("it is pending").number, true),
        }
    }
    uses_old
}

fn trusts(pending: &Pending, noted: NotedTakeovers) -> bool {
    pending.takeovers.is_still(noted)
}

#[test]
fn what_a_server_lacks_that_takes_over_is_never_used() {
    for takeover in [&REDIRECTED[..], &RETRIED_BEFORE, &BY_MAP] {
        for steps in merged(&READER, takeover) {
            assert!(!uses_old(&steps, trusts), "{steps:?}");
        }
    }
    // To look for what is pending is not enough.
    assert!(merged(&READER, &REDIRECTED).iter().any(|steps| uses_old(steps, |_, _| true)));
}

#[test]
fn each_part_is_needed() {
    let finds = |reader: &[Step], takeover: &[Step]| {
        merged(reader, takeover).iter().any(|steps| uses_old(steps, trusts))
    };
    assert!(finds(&[LookForPending, Note, Read, Use], &REDIRECTED), "noted too late");
    assert!(finds(&READER, &[Switch, Repeat, BeginRetry, CarryOut, EndRetry]), "switched too early");
}
