//! A hit: the value is in Redis, and every call finds it there.

mod bare;
mod peer_cached;
mod this;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::harness::{Contender, Runner, compare};
use crate::options::Options;
use crate::table::Report;

/// As many values as are asked for. Enough that nothing depends on one of them, few enough to be stored in a moment.
const KEYS: u64 = 1024;

/// A small value with two strings, as most are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    id: u64,
    name: String,
    email: String,
    age: u32,
}

impl User {
    fn new(id: u64) -> Self {
        Self {
            id,
            name: format!("User Number {id}"),
            email: format!("user{id}@example.com"),
            age: 18 + (id % 70) as u32,
        }
    }
}

/// How often a cached function's own body ran.
static COMPUTED: AtomicU64 = AtomicU64::new(0);

/// The body of every contender's function.
fn compute(id: u64) -> User {
    COMPUTED.fetch_add(1, Ordering::Relaxed);
    User::new(id)
}

/// What a contender made of one call: an error unless it was a hit, and of the right value.
async fn hit(id: u64, call: impl Future<Output = Result<User, String>>) -> Result<(), String> {
    let before = COMPUTED.load(Ordering::Relaxed);
    let user = call.await?;
    // Some other task's computation is taken for ours. That is as good a reason to doubt the turn.
    match COMPUTED.load(Ordering::Relaxed) - before {
        0 if user.id == id => Ok(()),
        0 => Err(format!("asked for user {id}, got {}", user.id)),
        _ => Err("a call was no hit".into()),
    }
}

pub(crate) async fn run(options: &Options, url: &str) -> Result<Report, Failure> {
    let bare = Arc::new(bare::Bare::connect(url).await?);
    let no_delay = Arc::new(bare::BareNoDelay::connect(url).await?);
    let peer = Arc::new(peer_cached::PeerCached::connect(url));
    let this = Arc::new(this::This::connect(url).await?);
    warm(&*bare).await;
    warm(&*no_delay).await;
    warm(&*peer).await;
    warm(&*this).await;

    let contenders: [Box<dyn Runner>; 4] =
        [Box::new(bare), Box::new(no_delay), Box::new(peer), Box::new(this)];
    Ok(compare("A hit of a small struct in Redis", options, &contenders).await?)
}

/// Makes a hit of every later call.
async fn warm(contender: &impl Contender) {
    for id in 0..KEYS {
        // A first call is no hit, and says so.
        let _ = contender.once(id).await;
    }
}
