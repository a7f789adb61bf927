//! Servers that take the place of another at the same address: after a failover behind a name or a proxy or by Sentinel, and after a restart.
//!
//! Such a server may lack what the former one has acknowledged, because a replica, or a snapshot, is always behind. So each new connection
//! asks its server which one it is, before anybody uses the connection.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use redis::{Cmd, Value, cmd};
use tokio::sync::Notify;

use super::live::Connection;
use super::server::Server;
use crate::runtime::executor;
use crate::store::redis::commands::pipeline;
use crate::store::redis::replies::{field, text};
use crate::store::vocabulary::TakeoverListener;
use crate::util::locks::lock;

/// Who is told of takeovers.
#[derive(Default)]
pub(crate) struct Takeovers {
    listener: OnceLock<Weak<dyn TakeoverListener>>,
    /// A connection has ended: another server may take over soon.
    pub(crate) losses: Notify,
}

impl Takeovers {
    /// Only the first is told.
    pub(crate) fn tell(&self, listener: Weak<dyn TakeoverListener>) {
        let _ = self.listener.set(listener);
    }

    /// A server has taken over the keys of which `concerns` holds, from one that was there until `lost`. To be called before anything is
    /// asked there.
    pub(crate) fn happened(&self, lost: Instant, concerns: &dyn Fn(&[u8]) -> bool) {
        let Some(listener) = self.listener() else { return };
        match listener.taken_over(lost, concerns) {
            0 => {}
            repeated => log::info!(
                "another Redis server has taken over: the latest invalidations are repeated there, {repeated} keys and tags"
            ),
        }
    }

    /// The same where the former server may still answer as if it were the owner: `switch` leads requests to the new one, and what is
    /// repeated must not go to the former.
    pub(crate) fn happens(&self, lost: Instant, concerns: &dyn Fn(&[u8]) -> bool, switch: impl FnOnce()) {
        let listener = self.listener();
        if let Some(listener) = &listener {
            listener.is_about_to(true);
        }
        switch();
        self.happened(lost, concerns);
        if let Some(listener) = &listener {
            listener.is_about_to(false);
        }
    }

    /// A server says that another one has these keys, by a migration or a failover. To be called before anything is asked there.
    pub(crate) fn may_have_happened(&self, concerns: &dyn Fn(&[u8]) -> bool) {
        if let Some(listener) = self.listener() {
            listener.taken_over(Instant::now(), concerns);
        }
    }

    fn listener(&self) -> Option<Arc<dyn TakeoverListener>> {
        self.listener.get().and_then(Weak::upgrade)
    }
}

/// Which server it is, of all that were ever at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerIdentity {
    Known {
        /// New with each start of a server.
        run: String,
        /// New when a replica becomes a primary.
        history: Option<String>,
    },
    /// It does not say.
    Unknown,
}

impl ServerIdentity {
    /// What a server is asked.
    pub(super) fn questions() -> [Cmd; 2] {
        ["server", "replication"].map(|section| {
            let mut question = cmd("INFO");
            question.arg(section);
            question
        })
    }

    pub(super) fn of_answers(answers: &[Value]) -> Self {
        Self::of(&answers.iter().filter_map(text).collect::<String>())
    }

    /// From the lines of `INFO`.
    fn of(info: &str) -> Self {
        let field = |name| field(info, name).map(str::to_owned);
        match field("run_id") {
            Some(run) => Self::Known { run, history: field("master_replid") },
            None => Self::Unknown,
        }
    }

    pub(super) fn is_known(&self) -> bool {
        *self != Self::Unknown
    }

    /// One that does not say may be another.
    pub(super) fn is_surely(&self, other: &Self) -> bool {
        self.is_known() && self == other
    }
}

/// The server of the connections that a runtime makes, one after the other.
pub(super) struct Acquaintance {
    server: Arc<Server>,
    identity: Option<ServerIdentity>,
    /// When the last connection ended.
    lost: Option<Instant>,
}

impl Acquaintance {
    pub(super) fn of(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), identity: None, lost: None }
    }

    /// Finds out whether a new connection leads to another server than the last one, and tells of it.
    pub(super) async fn renew(&mut self, connection: &Connection) {
        let (server, lost) = (&self.server, self.lost.take());
        let takeovers = &server.config.takeovers;
        if takeovers.listener.get().is_none() {
            return;
        }
        let identity = server.ask_identity(connection).await;
        // Set once: this is the one reconnector of the connection.
        let _ = connection.health.identity.set(identity.clone());
        let known = server.identified(&identity);
        let former = self.identity.replace(identity.clone()).or(known);
        if former.is_some_and(|former| !former.is_surely(&identity)) {
            takeovers.happened(lost.unwrap_or_else(Instant::now), &|_| true);
        }
    }

    /// The connection has ended.
    pub(super) fn lose(&mut self) {
        let now = *self.lost.get_or_insert_with(Instant::now);
        lock(&self.server.known).lost.get_or_insert(now);
        self.server.config.takeovers.losses.notify_one();
    }
}

impl Drop for Acquaintance {
    /// A runtime that ends says nothing about the server.
    fn drop(&mut self) {
        if self.lost.is_some() {
            lock(&self.server.known).lost = None;
        }
    }
}

impl Server {
    /// Since when it is unreachable for one of the runtimes, if it is.
    pub(crate) fn lost(&self) -> Option<Instant> {
        lock(&self.known).lost
    }

    /// Notes who has answered over the newest connection; gives who did before.
    fn identified(&self, identity: &ServerIdentity) -> Option<ServerIdentity> {
        let mut known = lock(&self.known);
        known.lost = None;
        known.identity.replace(identity.clone())
    }

    async fn ask_identity(&self, connection: &Connection) -> ServerIdentity {
        if lock(&self.known).hides_identity {
            return ServerIdentity::Unknown;
        }
        let questions = pipeline(ServerIdentity::questions());
        let mut driver = connection.driver.clone();
        let asked = driver.send_packed_commands(&questions, 0, questions.len());
        match executor::timeout(self.config.deadline, asked).await {
            Ok(Some(Ok(answers))) => ServerIdentity::of_answers(&answers),
            Ok(Some(Err(error))) if error.is_unrecoverable_error() => {
                // Some proxies close a connection on which they are asked what they do not know.
                lock(&self.known).hides_identity = true;
                ServerIdentity::Unknown
            }
            _ => ServerIdentity::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n# Replication\r\nmaster_replid:def\r\nmaster_replid2:0\r\n";

    #[test]
    fn a_restarted_server_a_promoted_one_and_one_that_does_not_say_are_others() {
        let one = ServerIdentity::of(INFO);
        assert_eq!(one, ServerIdentity::Known { run: "abc".into(), history: Some("def".into()) });
        assert!(one.is_surely(&ServerIdentity::of(INFO)));
        for other in
            [INFO.replace("abc", "abd"), INFO.replace(":def", ":dea"), "-NOPERM".into(), String::new()]
        {
            assert!(!one.is_surely(&ServerIdentity::of(&other)), "{other}");
            assert!(!ServerIdentity::of(&other).is_surely(&one), "{other}");
        }
        assert!(!ServerIdentity::Unknown.is_surely(&ServerIdentity::Unknown));
    }
}
