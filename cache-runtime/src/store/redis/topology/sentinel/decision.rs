//! Decides from the sentinels' answers which server is the primary.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::store::redis::connection::locate::Location;
use crate::store::redis::redirect::NodeAddress;

/// What one sentinel says.
#[derive(Debug, Clone)]
pub(crate) enum Word {
    /// Where the primary is, and which of its replicas are well; none if it was not asked for them.
    Primary(Arc<Location>, Vec<NodeAddress>),
    /// It does not know the service.
    Unknown,
    /// No answer, or an unusable one.
    Nothing(Error),
}

impl Word {
    pub(super) fn location(&self) -> Option<&Arc<Location>> {
        match self {
            Self::Primary(location, _) => Some(location),
            Self::Unknown | Self::Nothing(_) => None,
        }
    }
}

/// Decides, with a word of each sentinel, and where the primary was `known` to be.
///
/// A failover has a higher epoch than all before it, and is first known to the sentinel that has made it. So the highest epoch counts and
/// not the number of those who say so; but a few sentinels that are cut off from the others may all be behind. A process that
/// knows nothing yet therefore wants to hear a majority. One that does never goes back to an older epoch.
///
/// # Errors
/// If too few sentinels answer, with what is wrong.
pub(crate) fn decide(
    service: &str,
    words: &[Word],
    known: Option<&Arc<Location>>,
) -> Result<Arc<Location>, Error> {
    let named: Vec<&Arc<Location>> = words.iter().filter_map(Word::location).collect();
    let votes = |location: &Arc<Location>| named.iter().filter(|named| **named == location).count();
    let newest = named.iter().copied().max_by_key(|location| (location.epoch, votes(location)));
    match (newest, known) {
        (Some(newest), None) if is_majority(named.len(), words.len()) => Ok(Arc::clone(newest)),
        (Some(newest), Some(known)) => {
            let is_newer = (newest.epoch, votes(newest)) > (known.epoch, votes(known));
            let is_begun_anew = words.len() > 1 && votes(newest) == words.len();
            Ok(Arc::clone(if is_newer || is_begun_anew { newest } else { known }))
        }
        _ => Err(complaint(service, words, named.len())),
    }
}

/// The replicas that are well, as most of those sentinels say that name this primary. `None` if none of them names it.
///
/// Who is cut off from the replicas, or has not heard of the primary, is outvoted. Nothing worse than a wasted question depends on it.
pub(super) fn agreed_replicas<'a>(
    words: impl Iterator<Item = &'a Word>,
    primary: &Location,
) -> Option<Vec<NodeAddress>> {
    let lists: Vec<&Vec<NodeAddress>> = words
        .filter_map(|word| match word {
            Word::Primary(location, replicas) if **location == *primary => Some(replicas),
            _ => None,
        })
        .collect();
    let mut named: Vec<&NodeAddress> = lists.iter().copied().flatten().collect();
    named.sort_unstable();
    let agreed = named.chunk_by(PartialEq::eq).filter(|votes| is_majority(votes.len(), lists.len()));
    let agreed = agreed.filter_map(|votes| votes.first().copied().cloned()).collect();
    (!lists.is_empty()).then_some(agreed)
}

pub(crate) fn is_majority(some: usize, all: usize) -> bool {
    some > all / 2
}

fn complaint(service: &str, words: &[Word], answered: usize) -> Error {
    let doing = format!("cannot find the primary of `{service}`");
    let failures: Vec<&Error> = words
        .iter()
        .filter_map(|word| match word {
            Word::Nothing(error) => Some(error),
            Word::Primary(..) | Word::Unknown => None,
        })
        .collect();
    let listed = failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let all = words.len();
    if answered > 0 {
        let rest = if listed.is_empty() { "the others do not know the service".into() } else { listed };
        let message = format!(
            "{doing}: {answered} of {all} sentinels answer, which is no majority, and may not have heard of a failover; {rest}"
        );
        return Error::new(ErrorKind::Connection, message);
    }
    let unknown = all - failures.len();
    if unknown > 0 {
        let message = format!(
            "{doing}: {unknown} of {all} sentinels answer, and know no service of this name; `SENTINEL MASTERS` lists those that they know"
        );
        return Error::new(ErrorKind::Url, message);
    }
    let kind = failures.first().map_or(ErrorKind::Connection, |first| first.kind());
    let kind =
        if failures.iter().all(|failure| failure.kind() == kind) { kind } else { ErrorKind::Connection };
    Error::new(kind, format!("{doing}: no sentinel can be asked; {listed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: u64, port: u16) -> Arc<Location> {
        Arc::new(Location { epoch, host: "10.0.0.1".into(), port })
    }

    fn says(epoch: u64, port: u16) -> Word {
        Word::Primary(at(epoch, port), Vec::new())
    }

    fn nothing() -> Word {
        Word::Nothing(Error::new(ErrorKind::Connection, "cannot connect to 10.0.0.9:26379: refused"))
    }

    fn decided(words: &[Word], known: Option<&Arc<Location>>) -> (u64, u16) {
        let decided = decide("cache", words, known).expect("enough answer");
        (decided.epoch, decided.port)
    }

    fn refused(words: &[Word]) -> (ErrorKind, String) {
        let error = decide("cache", words, None).expect_err("too few answer");
        (error.kind(), error.to_string())
    }

    #[test]
    fn replicas_are_those_that_most_name_of_who_knows_the_primary() {
        let replica = |port| NodeAddress::new("10.0.0.2", port).expect("an address");
        let names =
            |epoch, ports: &[u16]| Word::Primary(at(epoch, 1), ports.iter().copied().map(replica).collect());
        let agreed = |words: &[Word]| agreed_replicas(words.iter(), &at(2, 1));
        let all = [names(2, &[8, 7]), names(2, &[7, 8]), names(2, &[7, 9])];
        assert_eq!(agreed(&all), Some(vec![replica(7), replica(8)]));
        // Those that are behind or gone have no vote, and half is not most.
        let first = [names(2, &[7]), names(1, &[8]), names(1, &[8]), nothing()];
        assert_eq!(agreed(&first), Some(vec![replica(7)]));
        assert_eq!(agreed(&[names(2, &[7]), names(2, &[])]), Some(Vec::new()));
        assert_eq!(agreed(&[names(1, &[7]), Word::Unknown, nothing()]), None);
    }

    #[test]
    fn the_newest_epoch_counts_and_not_the_number() {
        assert_eq!(decided(&[says(1, 1), says(2, 2), says(1, 1)], None), (2, 2));
        assert_eq!(decided(&[says(1, 1), says(1, 1), nothing()], None), (1, 1));
        assert_eq!(decided(&[nothing(), nothing(), says(3, 3)], Some(&at(2, 2))), (3, 3));
    }

    #[test]
    fn an_older_epoch_is_never_believed() {
        assert_eq!(decided(&[says(1, 1), says(1, 1), nothing()], Some(&at(2, 2))), (2, 2));
        assert_eq!(decided(&[says(1, 1)], Some(&at(2, 2))), (2, 2), "behind one name may be many sentinels");
        assert_eq!(decided(&[says(1, 1), says(0, 1), says(1, 1)], Some(&at(2, 2))), (2, 2));
        // All of them have a lower epoch: they were set up anew.
        assert_eq!(decided(&[says(0, 1), says(0, 1), says(0, 1)], Some(&at(2, 2))), (0, 1));
    }

    #[test]
    fn of_two_that_have_one_epoch_most_decide_and_the_known_one_if_they_are_as_many() {
        assert_eq!(decided(&[says(1, 1), says(1, 2), says(1, 1)], None), (1, 1));
        assert_eq!(decided(&[says(1, 1), says(1, 2), nothing()], Some(&at(1, 1))), (1, 1));
        assert_eq!(decided(&[says(1, 1), says(1, 2), nothing()], Some(&at(1, 2))), (1, 2));
    }

    #[test]
    fn who_knows_nothing_needs_a_majority() {
        let (kind, message) = refused(&[says(1, 1), nothing(), nothing()]);
        assert_eq!(kind, ErrorKind::Connection);
        assert!(message.contains("1 of 3 sentinels answer, which is no majority"), "{message}");
        assert!(refused(&[says(1, 1), says(1, 1), nothing(), nothing()]).1.contains("2 of 4"));
        assert_eq!(decided(&[says(1, 1), nothing(), nothing()], Some(&at(1, 1))), (1, 1));
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let (kind, message) = refused(&[Word::Unknown, Word::Unknown, nothing()]);
        assert_eq!(kind, ErrorKind::Url);
        assert!(message.contains("know no service of this name"), "{message}");
        let (kind, message) = refused(&[nothing(), nothing()]);
        assert_eq!(kind, ErrorKind::Connection);
        assert!(message.contains("no sentinel can be asked; cannot connect to 10.0.0.9:26379"), "{message}");
        let wrong = || Word::Nothing(Error::new(ErrorKind::Permission, "no"));
        assert_eq!(refused(&[wrong(), wrong()]).0, ErrorKind::Permission);
        assert_eq!(refused(&[wrong(), nothing()]).0, ErrorKind::Connection);
        let (_, message) = refused(&[says(1, 1), Word::Unknown]);
        assert!(message.contains("do not know the service"), "{message}");
        // Those that have gone are no reason to go to who may have been replaced.
        assert!(decide("cache", &[nothing(), nothing()], Some(&at(1, 1))).is_err());
    }
}
