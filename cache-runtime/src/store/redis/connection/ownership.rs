//! Whether a node of a cluster still owns what it is asked for.
//!
//! `PING` is answered by a primary that has been demoted, for ever by one that is cut off from the others, and says nothing of slots. So the
//! heartbeat of a node asks for a key which was read from it: who does not own its slot, or knows that it may not, redirects or refuses. What
//! the node itself does not know yet, the others say: as long as there are heartbeats, the cluster's map is asked for as often as they come.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::{RedisError, RedisResult, Value, cmd};
use tokio::sync::Notify;

use super::live::Connection;
use crate::store::redis::redirect::moved_slot;
use crate::store::vocabulary::InvalidationListener;
use crate::util::clock::Moment;
use crate::util::locks::lock;

/// Who has to know soon who owns which slot.
#[derive(Debug)]
pub(crate) struct MapWishes {
    wish: Notify,
    /// How often a node with tracked keys is asked whether it owns them.
    heartbeat: Duration,
    /// When one was asked last, as a [`Moment`].
    last_heartbeat: AtomicU64,
}

impl MapWishes {
    pub(crate) fn new(heartbeat: Duration) -> Self {
        Self { wish: Notify::new(), heartbeat, last_heartbeat: AtomicU64::new(Moment::NEVER.ticks()) }
    }

    /// Wishes for the map soon.
    pub(crate) fn wish(&self) {
        self.wish.notify_one();
    }

    /// Waits for a wish.
    pub(crate) async fn wished(&self) {
        self.wish.notified().await;
    }

    /// How often the map is wanted because of heartbeats, if there are any.
    pub(crate) fn wanted_every(&self) -> Option<Duration> {
        self.is_wanted(Moment::now()).then_some(self.heartbeat)
    }

    fn is_wanted(&self, now: Moment) -> bool {
        let last = Moment::from_ticks(self.last_heartbeat.load(Ordering::Relaxed));
        last != Moment::NEVER && last.until(now) <= self.heartbeat.saturating_mul(4)
    }

    fn beat(&self, now: Moment) {
        let is_first = !self.is_wanted(now);
        self.last_heartbeat.store(now.ticks(), Ordering::Relaxed);
        if is_first {
            self.wish();
        }
    }
}

/// What a node's heartbeat asks.
#[derive(Debug)]
pub(crate) struct OwnerProbe {
    /// A key of this node's that the user may read.
    key: Mutex<Option<String>>,
    wishes: Arc<MapWishes>,
}

impl OwnerProbe {
    pub(crate) fn new(wishes: &Arc<MapWishes>) -> Self {
        Self { key: Mutex::default(), wishes: Arc::clone(wishes) }
    }

    /// A key that is about to be read from the node.
    pub(crate) fn offer(&self, key: &str) {
        let mut probe = lock(&self.key);
        if probe.is_none() {
            *probe = Some(key.to_owned());
        }
    }

    fn key(&self) -> Option<String> {
        lock(&self.key).clone()
    }

    /// Asks the node for how long the key has left, which is short and needs no right that a tracked read does not need. Without a key, no
    /// answer confirms anything.
    pub(crate) async fn ask(&self, connection: &Connection) -> RedisResult<bool> {
        self.wishes.beat(Moment::now());
        let mut driver = connection.driver.clone();
        match self.key() {
            Some(key) => cmd("PTTL").arg(key).query_async::<Value>(&mut driver).await.map(|_| true),
            None => cmd("PING").exec_async(&mut driver).await.map(|()| false),
        }
    }

    /// Whether the node has said that it owns the key's slot, although it does not have the key any more. Otherwise it may have lost what it
    /// had.
    pub(crate) fn is_owned(&self, refusal: &RedisError, listener: &dyn InvalidationListener) -> bool {
        if refusal.code() == Some("ASK") {
            return true;
        }
        *lock(&self.key) = None;
        if let Some(slot) = moved_slot(refusal) {
            listener.changed_hands(slot.number());
        }
        self.wishes.wish();
        false
    }
}
