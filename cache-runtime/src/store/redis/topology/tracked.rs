//! Reads of which the nodes of a cluster tell what becomes of the keys.

use std::sync::Arc;
use std::time::Instant;

use super::cluster::Cluster;
use super::cluster_operations::Destination;
use crate::error::Error;
use crate::store::redis::node::Node;
use crate::store::redis::route::Slot;
use crate::store::vocabulary::{
    Epoch, Epochs, Found, InvalidationListener, KeyResults, Left, Several, Tenure,
};

/// A key, and whether it is asked how long it has left.
type Item<'k> = (&'k str, bool);
/// What is there, how long it has left, and who tells of changes.
type TrackedAnswer = (Found, Option<Left>, Epoch);

impl Cluster {
    /// What is at the keys, each read on the tracking connection to its owner; how long the first `timed` have left.
    pub(super) async fn read_tracked(
        &self,
        keys: &[&str],
        timed: usize,
        until: Instant,
    ) -> Result<Several, Error> {
        let listener = &*self.watch()?.listener;
        let items: Vec<Item<'_>> = keys.iter().enumerate().map(|(at, key)| (*key, at < timed)).collect();
        let ask = |to: Destination, part: Vec<_>| async move {
            if to.is_asking {
                read_untracked(&to, &part, until).await
            } else {
                self.read_from(&to.node, &part, listener, until).await
            }
        };
        let answers = self.each(&items, |(key, _)| key.as_bytes(), until, ask).await?;
        let of_key = |answer: Result<TrackedAnswer, Error>| match answer {
            Ok((found, left, epoch)) => (Ok((found, left)), epoch),
            Err(error) => (Err(error), Epoch::default()),
        };
        let (answers, epochs) = answers.into_iter().map(of_key).unzip();
        Ok(Several::of(answers, timed, Epochs::each(epochs)))
    }

    /// From the owner.
    async fn read_from(
        &self,
        node: &Arc<Node>,
        part: &[Item<'_>],
        listener: &dyn InvalidationListener,
        until: Instant,
    ) -> KeyResults<TrackedAnswer> {
        let tenures: Vec<Option<Tenure>> =
            part.iter().map(|(key, _)| self.tenure(key, node, listener)).collect();
        let connection = node.tracking_connection_for(part.first().map_or("", |(key, _)| key))?;
        let (answers, epoch) = connection.read_each_in_epoch(part, until).await?;
        let mut read = Vec::with_capacity(answers.len());
        for (answer, tenure) in answers.into_iter().zip(tenures) {
            let epoch = tenure.map_or_else(Epoch::default, |tenure| Epoch { tenure, ..epoch });
            read.push(answer.map(|(found, left)| (found, left, epoch)));
        }
        Ok(read)
    }

    /// The tenure under which the node is asked for a key; `None` if it is not the owner any more.
    fn tenure(&self, key: &str, node: &Arc<Node>, listener: &dyn InvalidationListener) -> Option<Tenure> {
        let slot = Slot::of(key.as_bytes());
        // In this order: an owner that is found under a tenure has it, or the tenure is over.
        let tenure = listener.tenure(slot.number());
        self.owner_of(slot).is_ok_and(|owner| Arc::ptr_eq(&owner, node)).then_some(tenure)
    }
}

/// From the node that is being given the slot. What it tells and the slot's migration are not in one order, so nothing of it is kept.
async fn read_untracked(to: &Destination, part: &[Item<'_>], until: Instant) -> KeyResults<TrackedAnswer> {
    let answers = to.connection()?.connection.read_each(part, until).await?;
    Ok(answers
        .into_iter()
        .map(|answer| answer.map(|(found, left)| (found, left, Epoch::default())))
        .collect())
}
