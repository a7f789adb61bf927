//! Two processes that share a Redis and a database, each of which invalidates what the other reads.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis_cached::{Cache, Staleness, redis_cached, redis_invalidates};
use redis_cached_test_support::{Proxy, RedisServer};

use super::load::break_something;
use super::quick;

const TEST: &str = "verify::processes::two_processes_accuse_each_other_only_of_what_is_missing";
/// In the environment of the second process: where the cache and the database are.
const PEER: &str = "REDIS_CACHED_TEST_PEER";

const ROWS: u64 = 20;
/// The row of the writer that forgets to invalidate.
const FORGOTTEN: u64 = ROWS;
const TIME: Duration = Duration::from_secs(4);
/// Longer than what breaks, and than the pause after which the process that could not invalidate does so.
const GRACE: Duration = Duration::from_secs(2);

/// A folder with a file for each row, whose length is the number of its changes. The cache's faults do not reach it.
#[derive(Clone)]
struct Database(PathBuf);

impl Database {
    fn get(&self, id: u64) -> u64 {
        fs::metadata(self.0.join(id.to_string())).map_or(0, |row| row.len())
    }

    fn change(&self, id: u64) {
        let row = OpenOptions::new().append(true).create(true).open(self.0.join(id.to_string()));
        row.unwrap().write_all(b"+").unwrap();
    }
}

#[redis_cached(ttl = 60, key = "shared:<id>", skip(rows), verify = 1.0, invalidated = true)]
async fn shared(rows: &Database, id: u64) -> u64 {
    rows.get(id)
}

#[redis_cached(ttl = 60, key = "shared here:<id>", skip(rows), verify = 1.0, local = "1s", tags = ["shared:<id>"])]
async fn shared_here(rows: &Database, id: u64) -> u64 {
    rows.get(id)
}

#[redis_invalidates(shared(id), tag("shared:<id>"))]
async fn change_shared(rows: &Database, id: u64) {
    rows.change(id);
    tokio::time::sleep(Duration::from_millis(id % 5)).await;
}

async fn connect(url: &str) -> Cache {
    let cache = quick().verify_grace(GRACE).deadline(Duration::from_millis(100)).verify_keys().url(url);
    cache.connect().await.unwrap()
}

/// Reads and writes for a while, and reads what only the forgetful writer changes.
async fn work(cache: &Cache, rows: &Database, seed: u64) {
    let began = Instant::now();
    let call = async |number: u64| match number >> 60 {
        0 => change_shared(rows, (number >> 33) % ROWS).await,
        1..8 => drop(shared(rows, (number >> 33) % (ROWS + 1)).await),
        _ => drop(shared_here(rows, (number >> 33) % (ROWS + 1)).await),
    };
    let mut number = seed;
    while began.elapsed() < TIME {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        cache.scope(call(number)).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The second process: the same test, in a process of its own. Dropped, it is ended.
struct Peer(Child);

impl Peer {
    fn start(url: &str, folder: &Path) -> Self {
        let mut named = OsString::from(url);
        named.push(" ");
        named.push(folder);
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", TEST]).env(PEER, named).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(process.spawn().unwrap())
    }

    fn succeeds(mut self) {
        let status = self.0.wait().unwrap();
        let mut said = String::new();
        for pipe in [
            self.0.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn std::io::Read>),
            self.0.stderr.take().map(|pipe| Box::new(pipe) as _),
        ] {
            _ = pipe.unwrap().read_to_string(&mut said);
        }
        assert!(status.success() && said.contains("1 passed"), "{said}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What this process has found, and that it has looked.
async fn assert_only_the_forgotten(cache: &Cache, is_forgotten: bool) {
    cache.finish_verifications().await;
    let (stats, samples) = (cache.stats(), cache.stale_samples());
    assert!(stats.functions.iter().all(|row| row.verified_equal > 20), "{stats}");
    for sample in &samples {
        assert_eq!(sample.staleness, Staleness::MissingInvalidation);
        let key = sample.key.as_ref().unwrap();
        assert!(is_forgotten && key.ends_with(&format!(":{FORGOTTEN}")), "{sample}\n{stats}");
    }
    assert_eq!(!samples.is_empty(), is_forgotten, "{samples:?}\n{stats}");
}

/// Each reaches Redis by a proxy of its own, which breaks in turn with the other's, and each invalidates rows that the other has cached.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_accuse_each_other_only_of_what_is_missing() {
    if let Some(named) = std::env::var_os(PEER) {
        let named = named.into_string().unwrap();
        let (url, folder) = named.split_once(' ').unwrap();
        let (cache, rows) = (connect(url).await, Database(folder.into()));
        work(&cache, &rows, 2).await;
        return assert_only_the_forgotten(&cache, false).await;
    }
    let folder = std::env::temp_dir().join(format!("redis-cached-rows-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (server, rows) = (RedisServer::start(), Database(folder.clone()));
    let [own, peers] = [(); 2].map(|()| Proxy::start(&server));
    let cache = connect(own.url()).await;
    let peer = Peer::start(peers.url(), &folder);
    let faults = async {
        let began = Instant::now();
        for fault in 0.. {
            if began.elapsed() > TIME {
                break;
            }
            break_something(if fault % 2 == 0 { &own } else { &peers }, fault / 2).await;
        }
    };
    tokio::join!(faults, work(&cache, &rows, 1));
    assert_only_the_forgotten(&cache, false).await;
    tokio::task::spawn_blocking(|| peer.succeeds()).await.unwrap();

    rows.change(FORGOTTEN);
    cache.scope(async { (shared(&rows, FORGOTTEN).await, shared_here(&rows, FORGOTTEN).await) }).await;
    assert_only_the_forgotten(&cache, true).await;
    fs::remove_dir_all(&folder).unwrap();
}
