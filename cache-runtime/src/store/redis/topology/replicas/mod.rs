//! The replicas of a primary, from which values may be read.
//!
//! A replica is a help and never needed: one that is down, loading, cut off from its primary or not what it was taken for is left
//! alone for a while, and the primary is asked within the same deadline.

mod freshness;
mod marks;
pub(crate) mod reads;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use self::freshness::{Freshness, Sampler};
use crate::error::{Error, ErrorKind};
use crate::store::redis::node::Node;
use crate::store::redis::redirect::NodeAddress;
use crate::store::vocabulary::KeyAnswer;
use crate::util::retry_gate::RetryGate;

/// For how long a replica that has failed is not asked. Then one caller tries.
const REST: Duration = Duration::from_secs(1);

/// What a replica has at a key.
pub(crate) type Copied = KeyAnswer;

/// A replica.
pub(crate) struct Replica {
    node: Node,
    address: NodeAddress,
    has_failed: AtomicBool,
    rest: RetryGate,
    freshness: Freshness,
}

impl Replica {
    fn new(node: Node, address: &NodeAddress) -> Self {
        let address = address.clone();
        Self {
            node,
            address,
            has_failed: AtomicBool::new(false),
            rest: RetryGate::default(),
            freshness: Freshness::default(),
        }
    }

    /// Whether to ask it: always, or after a failure one caller from time to time.
    fn is_rested(&self) -> bool {
        !self.has_failed.load(Ordering::Relaxed) || self.rest.admits_one(REST)
    }

    /// Whether it is known to have all that was acknowledged longer ago than this.
    fn is_fresh(&self, bound: Duration) -> bool {
        self.freshness.of().is_some_and(|moment| moment.elapsed() < bound)
    }

    /// [`read`](Self::read), if it had all that was acknowledged longer ago than `bound`.
    async fn read_fresh(
        &self,
        keys: &[(&str, bool)],
        bound: Duration,
        until: Instant,
    ) -> Result<Vec<Copied>, Error> {
        // Before the question, since later ones say nothing of what was read by then.
        let moment = self.freshness.of();
        let read = self.read(keys, until).await?;
        // Another process may have its address since, with older data. Over a connection that is older than what is known, it is the
        // process of which that is known.
        let since = self.node.connection()?.connection.since();
        let was_fresh =
            moment.zip(since).is_some_and(|(moment, since)| since < moment && moment.elapsed() < bound);
        if was_fresh { Ok(read) } else { Err(unknown("a replica is not known to be fresh enough")) }
    }

    /// What it has at the keys, and the time of those of which that is asked.
    async fn read(&self, keys: &[(&str, bool)], until: Instant) -> Result<Vec<Copied>, Error> {
        let read = self.copied(keys, until).await;
        let failure = match &read {
            Ok(copied) => copied.iter().find_map(|copied| copied.as_ref().err().filter(is_its_own)),
            Err(error) => Some(error),
        };
        match failure {
            Some(error) => {
                self.rest.close(REST);
                if !self.has_failed.swap(true, Ordering::Relaxed) {
                    log::debug!("the replica at {} is left alone: {error}", self.address);
                }
            }
            None if self.has_failed.load(Ordering::Relaxed) => {
                self.has_failed.store(false, Ordering::Relaxed);
            }
            None => {}
        }
        read
    }

    async fn copied(&self, keys: &[(&str, bool)], until: Instant) -> Result<Vec<Copied>, Error> {
        let host = self.node.connection()?;
        match keys {
            // Together with what others read.
            [(key, false)] => Ok(vec![host.read(key, until).await.map(|found| (found, None))]),
            _ => host.connection.read_each(keys, until).await,
        }
    }
}

/// Whether an error is about the replica, and not about the one slot that it does not have.
fn is_its_own(error: &&Error) -> bool {
    super::parts::redirection(error).is_none()
}

/// The replicas of one primary.
pub(crate) struct ReplicaSet {
    primary: Arc<Node>,
    all: RwLock<Vec<Arc<Replica>>>,
    /// Whose turn it is.
    turn: AtomicUsize,
    sampler: Sampler,
}

impl ReplicaSet {
    /// None are known yet.
    pub(crate) fn of(primary: &Arc<Node>) -> Self {
        Self {
            primary: Arc::clone(primary),
            all: RwLock::default(),
            turn: AtomicUsize::new(0),
            sampler: Sampler::default(),
        }
    }

    /// These are the replicas from now on. They connect when they are asked.
    pub(crate) fn update(
        &self,
        addresses: &[NodeAddress],
        node: impl Fn(&NodeAddress) -> Result<Node, Error>,
    ) -> Result<(), Error> {
        let known = self.all();
        if known.iter().map(|replica| &replica.address).eq(addresses) {
            return Ok(());
        }
        let replica = |address: &NodeAddress| match known.iter().find(|known| known.address == *address) {
            Some(known) => Ok(Arc::clone(known)),
            None => Ok(Arc::new(Replica::new(node(address)?, address))),
        };
        let all = addresses.iter().map(replica).collect::<Result<Vec<_>, Error>>()?;
        let former = {
            let mut current = self.all.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, all)
        };
        // Outside of the lock, because that ends the connections of those that are gone.
        drop(former);
        Ok(())
    }

    fn all(&self) -> Vec<Arc<Replica>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next one in turn that can be asked, and is good for that.
    fn next(&self, is_good: impl Fn(&Replica) -> bool) -> Option<Arc<Replica>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..all.len()).map(|next| &all[turn.wrapping_add(next) % all.len()]);
        in_turn.into_iter().find(|replica| is_good(replica) && replica.is_rested()).map(Arc::clone)
    }
}

/// The error of a key that the primary has to be asked for.
fn unknown(why: &str) -> Error {
    Error::new(ErrorKind::Server, why)
}
