//! One operation on keys of several nodes.
//!
//! The keys are grouped by node, all parts run at once, and the answers are put back in the order of the keys. Each answer counts by itself:
//! a node that is away fails its own keys, and a redirection sends its own key elsewhere and no other. A redirection says that the request
//! was not executed. Nothing else is sent again.

use std::error::Error as _;
use std::mem::take;

use redis::{ErrorKind as Driver, RedisError, ServerErrorKind};

use crate::error::{Error, ErrorKind};
use crate::runtime::executor;

/// The most redirections of a request. One more is an error.
const HOPS: usize = 4;

/// Locates keys.
pub(crate) trait Owners {
    /// A node, and whether it has to be told that it is asked for a key of a slot that it is only being given (`ASKING`).
    type Destination: Clone + PartialEq;

    /// The node to ask for a key, by the current table. Never waits.
    ///
    /// # Errors
    /// If no owner is known.
    fn owner(&self, key: &[u8]) -> Result<Self::Destination, Error>;

    /// Learns from a redirection, and says where it leads. `None` if it leads nowhere.
    fn redirected(&self, by: &Self::Destination, redirection: &RedisError) -> Option<Self::Destination>;
}

/// The server's answer that sends a request to another node, if that is what an error is.
pub(crate) fn redirection(error: &Error) -> Option<&RedisError> {
    let error: &RedisError = error.source()?.downcast_ref()?;
    matches!(error.kind(), Driver::Server(ServerErrorKind::Moved | ServerErrorKind::Ask)).then_some(error)
}

/// A node's answer to its part: one result for each item, or one error for all.
pub(crate) type PartAnswers<A> = Result<Vec<Result<A, Error>>, Error>;

/// Asks for all items, each at the node of its key: `ask` is called with a node and its part of the items. An answer for each item.
pub(crate) async fn ask_each<O: Owners, T: Copy, A, F: Future<Output = PartAnswers<A>>>(
    owners: &O,
    items: &[T],
    key: impl Fn(&T) -> &[u8],
    ask: impl Fn(O::Destination, Vec<T>) -> F,
) -> Vec<Result<A, Error>> {
    let owner = |item| owners.owner(key(item));
    follow(owners, items, items.iter().map(owner).collect(), 0, ask).await
}

/// The same for items that have been redirected once already, to these destinations.
pub(crate) async fn ask_redirected<O: Owners, T: Copy, A, F: Future<Output = PartAnswers<A>>>(
    owners: &O,
    items: &[T],
    to: Vec<O::Destination>,
    ask: impl Fn(O::Destination, Vec<T>) -> F,
) -> Vec<Result<A, Error>> {
    follow(owners, items, to.into_iter().map(Ok).collect(), 1, ask).await
}

async fn follow<O: Owners, T: Copy, A, F: Future<Output = PartAnswers<A>>>(
    owners: &O,
    items: &[T],
    to: Vec<Result<O::Destination, Error>>,
    hops: usize,
    ask: impl Fn(O::Destination, Vec<T>) -> F,
) -> Vec<Result<A, Error>> {
    let mut answers: Vec<Result<A, Error>> = items.iter().map(|_| Err(lost())).collect();
    let mut open = Vec::with_capacity(items.len());
    for (at, destination) in to.into_iter().enumerate() {
        match destination {
            Ok(destination) => open.push((at, destination)),
            Err(error) => answers[at] = Err(error),
        }
    }
    for hop in hops..=HOPS {
        let parts = by_destination(take(&mut open));
        let asked = parts.iter().map(|(destination, places)| {
            let part = places.iter().map(|at| items[*at]).collect();
            ask(destination.clone(), part)
        });
        let answered = executor::all(asked).await;
        for ((destination, places), answered) in parts.into_iter().zip(answered) {
            for (at, answer) in places.iter().zip(of_part(answered, places.len())) {
                let next = answer.as_ref().err().and_then(redirection).filter(|_| hop < HOPS);
                match next.and_then(|next| owners.redirected(&destination, next)) {
                    Some(next) => open.push((*at, next)),
                    None => answers[*at] = answer,
                }
            }
        }
        if open.is_empty() {
            break;
        }
    }
    answers
}

/// The places of what goes to each destination, in their order.
fn by_destination<D: PartialEq>(open: Vec<(usize, D)>) -> Vec<(D, Vec<usize>)> {
    let mut parts: Vec<(D, Vec<usize>)> = Vec::new();
    for (at, destination) in open {
        match parts.iter_mut().find(|(known, _)| *known == destination) {
            Some((_, places)) => places.push(at),
            None => parts.push((destination, vec![at])),
        }
    }
    parts
}

/// As many answers as there are items: a part that fails as a whole fails each of them.
fn of_part<A>(answered: Result<Vec<Result<A, Error>>, Error>, items: usize) -> Vec<Result<A, Error>> {
    match answered {
        Ok(answers) if answers.len() == items => answers,
        Ok(_) => (0..items).map(|_| Err(lost())).collect(),
        Err(error) => (0..items).map(|_| Err(error.clone())).collect(),
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Server, "an answer is missing")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;
    use std::time::Duration;

    use redis::{Value, parse_redis_value};
    use tokio::sync::Barrier;

    use super::*;
    use crate::store::redis::error::translate;

    /// Nodes are numbers. A key is its owner's, as the table has it; what a redirection names takes its place in the table.
    #[derive(Default)]
    struct Table {
        owners: RefCell<HashMap<Vec<u8>, u16>>,
        learned: RefCell<Vec<(u16, String)>>,
    }

    impl Table {
        fn of(keys: &[(&str, u16)]) -> Self {
            let owners = keys.iter().map(|(key, node)| (key.as_bytes().to_vec(), *node)).collect();
            Self { owners: RefCell::new(owners), ..Self::default() }
        }
    }

    impl Owners for Table {
        type Destination = u16;

        fn owner(&self, key: &[u8]) -> Result<u16, Error> {
            let owner = self.owners.borrow().get(key).copied();
            owner.ok_or_else(|| Error::new(ErrorKind::Server, "nobody has the slot"))
        }

        fn redirected(&self, by: &u16, redirection: &RedisError) -> Option<u16> {
            let detail = redirection.detail()?;
            self.learned.borrow_mut().push((*by, format!("{} {detail}", redirection.code()?)));
            detail.rsplit(':').next()?.parse().ok()
        }
    }

    fn said(line: &str) -> Error {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(Value::ServerError(error)) => translate("GET", error.into()),
            other => panic!("{other:?}"),
        }
    }

    /// The answers, with errors as text.
    async fn asked(
        table: &Table,
        keys: &[&str],
        ask: impl AsyncFn(u16, Vec<&str>) -> Result<Vec<Result<String, Error>>, Error>,
    ) -> Vec<Result<String, String>> {
        let ask = &ask;
        let part = |node, keys| async move { ask(node, keys).await };
        let answers = ask_each(table, keys, |key| key.as_bytes(), part).await;
        answers.into_iter().map(|answer| answer.map_err(|error| error.to_string())).collect()
    }

    fn at(node: u16, keys: &[&str]) -> Vec<Result<String, Error>> {
        keys.iter().map(|key| Ok(format!("{key}@{node}"))).collect()
    }

    #[tokio::test]
    async fn parts_run_at_once_and_answers_keep_the_order_of_the_keys() {
        let table = Table::of(&[("a", 1), ("b", 2), ("c", 1), ("d", 3)]);
        let (all, parts) = (Barrier::new(3), RefCell::new(Vec::new()));
        let ask = async |node, keys: Vec<&str>| {
            parts.borrow_mut().push((node, keys.concat()));
            // Parts that were asked one after the other would deadlock here.
            tokio::time::timeout(Duration::from_secs(10), all.wait()).await.expect("all at once");
            Ok(at(node, &keys))
        };
        let answers = asked(&table, &["a", "b", "c", "d"], ask).await;
        assert_eq!(answers, ["a@1", "b@2", "c@1", "d@3"].map(|answer| Ok(answer.to_owned())));
        assert_eq!(parts.into_inner(), [(1, "ac".into()), (2, "b".into()), (3, "d".into())]);
    }

    #[tokio::test]
    async fn a_node_that_is_away_and_a_slot_of_nobody_fail_their_own_keys() {
        let table = Table::of(&[("a", 1), ("b", 2), ("d", 2)]);
        let ask = async |node, keys: Vec<&str>| match node {
            1 => Ok(at(node, &keys)),
            _ => Err(Error::new(ErrorKind::Timeout, "no answer")),
        };
        let answers = asked(&table, &["b", "a", "c", "d"], ask).await;
        let away = || Err("no answer".to_owned());
        assert_eq!(answers, [away(), Ok("a@1".into()), Err("nobody has the slot".into()), away()]);
        let too_few = asked(&table, &["a"], async |_, _| Ok(Vec::new())).await;
        assert_eq!(too_few, [Err("an answer is missing".into())]);
        assert!(asked(&table, &[], async |_, _| panic!("nothing is asked for no keys")).await.is_empty());
    }

    #[tokio::test]
    async fn what_is_redirected_goes_elsewhere_and_nothing_else_is_sent_again() {
        let table = Table::of(&[("a", 1), ("b", 1), ("c", 1)]);
        let sent = RefCell::new(Vec::new());
        let ask = async |node, keys: Vec<&str>| {
            let answer = |key: &&str| {
                sent.borrow_mut().push(format!("{key}@{node}"));
                match (*key, node) {
                    ("b", 1) => Err(said("MOVED 3300 127.0.0.1:2")),
                    ("c", 1) => Err(said("ASK 7365 127.0.0.1:3")),
                    ("b", 2) => Err(Error::new(ErrorKind::Timeout, "no answer")),
                    _ => Ok(format!("{key}@{node}")),
                }
            };
            Ok(keys.iter().map(answer).collect())
        };
        let answers = asked(&table, &["a", "b", "c"], ask).await;
        assert_eq!(answers, [Ok("a@1".into()), Err("no answer".into()), Ok("c@3".into())]);
        assert_eq!(sent.into_inner(), ["a@1", "b@1", "c@1", "b@2", "c@3"]);
        let learned = [(1, "MOVED 3300 127.0.0.1:2".to_owned()), (1, "ASK 7365 127.0.0.1:3".to_owned())];
        assert_eq!(table.learned.into_inner(), learned);
    }

    #[tokio::test]
    async fn a_circle_of_redirections_ends() {
        let (table, sent) = (Table::of(&[("a", 1)]), RefCell::new(Vec::new()));
        let ask = async |node, keys: Vec<&str>| {
            sent.borrow_mut().push(node);
            Ok(keys.iter().map(|_| Err(said(&format!("MOVED 1 127.0.0.1:{}", 3 - node)))).collect())
        };
        let answers = asked(&table, &["a"], ask).await;
        assert_eq!(answers, [Err("cannot GET: MOVED 1 127.0.0.1:2".into())]);
        assert_eq!(sent.into_inner(), [1, 2, 1, 2, 1]);
    }
}
