//! The replicas of a single primary that moves, as whoever knows where it is tells.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::replicas::reads::Replicated;
use super::replicas::{Copied, ReplicaSet};
use crate::error::Error;
use crate::runtime::block_on::library_runtime;
use crate::store::Store;
use crate::store::redis::connection::config::Config;
use crate::store::redis::connection::locate::{Location, Locator, NamedReplicas};
use crate::store::redis::node::Node;
use crate::store::vocabulary::KeyQuestion;
use crate::util::process;
use crate::util::process::PerProcess;

/// The replicas of where a primary is. Nobody is asked for them before the first read.
pub(crate) struct LocatedReplicas {
    config: Config,
    locator: Arc<dyn Locator>,
    /// Begun anew in a forked process: the task is not there.
    updates: PerProcess<Option<ReplicaUpdates>>,
}

/// What keeps them up to date. Dropping it ends its task.
struct ReplicaUpdates {
    current: watch::Receiver<Option<Arc<ReplicaSet>>>,
    task: JoinHandle<()>,
}

impl LocatedReplicas {
    /// `None` if nobody knows them.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let locator = Arc::clone(config.locator.as_ref()?);
        Some(Self { config: config.clone(), locator, updates: PerProcess::new() })
    }

    /// As far as they are known.
    fn current(&self) -> Option<Arc<ReplicaSet>> {
        // Determines the process.
        library_runtime().ok()?;
        let updates = self.updates.get_or_init(process::known(), || self.follow().ok());
        updates.as_ref()?.current.borrow().clone()
    }

    fn follow(&self) -> Result<ReplicaUpdates, Error> {
        let (named, (now, current)) = (self.locator.replicas()?, watch::channel(None));
        let task = library_runtime()?.spawn(follow(self.config.clone(), named, now));
        Ok(ReplicaUpdates { current, task })
    }
}

impl Drop for ReplicaUpdates {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(
    config: Config,
    mut named: watch::Receiver<Option<NamedReplicas>>,
    current: watch::Sender<Option<Arc<ReplicaSet>>>,
) {
    let mut known = None;
    loop {
        let now = named.borrow_and_update().clone();
        match now.map(|now| set(&config, now, known.as_ref())).transpose() {
            Ok(set) => {
                current.send_replace(set.as_ref().map(|(_, set)| Arc::clone(set)));
                known = set;
            }
            Err(error) => log::debug!("{error}; replicas are not read"),
        }
        if named.changed().await.is_err() {
            return;
        }
    }
}

type ReplicasOf = (Arc<Location>, Arc<ReplicaSet>);

/// The replicas of another primary begin anew, and so does the measure of how far they are.
fn set(
    config: &Config,
    NamedReplicas { of, addresses }: NamedReplicas,
    known: Option<&ReplicasOf>,
) -> Result<ReplicasOf, Error> {
    let set = match known {
        Some((location, set)) if *location == of => Arc::clone(set),
        // It is measured by the server that is there, and not by whoever takes its place.
        _ => Arc::new(ReplicaSet::of(&Arc::new(Node::new(config.staying_at(&of)?)))),
    };
    set.update(&addresses, |address| config.of_replica(address).map(Node::new))?;
    Ok((of, set))
}

/// A primary and its replicas.
pub(crate) struct ReplicatedNode<'a> {
    pub(crate) primary: &'a Node,
    pub(crate) replicas: &'a LocatedReplicas,
}

impl Replicated for ReplicatedNode<'_> {
    fn replicas(&self, _key: &str) -> Option<Arc<ReplicaSet>> {
        self.replicas.current()
    }

    async fn marks(&self, asked: &[KeyQuestion<'_>], until: Instant) -> Result<Vec<Copied>, Error> {
        self.primary.ask(asked, until).await
    }

    /// They are asked for every second.
    fn heard(&self, _error: &Error) {}
}
