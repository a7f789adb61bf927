//! How far replicas are, by the primary's own count of what it has written.
//!
//! The primary is asked how much it has written, and then each replica how much of that it has. One that has as much had everything
//! that was acknowledged before the primary was asked, by this process's clock; no server's clock takes part. What it had once it has for
//! as long as its process runs, so that is worth nothing over a connection that was made later.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use redis::cmd;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{Replica, ReplicaSet};
use crate::error::Error;
use crate::runtime::block_on::library_runtime;
use crate::runtime::executor;
use crate::store::redis::commands::pipeline;
use crate::store::redis::node::Node;
use crate::store::redis::replies::{field, text};
use crate::util::clock::after;

/// How often to ask at most, and at least.
const SHORTEST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// After how long without a read nobody is asked any more.
const IDLE: Duration = Duration::from_secs(10);

/// The moment up to which a replica is known to have everything.
#[derive(Default)]
pub(super) struct Freshness(Mutex<Option<Instant>>);

impl Freshness {
    pub(super) fn of(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn confirm(&self, asked: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
    }
}

/// Which reads a set of replicas is asked for, and the task that asks how far these are.
pub(super) struct Sampler {
    /// In milliseconds, the least that a read has asked for.
    least: AtomicU64,
    /// Whether there was a read since the last sample.
    is_wanted: AtomicBool,
    wakes: Notify,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Default for Sampler {
    fn default() -> Self {
        Self {
            least: AtomicU64::new(u64::MAX),
            is_wanted: AtomicBool::new(false),
            wakes: Notify::new(),
            task: Mutex::default(),
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl Sampler {
    fn least(&self) -> Duration {
        Duration::from_millis(self.least.load(Ordering::Relaxed))
    }
}

impl ReplicaSet {
    /// Sees to it that it is known for a while how far the replicas are, well enough for reads of this bound.
    pub(super) fn keep_sampling(self: &Arc<Self>, bound: Duration) {
        let (sampler, millis) = (&self.sampler, u64::try_from(bound.as_millis()).unwrap_or(u64::MAX));
        if sampler.least.load(Ordering::Relaxed) > millis {
            sampler.least.fetch_min(millis, Ordering::Relaxed);
        }
        if sampler.is_wanted.load(Ordering::Relaxed) {
            return;
        }
        sampler.is_wanted.store(true, Ordering::Relaxed);
        let mut task = sampler.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() {
            *task = library_runtime().ok().map(|library| library.spawn(run(Arc::downgrade(self))));
        }
        drop(task);
        sampler.wakes.notify_one();
    }
}

async fn run(set: Weak<ReplicaSet>) {
    let mut idle = Duration::ZERO;
    while let Some(set) = set.upgrade() {
        let sampler = &set.sampler;
        let least = sampler.least();
        set.sample(after(least / 2)).await;
        let pause = (least / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        if executor::sleep(pause).await.is_err() {
            // There are no timers, and asking without a pause must not happen.
            return;
        }
        idle = if sampler.is_wanted.swap(false, Ordering::Relaxed) { Duration::ZERO } else { idle + pause };
        if idle > IDLE {
            sampler.wakes.notified().await;
            idle = Duration::ZERO;
        }
    }
}

impl ReplicaSet {
    /// Asks the primary, and then all replicas.
    async fn sample(&self, until: Instant) {
        // Before the question: what was acknowledged by now is in the answer.
        let asked = Instant::now();
        let primary = match Progress::of(&self.primary, until).await {
            Ok(Some(progress)) if progress.is_primary => progress,
            Ok(_) => return,
            Err(error) => return log::debug!("{error}; no replica is known to be fresh"),
        };
        let all = self.all();
        executor::all(all.iter().map(|replica| replica.sample(&primary, asked, until))).await;
    }
}

impl Replica {
    async fn sample(&self, primary: &Progress, asked: Instant, until: Instant) {
        match Progress::of(&self.node, until).await {
            Ok(Some(progress)) if progress.has_all_of(primary) => self.freshness.confirm(asked),
            Ok(_) => {}
            Err(error) => log::debug!("{error}"),
        }
    }
}

/// How much of its data set's history a server has.
#[derive(Debug, PartialEq, Eq)]
struct Progress {
    is_primary: bool,
    /// Names the history: another one has another name.
    history: String,
    offset: u64,
    /// Whether it hears from its primary.
    is_linked: bool,
}

impl Progress {
    /// `None` if the server does not say, or is in no state to serve.
    async fn of(node: &Node, until: Instant) -> Result<Option<Self>, Error> {
        let host = node.connection()?;
        let question = |name: &str, about: &str| {
            let mut command = cmd(name);
            command.arg(about);
            command
        };
        let mut questions = vec![question("INFO", "replication")];
        if host.connection.is_cluster_node {
            // A primary that is cut off from the others goes on counting, and answers `INFO` for ever.
            questions.push(question("CLUSTER", "INFO"));
        }
        let doing = format!("ask {} how far it is", node.name());
        let (answers, _) = host.connection.run_all(&doing, &pipeline(questions), until).await?;
        let mut texts = answers.into_iter().map(|answer| answer.ok().as_ref().and_then(text));
        let Some(Some(info)) = texts.next() else { return Ok(None) };
        let is_ok =
            texts.all(|state| state.is_some_and(|state| field(&state, "cluster_state") == Some("ok")));
        Ok(Self::parse(&info).filter(|_| is_ok))
    }

    fn parse(info: &str) -> Option<Self> {
        let is_primary = field(info, "role")? == "master";
        let offset = if is_primary { "master_repl_offset" } else { "slave_repl_offset" };
        Some(Self {
            is_primary,
            history: field(info, "master_replid")?.to_owned(),
            offset: field(info, offset)?.parse().ok()?,
            is_linked: field(info, "master_link_status") == Some("up")
                && field(info, "master_sync_in_progress") == Some("0"),
        })
    }

    fn has_all_of(&self, primary: &Self) -> bool {
        !self.is_primary && self.is_linked && self.history == primary.history && self.offset >= primary.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: &str = "# Replication\r\nrole:master\r\nconnected_slaves:1\r\n\
        slave0:ip=127.0.0.1,port=7001,state=online,offset=90,lag=0\r\nmaster_replid:aa\r\nmaster_repl_offset:100\r\n";
    const REPLICA: &str = "role:slave\r\nmaster_host:127.0.0.1\r\nmaster_link_status:up\r\nmaster_sync_in_progress:0\r\n\
        slave_read_repl_offset:120\r\nslave_repl_offset:100\r\nmaster_replid:aa\r\nmaster_repl_offset:130\r\n";

    #[test]
    fn a_replica_that_has_executed_all_is_fresh() {
        let primary = Progress::parse(PRIMARY).expect("it says all");
        assert!(primary.is_primary && primary.offset == 100 && primary.history == "aa");
        let has_all = |info: &str| Progress::parse(info).is_some_and(|replica| replica.has_all_of(&primary));
        assert!(has_all(REPLICA));
        for (is, other) in [
            // What it has received it need not have executed, and its own count is of another thing.
            ("slave_repl_offset:100", "slave_repl_offset:99"),
            ("master_replid:aa", "master_replid:bb"),
            ("master_link_status:up", "master_link_status:down"),
            ("master_sync_in_progress:0", "master_sync_in_progress:1"),
            ("role:slave", "role:master"),
            ("slave_repl_offset:100\r\n", ""),
        ] {
            assert!(!has_all(&REPLICA.replace(is, other)), "{other}");
        }
        assert!(Progress::parse("redis_version:7").is_none());
    }
}
