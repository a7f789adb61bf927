//! Peers that are no Redis server, or one that is broken in every way that came to mind: calls give the function's own values, in time,
//! and the log says once what is wrong. A binary of its own, one test at a time, so that what takes too long is the library's doing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis_cached::{Cache, redis_cached};
use redis_cached_test_support::Peer;

use self::log_recorder::{is_alone, record, warnings};

mod budget;
mod kinds;
#[allow(dead_code, reason = "the suite needs more of it")]
#[path = "../suite/log_recorder.rs"]
mod log_recorder;

const DEADLINE: Duration = Duration::from_millis(250);
/// What a call may take beyond the deadline.
const SLACK: Duration = Duration::from_millis(50);
/// A machine that does other things as well adds to that, but not each time: the first try is beside other kinds, the others are alone.
const TRIES: usize = 10;
const TASKS: u64 = 40;
/// How long calls go on against one kind of peer.
const TIME: Duration = Duration::from_millis(1200);
/// So many kinds at once.
const AT_ONCE: usize = 4;
/// Each of a cache's connections is tried again after 20, 40, … 640 ms, in both protocols; there are three connections.
const CONNECTIONS: usize = 60;
const LOG_LINES: usize = 4;
/// What the process may grow by, all peers together.
const MEBIBYTES: u64 = 400;

#[redis_cached(ttl = 60, key = "plain:<id>")]
async fn plain(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[redis_cached(ttl = 60, key = "local:<id>", local = "30s")]
async fn local(id: u64) -> Arc<str> {
    id.to_string().into()
}

#[redis_cached(ttl = 60, key = "tagged:<id>", tags = ["peers:<id>"])]
async fn tagged(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "many:<ids>", batch = ids)]
async fn many(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cached(ttl = 60, key = "stale:<id>", stale_while_revalidate = "30s")]
async fn stale(id: u64) -> u64 {
    id
}

#[redis_cached(ttl = 60, key = "blocking:<id>")]
fn blocking(id: u64) -> u64 {
    id
}

/// Time as the runtime gives it to its tasks, in microseconds: what it is behind does not count, as it does not for a deadline.
#[derive(Clone, Default)]
struct Metronome(Arc<AtomicU64>);

impl Metronome {
    fn start() -> Self {
        const TICK: Duration = Duration::from_millis(5);
        let metronome = Self::default();
        let given = Arc::clone(&metronome.0);
        tokio::spawn(async move {
            loop {
                let began = Instant::now();
                tokio::time::sleep(TICK).await;
                let tick = began.elapsed().min(TICK * 3 / 2);
                given.fetch_add(u64::try_from(tick.as_micros()).unwrap(), Ordering::Relaxed);
            }
        });
        metronome
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// How long the slowest call took, and which it was.
type Slowest = Mutex<(Duration, &'static str)>;

#[derive(Default)]
struct Findings(Mutex<String>);

impl Findings {
    fn add(&self, kind: &str, what: impl std::fmt::Display) {
        writeln!(self.0.lock().unwrap(), "{kind}: {what}").unwrap();
    }
}

/// Held by each test.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts panics of any thread. Those of tests are panics too, and come after.
static PANICS: AtomicUsize = AtomicUsize::new(0);

#[test]
fn calls_to_peers_of_every_kind_give_their_own_values_in_time() {
    let _turn = one_at_a_time();
    if !is_alone("calls_to_peers_of_every_kind_give_their_own_values_in_time") {
        return;
    }
    record();
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        eprintln!("{panic}");
    }));
    let (findings, before) = (Findings::default(), resident());
    let (kinds, late) = (kinds::kinds(), Mutex::<Vec<&str>>::default());
    assert!(kinds.len() >= 39);
    let mut left = kinds.into_iter();
    loop {
        let some: Vec<_> = left.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            break;
        }
        std::thread::scope(|threads| {
            for (name, peer) in some {
                let findings = &findings;
                let late = &late;
                threads.spawn(move || {
                    if try_out(name, &peer, findings).is_some() {
                        late.lock().unwrap().push(name);
                    }
                });
            }
        });
    }
    for name in late.into_inner().unwrap() {
        let again = || {
            let (_, peer) = kinds::kinds().into_iter().find(|(kind, _)| *kind == name).unwrap();
            try_out(name, &peer, &findings)
        };
        let tries: Vec<_> = (1..TRIES).map_while(|_| again()).collect();
        if tries.len() + 1 == TRIES {
            findings.add(name, format_args!("each time a call took too long, such as {tries:?}"));
        }
    }
    let grown = resident().saturating_sub(before) / 1024;
    if grown > MEBIBYTES {
        findings.add("all", format_args!("the process has grown by {grown} MiB"));
    }
    drop(std::panic::take_hook());
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
    let found = findings.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(found.is_empty(), "\n{found}");
}

/// Gives the slowest call, if it took too long.
fn try_out(kind: &'static str, peer: &Peer, findings: &Findings) -> Option<(Duration, &'static str)> {
    // Its own, so that a peer that keeps its client busy disturbs no other.
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    let slowest = runtime.block_on(slowest_call(kind, peer, findings));
    println!("{kind}: {slowest:?}");
    (slowest.0 > DEADLINE + SLACK).then_some(slowest)
}

async fn slowest_call(kind: &'static str, peer: &Peer, findings: &Findings) -> (Duration, &'static str) {
    let cache = Cache::builder().url(peer.url()).deadline(DEADLINE).connect_lazy().unwrap();
    let (slowest, metronome) = (Arc::new(Slowest::default()), Metronome::start());
    let tasks = (0..TASKS).map(|task| {
        let (cache, slowest, metronome) = (cache.clone(), Arc::clone(&slowest), metronome.clone());
        tokio::spawn(async move {
            let (began, mut id) = (Instant::now(), task);
            while began.elapsed() < TIME {
                id += 1000;
                call_each(&cache, id, &metronome, &slowest).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        if let Err(error) = task.await {
            findings.add(kind, error);
        }
    }
    if peer.accepted() > CONNECTIONS {
        findings.add(kind, format_args!("{} connections", peer.accepted()));
    }
    let lines = warnings(&peer.port().to_string());
    if lines.len() > LOG_LINES {
        findings.add(kind, format_args!("{} log lines, such as {:#?}", lines.len(), &lines[..LOG_LINES]));
    }
    *slowest.lock().unwrap()
}

/// A call of each sort, with its own value.
async fn call_each(cache: &Cache, id: u64, metronome: &Metronome, slowest: &Slowest) {
    let timed = async |which: &'static str, call: std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>>| {
        let began = metronome.now();
        call.await;
        let mut slowest = slowest.lock().unwrap();
        *slowest = (*slowest).max((metronome.now() - began, which));
    };
    let other = id % 1000;
    timed("plain", Box::pin(async { assert_eq!(cache.scope(plain(id)).await, Ok(id)) })).await;
    timed("again", Box::pin(async { assert_eq!(cache.scope(plain(other)).await, Ok(other)) })).await;
    timed("local", Box::pin(async { assert_eq!(*cache.scope(local(id)).await, *id.to_string()) })).await;
    timed("tagged", Box::pin(async { assert_eq!(cache.scope(tagged(id)).await, id) })).await;
    timed("many", Box::pin(async { assert_eq!(cache.scope(many(&[id, other])).await.len(), 2) })).await;
    timed("stale", Box::pin(async { assert_eq!(cache.scope(stale(id)).await, id) })).await;
    let entry = cache.sync_scope(|| plain_entry(id));
    timed("invalidate", Box::pin(async { drop(entry.invalidate().await) })).await;
    timed("tag", Box::pin(async { drop(cache.invalidate_tag(format!("peers:{id}")).await) })).await;
    let (began, worker) = (metronome.now(), cache.clone());
    let call = move || worker.sync_scope(|| blocking(id));
    assert_eq!(tokio::task::spawn_blocking(call).await.unwrap(), id);
    let mut slowest = slowest.lock().unwrap();
    *slowest = (*slowest).max((metronome.now() - began, "blocking"));
}

/// The most memory that this process has had, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
