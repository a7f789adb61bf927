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

/// How often a cached function's own body ran. It must not while hits are measured.
static COMPUTED: AtomicU64 = AtomicU64::new(0);

/// The body of every contender's function.
fn compute(id: u64) -> User {
    COMPUTED.fetch_add(1, Ordering::Relaxed);
    User::new(id)
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

    let before = COMPUTED.load(Ordering::Relaxed);
    let contenders: [Box<dyn Runner>; 4] =
        [Box::new(bare), Box::new(no_delay), Box::new(peer), Box::new(this)];
    let report = compare("A hit of a small struct in Redis", options, &contenders).await;
    let computed = COMPUTED.load(Ordering::Relaxed) - before;
    if computed > 0 {
        return Err(format!("{computed} calls were no hits: these figures mean nothing").into());
    }
    Ok(report)
}

/// Makes a hit of every later call.
async fn warm(contender: &impl Contender) {
    for id in 0..KEYS {
        contender.once(id).await;
    }
}
