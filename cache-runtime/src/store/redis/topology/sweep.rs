//! Sweeps over all keys of a cluster, node by node, while keys go from node to node.
//!
//! A key may go from a node that is still to be swept to one that was swept already. If a slot has another owner by then, the sweep begins
//! again. While a slot is open, neither its keys nor its owner need be where they were, and nobody is told: then one more pass follows,
//! because whatever the order of the nodes, the one that gives is swept before the one that is given.

use std::time::Instant;

use redis::{Pipeline, from_redis_value};

use super::cluster::Cluster;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::redis::node::Node;
use crate::store::vocabulary::Cursor;

/// How often a sweep begins again because slots have moved.
const MOST_PASSES: u32 = 8;

impl Cluster {
    /// Where a sweep goes on: from its beginning if a slot has moved since.
    ///
    /// # Errors
    /// If slots move again and again.
    pub(super) fn sweep(&self, from: Cursor) -> Result<Cursor, Error> {
        let changes = self.changes()?;
        if from.changes == changes || from == Cursor::default() {
            return Ok(Cursor { changes, ..from });
        }
        if from.passes < MOST_PASSES {
            return Ok(Cursor { changes, passes: from.passes + 1, ..Cursor::default() });
        }
        let message = "cannot find all keys: slots of the cluster go on moving; try again when they are where they belong";
        Err(Error::new(ErrorKind::Server, message))
    }

    /// At the end of a sweep: where to go on if keys may have moved meanwhile.
    pub(super) async fn end_of_sweep(&self, at: Cursor, until: Instant) -> Result<Option<Cursor>, Error> {
        self.refreshed(until).await?;
        let next = self.sweep(at)?;
        if next.passes != at.passes {
            return Ok(Some(next));
        }
        if !at.is_repeated && self.has_open_slots(until).await? {
            return Ok(Some(Cursor { node: 0, position: 0, is_repeated: true, ..at }));
        }
        Ok(None)
    }

    /// Whether a slot is on its way from one node to another. Who may not ask does not know.
    async fn has_open_slots(&self, until: Instant) -> Result<bool, Error> {
        let nodes = self.primaries()?;
        let said = executor::all(nodes.iter().map(|node| nodes_of(node, until))).await;
        Ok(said.into_iter().any(|said| said.as_deref().is_none_or(has_open_slot)))
    }
}

async fn nodes_of(node: &Node, until: Instant) -> Option<String> {
    let mut question = Pipeline::with_capacity(1);
    question.cmd("CLUSTER").arg("NODES");
    let (mut answers, _) =
        node.connection().ok()?.connection.run_all("CLUSTER NODES", &question, until).await.ok()?;
    from_redis_value(answers.pop()?.ok()?).ok()
}

/// By what a node says of itself: `[77->-ID]` is a slot that it gives away, `[77-<-ID]` one that it is being given.
fn has_open_slot(nodes: &str) -> bool {
    let own = nodes.lines().find(|line| line.contains("myself"));
    own.is_none_or(|own| own.contains("->-") || own.contains("-<-"))
}

#[cfg(test)]
mod tests {
    use redis_cached_test_support::RedisCluster;

    use super::*;

    #[test]
    fn both_ends_of_a_migration_say_so() {
        let servers = RedisCluster::start();
        let is_open = |index| has_open_slot(&servers.primary(index).query::<String>(&["CLUSTER", "NODES"]));
        assert!(!(0..3).any(is_open));
        let migration = servers.migrate(0, servers.primary(1));
        assert_eq!([0, 1, 2].map(is_open), [true, true, false]);
        migration.finish();
        assert!(!(0..3).any(is_open));
        assert!(has_open_slot("-NOPERM"), "it may be");
    }
}
