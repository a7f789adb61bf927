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
use crate::store::vocabulary::KeyResults;

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

/// Asks for all items, each at the node of its key: `ask` is called with a node and its part of the items. An answer for each item.
pub(crate) async fn ask_each<O: Owners, T: Copy, A, F: Future<Output = KeyResults<A>>>(
    owners: &O,
    items: &[T],
    key: impl Fn(&T) -> &[u8],
    ask: impl Fn(O::Destination, Vec<T>) -> F,
) -> Vec<Result<A, Error>> {
    let owner = |item| owners.owner(key(item));
    follow(owners, items, items.iter().map(owner).collect(), 0, ask).await
}

/// The same for items that have been redirected once already, to these destinations.
pub(crate) async fn ask_redirected<O: Owners, T: Copy, A, F: Future<Output = KeyResults<A>>>(
    owners: &O,
    items: &[T],
    to: Vec<O::Destination>,
    ask: impl Fn(O::Destination, Vec<T>) -> F,
) -> Vec<Result<A, Error>> {
    follow(owners, items, to.into_iter().map(Ok).collect(), 1, ask).await
}

async fn follow<O: Owners, T: Copy, A, F: Future<Output = KeyResults<A>>>(
    owners: &O,
    items: &[T],
    to: Vec<Result<O::Destination, Error>>,
    hops: usize,
    ask: impl Fn(O::Destination, Vec<T>) -> F,
) -> Vec<Result<A, Error>> {
    // Nothing yet, and no error for each: an error is made of memory.
    let mut answers: Vec<Option<Result<A, Error>>> = items.iter().map(|_| None).collect();
    let mut open = Vec::with_capacity(items.len());
    for (at, destination) in to.into_iter().enumerate() {
        match destination {
            Ok(destination) => open.push((at, destination)),
            Err(error) => answers[at] = Some(Err(error)),
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
                    None => answers[*at] = Some(answer),
                }
            }
        }
        if open.is_empty() {
            break;
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(lost()))).collect()
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
fn of_part<A>(answered: KeyResults<A>, items: usize) -> Vec<Result<A, Error>> {
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
mod tests;
