//! A store's operations on a cluster: each key at its owner, all owners at once.

use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{RedisError, Value};
use smallvec::SmallVec;

use super::cluster::Cluster;
use super::parts::{Owners, ask_each, ask_redirected, redirection};
use super::replicas::reads;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::redis::batching::batched_connection::BatchedConnection;
use crate::store::redis::key_request::KeyRequest;
use crate::store::redis::node::Node;
use crate::store::redis::redirect::{Redirect, is_sign_of_change};
use crate::store::redis::replicated::{all, sum};
use crate::store::redis::replies::strange;
use crate::store::redis::route::Slot;
use crate::store::vocabulary::{
    CasToken, Cursor, Epochs, Found, KeyAnswer, KeyQuestion, KeyResults, KeyWrite, Nonce, Reading, Scanned,
    Several, Swap, TagTtl,
};
use crate::store::{Acquired, Store};

/// Where to ask for a key.
#[derive(Clone)]
pub(crate) struct Destination {
    pub(super) node: Arc<Node>,
    /// The node is only being given the slot.
    pub(super) is_asking: bool,
}

impl PartialEq for Destination {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.node, &other.node) && self.is_asking == other.is_asking
    }
}

impl Destination {
    pub(super) fn connection(&self) -> Result<Arc<BatchedConnection>, Error> {
        self.node.connection_for(self.is_asking)
    }
}

impl Owners for Cluster {
    type Destination = Destination;

    fn owner(&self, key: &[u8]) -> Result<Destination, Error> {
        Ok(Destination { node: self.owner_of(Slot::of(key))?, is_asking: false })
    }

    fn redirected(&self, by: &Destination, redirection: &RedisError) -> Option<Destination> {
        let (node, is_asking) = match Redirect::of(redirection, &by.node.address()?)? {
            Redirect::Moved(slot, to) => (self.moved(slot, &to).ok()?, false),
            Redirect::Ask(to) => (self.asked(&to).ok()?, true),
        };
        Some(Destination { node, is_asking })
    }
}

impl Cluster {
    /// [`ask_each`], once it is known who owns the slots. Learns from errors that a slot may get another owner.
    pub(super) async fn each<T: Copy, A, F: Future<Output = KeyResults<A>>>(
        &self,
        items: &[T],
        key: impl Fn(&T) -> &[u8],
        until: Instant,
        ask: impl Fn(Destination, Vec<T>) -> F,
    ) -> KeyResults<A> {
        self.known(until).await?;
        let answers = ask_each(self, items, key, ask).await;
        answers.iter().filter_map(|answer| answer.as_ref().err()).for_each(|error| self.heard(error));
        Ok(answers)
    }

    /// Asks for the map if an error may have to do with it.
    pub(super) fn heard(&self, error: &Error) {
        let from_server = error.source().and_then(|source| source.downcast_ref());
        let is_lost = matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout);
        if is_lost || from_server.is_some_and(is_sign_of_change) {
            self.refresh();
        }
    }
}

impl Store for Cluster {
    async fn get(&self, key: &str, until: Instant) -> Result<Found, Error> {
        let slot = Slot::of(key.as_bytes());
        let node = match self.owner_at_once(slot) {
            Some(node) => node,
            None => {
                self.known(until).await?;
                self.owner_of(slot)?
            }
        };
        let answer = node.connection()?.read(key, until).await;
        match answer {
            Err(error) => Box::pin(self.get_again(key, node, error, until)).await,
            found => found,
        }
    }

    async fn read(&self, keys: &[&str], how: Reading, until: Instant) -> Result<Several, Error> {
        let timed = match how {
            Reading::Plain => 0,
            Reading::Timed(timed) => timed,
            Reading::Tracked(timed) => return self.read_tracked(keys, timed, until).await,
            Reading::Replica(reading) => {
                self.known(until).await?;
                return reads::read(self, keys, reading, until).await;
            }
        };
        let items: Vec<(&str, bool)> = keys.iter().enumerate().map(|(at, key)| (*key, at < timed)).collect();
        let ask = |to: Destination, part: Vec<_>| async move {
            to.connection()?.connection.read_each(&part, until).await
        };
        let answers = self.each(&items, |(key, _)| key.as_bytes(), until, ask).await?;
        Ok(Several::of(answers, timed, Epochs::default()))
    }

    async fn ask(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<KeyAnswer>, Error> {
        let ask = |to: Destination, part: Vec<_>| async move {
            to.connection()?.connection.ask_each(&part, until).await
        };
        self.each(asked, |question| question.key.as_bytes(), until, ask).await
    }

    async fn acquire(&self, leases: &[(&str, CasToken)], ttl: Duration, until: Instant) -> Acquired {
        let ask = |to: Destination, part: Vec<_>| async move {
            to.node.acquire_part(to.is_asking, &part, ttl, until).await.map(SmallVec::into_vec)
        };
        self.each(leases, |(key, _)| key.as_bytes(), until, ask).await.map(SmallVec::from_vec)
    }

    /// Is not redirected: who is told that the key is elsewhere looks it up.
    async fn get_or_acquire(
        &self,
        key: &str,
        lease: &CasToken,
        ttl: Duration,
        until: Instant,
    ) -> Result<Option<Found>, Error> {
        self.known(until).await?;
        let node = self.owner_of(Slot::of(key.as_bytes()))?;
        let found = node.get_or_acquire(key, lease, ttl, until).await;
        found.inspect_err(|error| self.heard(error))
    }

    async fn swap(&self, swaps: &[Swap<'_>], until: Instant) -> KeyResults<bool> {
        let ask = |to: Destination, part: Vec<_>| async move {
            to.node.swap_part(to.is_asking, &part, until).await
        };
        self.each(swaps, |swap| swap.key.as_bytes(), until, ask).await
    }

    async fn release(&self, leases: &[(&str, CasToken)], until: Instant) -> Result<(), Error> {
        let ask = |to: Destination, part: Vec<_>| async move {
            to.node.check_for_stall(&part)?;
            to.connection()?.connection.release_each(&part, until).await
        };
        all(self.each(leases, |(key, _)| key.as_bytes(), until, ask).await?)
    }

    async fn clear(&self, key: &str, until: Instant) -> Result<(), Error> {
        let ask = |to: Destination, part: Vec<_>| async move {
            to.node.check_for_stall_at(key)?;
            let connection = to.connection()?;
            let mut cleared = Vec::with_capacity(part.len());
            for key in part {
                cleared.push(connection.connection.clear(key, until).await);
            }
            Ok(cleared)
        };
        all(self.each(&[key], |key| key.as_bytes(), until, ask).await?)
    }

    async fn set(&self, sets: &[KeyWrite<'_>], until: Instant) -> Result<(), Error> {
        let ask =
            |to: Destination, part: Vec<_>| async move { to.node.set_part(to.is_asking, &part, until).await };
        all(self.each(sets, |set| set.key.as_bytes(), until, ask).await?)
    }

    async fn remove(&self, keys: &[&[u8]], until: Instant) -> Result<u64, Error> {
        let ask = |to: Destination, part: Vec<_>| async move {
            to.node.remove_part(to.is_asking, &part, until).await
        };
        sum(self.each(keys, |key| key, until, ask).await?)
    }

    /// Two round trips, unless one node has all keys.
    async fn remove_in_order(&self, first: &[u8], then: &[&[u8]], until: Instant) -> Result<u64, Error> {
        self.known(until).await?;
        let keys = [&[first], then].concat();
        if let Some(node) = self.owner_of_all(keys.iter().copied()) {
            // In their order, whatever their slots are.
            let removed = node.remove_part(false, &keys, until).await;
            let removed = removed.inspect_err(|error| self.heard(error))?;
            if !removed.iter().any(is_redirected) {
                return sum(removed);
            }
        }
        let removed = self.remove(&[first], until).await;
        if removed.as_ref().is_err_and(|error| error.kind() != ErrorKind::NotReplicated) {
            return removed;
        }
        sum([self.remove(then, until).await, removed])
    }

    async fn scan(&self, prefix: &str, from: Cursor, until: Instant) -> Result<Scanned, Error> {
        self.known(until).await?;
        let from = self.sweep(from)?;
        let nodes = self.primaries()?;
        let Some(node) = nodes.get(from.node) else {
            let next = self.end_of_sweep(from, until).await?;
            return Ok(Scanned { next, keys: Vec::new() });
        };
        let scanned = node.scan(prefix, from, until).await;
        let Scanned { next, keys } = scanned.inspect_err(|error| self.heard(error))?;
        let next_node = Cursor { node: from.node + 1, position: 0, ..from };
        Ok(Scanned { next: Some(next.unwrap_or(next_node)), keys })
    }

    async fn tag(&self, keys: &[&str], life: TagTtl, until: Instant) -> KeyResults<Nonce> {
        let ask = |to: Destination, part: Vec<_>| async move {
            to.node.tag_part(to.is_asking, &part, life, until).await
        };
        self.each(keys, |key| key.as_bytes(), until, ask).await
    }

    /// Two round trips, unless one node has all keys and runs scripts.
    async fn tag_in_order(
        &self,
        first: &[&str],
        last: &str,
        life: TagTtl,
        until: Instant,
    ) -> KeyResults<Nonce> {
        self.known(until).await?;
        let keys = [first, &[last]].concat();
        if let Some(node) = self.owner_of_all(keys.iter().map(|key| key.as_bytes())) {
            let nonces = node.tag_in_order_each(&keys, life, until).await;
            let nonces = nonces.inspect_err(|error| self.heard(error))?;
            if let Some(nonces) = nonces.filter(|nonces| !nonces.iter().any(is_redirected)) {
                return Ok(nonces);
            }
        }
        let mut nonces = self.tag(first, life, until).await?;
        nonces.extend(self.tag(&[last], life, until).await?);
        Ok(nonces)
    }
}

/// Whether the key is elsewhere.
fn is_redirected<T>(answer: &Result<T, Error>) -> bool {
    answer.as_ref().is_err_and(|error| redirection(error).is_some())
}

impl Cluster {
    /// The node that owns the slots of all keys, if one does.
    fn owner_of_all<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) -> Option<Arc<Node>> {
        let mut owners = keys.map(|key| self.owner_of(Slot::of(key)).ok());
        let first = owners.next()??;
        owners.all(|owner| owner.is_some_and(|owner| Arc::ptr_eq(&owner, &first))).then_some(first)
    }

    /// Carries out a request at the owner of its key.
    pub(in crate::store::redis) async fn at_key(
        &self,
        key: &str,
        request: KeyRequest<'_>,
        until: Instant,
    ) -> Result<Value, Error> {
        let ask = |to: Destination, part: Vec<_>| {
            let asked = part.into_iter().map(move |(key, request)| (to.clone(), key, request));
            let asked = asked.map(|(to, key, request)| async move {
                to.node.at_key(to.is_asking, key, request, until).await
            });
            async { Ok(executor::all(asked).await) }
        };
        let answer = self.each(&[(key, request)], |(key, _)| key.as_bytes(), until, ask).await?.pop();
        answer.unwrap_or_else(|| Err(strange(request.doing)))
    }

    /// After the owner has failed to give a value: elsewhere, if it said where.
    async fn get_again(
        &self,
        key: &str,
        node: Arc<Node>,
        error: Error,
        until: Instant,
    ) -> Result<Found, Error> {
        let asked = Destination { node, is_asking: false };
        let Some(next) = redirection(&error).and_then(|next| self.redirected(&asked, next)) else {
            self.heard(&error);
            return Err(error);
        };
        let ask = |to: Destination, part: Vec<_>| async move {
            let keys: Vec<(&str, bool)> = part.into_iter().map(|key| (key, false)).collect();
            let found = to.connection()?.connection.read_each(&keys, until).await?;
            Ok(found.into_iter().map(|found| found.map(|(found, _)| found)).collect())
        };
        let mut found = ask_redirected(self, &[key], vec![next], ask).await;
        let found = found.pop().unwrap_or(Err(error));
        found.inspect_err(|error| self.heard(error))
    }
}
