//! Values that are stored in the background: together with others at the owner of their slot, and by themselves where that is another node
//! by then.

use std::sync::Arc;

use super::cluster::Cluster;
use super::parts::redirection;
use crate::error::Error;
use crate::runtime::executor::home;
use crate::store::redis::batching::stores::{RedirectedWrites, WriteQueue};
use crate::store::redis::route::Slot;
use crate::store::vocabulary::Swap;
use crate::store::{BackgroundWrite, Store};
use crate::util::clock::after;

impl Cluster {
    /// Where a value for `key` waits to be stored. `None` if nobody is known to own its slot, or if the caller's runtime does not drive a
    /// connection of its own.
    pub(crate) fn write_queue(self: &Arc<Self>, key: &str) -> Option<WriteQueue> {
        let node = self.owner_of(Slot::of(key.as_bytes())).ok()?;
        Some(node.write_queue()?.followed_by(Arc::clone(self) as _))
    }
}

impl RedirectedWrites for Cluster {
    fn follow(self: Arc<Self>, write: Box<dyn BackgroundWrite>) -> Box<dyn BackgroundWrite> {
        Box::new(ClusterWrite { cluster: self, write })
    }
}

/// A value, and who knows where it goes.
struct ClusterWrite {
    cluster: Arc<Cluster>,
    write: Box<dyn BackgroundWrite>,
}

impl BackgroundWrite for ClusterWrite {
    fn swap(&self) -> Swap<'_> {
        self.write.swap()
    }

    fn written(self: Box<Self>, stored: Result<bool, Error>) {
        let Err(error) = &stored else { return self.write.written(stored) };
        let home = match redirection(error) {
            // It was not executed.
            Some(_) => home(),
            None => {
                self.cluster.heard(error);
                return self.write.written(stored);
            }
        };
        match home {
            Ok(home) => drop(home.spawn(self.store_again())),
            Err(_) => self.write.written(stored),
        }
    }
}

impl ClusterWrite {
    /// From the owner on, who redirects it again: what it said may be out of date by now.
    async fn store_again(self: Box<Self>) {
        let stored = self.cluster.swap(&[self.write.swap()], after(self.cluster.deadline())).await;
        let stored = stored.and_then(|mut stored| stored.pop().unwrap_or(Ok(false)));
        self.write.written(stored);
    }
}
