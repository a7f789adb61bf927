//! What is compared: one function, memoized by one library each, with the settings that its own documentation begins with.

mod bare;
mod bare_cluster;
mod floor;
mod in_process;
mod many;
mod peer_cached;
mod peer_hitbox;
mod tagged;
mod this;

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hitbox_fn::CacheableResponse;
use serde::{Deserialize, Serialize};

pub(crate) use bare::{Bare, BareBlocking, BareNoDelay, decode, encode};
pub(crate) use bare_cluster::BareCluster;
pub(crate) use floor::Floor;
pub(crate) use in_process::{
    CachedInMemory, CachedSharded, CachedTracked, InProcess, Map, ThisByDerived, ThisByPair, ThisByText,
    ThisByUuid, ThisLocal,
};
pub(crate) use many::{Gets, Many, Mget, ThisBatch, ThisEach};
pub(crate) use peer_cached::{PeerCached, PeerCachedBlocking};
pub(crate) use peer_hitbox::{PeerHitbox, PeerHitboxTold};
pub(crate) use tagged::Tagged;
pub(crate) use this::{Apart, ByCluster, ByTcp, ByTls, Sliding, This, ThisBlocking, Windowed};

/// A small value with two strings, as most are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CacheableResponse)]
pub(crate) struct User {
    pub(crate) id: u64,
    name: String,
    email: String,
    age: u32,
}

impl User {
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            name: format!("User Number {id}"),
            email: format!("user{id}@example.com"),
            age: 18 + (id % 70) as u32,
        }
    }
}

/// A function of a user's id that finds its values in Redis.
pub(crate) trait Memoized: Send + Sync + 'static {
    const NAME: &'static str;

    /// Calls the function. An error is the library's own: the function has none.
    fn user(&self, id: u64) -> impl Future<Output = Result<User, String>> + Send;

    /// Returns when what the calls so far left to be stored is stored. For those whose callers do not wait for it.
    fn flush(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// The same for threads.
pub(crate) trait Blocking: Send + Sync + 'static {
    const NAME: &'static str;

    /// What a thread has for itself.
    type Own;

    fn own(&self) -> Result<Self::Own, String>;

    fn user(&self, own: &mut Self::Own, id: u64) -> Result<User, String>;
}

/// How often a memoized function's own body ran.
static COMPUTED: AtomicU64 = AtomicU64::new(0);
/// How long it takes. Unset: no time at all.
static BODY: OnceLock<Duration> = OnceLock::new();

/// How often the body ran so far.
pub(crate) fn computed() -> u64 {
    COMPUTED.load(Ordering::Relaxed)
}

/// Makes the body slow, for the rest of this process.
pub(crate) fn slow_down(body: Duration) {
    BODY.get_or_init(|| body);
}

/// The body of every contender's function.
async fn compute(id: u64) -> User {
    if let Some(body) = BODY.get() {
        tokio::time::sleep(*body).await;
    }
    computed_at_once(id)
}

/// The same for blocking functions, and never slow.
fn computed_at_once(id: u64) -> User {
    COMPUTED.fetch_add(1, Ordering::Relaxed);
    User::new(id)
}

/// Some users at once.
fn compute_each(ids: &[u64]) -> HashMap<u64, User> {
    COMPUTED.fetch_add(1, Ordering::Relaxed);
    ids.iter().map(|id| (*id, User::new(*id))).collect()
}

/// Many users at once.
pub(crate) fn compute_all(count: u64) -> Vec<User> {
    COMPUTED.fetch_add(1, Ordering::Relaxed);
    (0..count).map(User::new).collect()
}

/// A call that must be a hit, and of the right value.
pub(crate) async fn hit(contender: &impl Memoized, id: u64) -> Result<(), String> {
    let before = computed();
    let user = contender.user(id).await?;
    was_a_hit(before, &user, id)
}

/// The same on a thread.
pub(crate) fn blocking_hit<B: Blocking>(contender: &B, own: &mut B::Own, id: u64) -> Result<(), String> {
    let before = computed();
    let user = contender.user(own, id)?;
    was_a_hit(before, &user, id)
}

/// Some other caller's computation is taken for ours. That is as good a reason to doubt the turn.
fn was_a_hit(before: u64, user: &User, id: u64) -> Result<(), String> {
    match computed() - before {
        0 if user.id == id => Ok(()),
        0 => Err(format!("asked for user {id}, got {}", user.id)),
        _ => Err("a call was no hit".into()),
    }
}

/// Makes a hit of every later call for one of the first `keys` ids.
pub(crate) async fn warm(contender: &impl Memoized, keys: u64) {
    for id in 0..keys {
        // What fails here will fail where it is measured, and say so there.
        let _ = contender.user(id).await;
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}
