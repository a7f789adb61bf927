//! The runs, each with what has to be true of it.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis_cached::{Cache, redis_cached, redis_invalidates};
use redis_cached_test_support::RedisServer;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::drawing::{Panel, draw, draw_stampede};
use crate::recording::{Kind, Listener, Recording, Span};

type Picture = Result<String, Box<dyn Error>>;

const fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// A process: it has a cache of its own, and the database that all have.
#[derive(Clone)]
struct Program {
    cache: Cache,
    database: Arc<Mutex<&'static str>>,
    recording: Recording,
    /// Where its queries are drawn.
    database_lane: usize,
}

#[redis_cached(ttl = 60, key = "user:<id>", skip(program), cache = program.cache)]
async fn name(program: &Program, id: u64) -> String {
    let _ = id;
    let query = async {
        sleep(ms(4)).await;
        let read = *program.database.lock().unwrap_or_else(PoisonError::into_inner);
        sleep(ms(36)).await;
        read.to_owned()
    };
    program.recording.span(program.database_lane, Kind::Query, query, |read| format!("reads “{read}”")).await
}

#[redis_invalidates(name(program, id))]
async fn rename(program: &Program, id: u64, new: &'static str) {
    let _ = id;
    let commit = async {
        sleep(ms(6)).await;
        *program.database.lock().unwrap_or_else(PoisonError::into_inner) = new;
    };
    program.recording.span(program.database_lane, Kind::Write, commit, |()| format!("writes “{new}”")).await;
}

impl Program {
    async fn reads(&self, lane: usize, after: u64) -> String {
        sleep(ms(after)).await;
        self.recording.span(lane, Kind::Call, name(self, 7), |read| format!("“{read}”")).await
    }

    /// Another process of the same program.
    async fn other(&self, server: &RedisServer) -> Result<Self, redis_cached::Error> {
        let cache = Cache::connect(server.url()).await?;
        let other = Self { cache, database_lane: self.database_lane + 1, ..self.clone() };
        other.warmed_up().await
    }

    /// With a call behind it that stored something, of another key: no picture shows how a connection learns what its server can do.
    async fn warmed_up(self) -> Result<Self, redis_cached::Error> {
        let unrecorded = Self { recording: Recording::default(), ..self.clone() };
        name(&unrecorded, self.database_lane as u64 + 100).await;
        self.cache.flush().await?;
        Ok(self)
    }
}

async fn program(server: &RedisServer) -> Result<Program, redis_cached::Error> {
    let (database, recording) = (Arc::new(Mutex::new("Ann")), Recording::default());
    let cache = Cache::connect(server.url()).await?;
    Program { cache, database, recording, database_lane: 3 }.warmed_up().await
}

/// One computes, another waits for it, and later calls find the value.
pub(crate) async fn miss() -> Picture {
    let server = RedisServer::start();
    let first = program(&server).await?;
    let second = first.other(&server).await?;
    let listener = Listener::new(&server)?;
    tokio::join!(first.reads(0, 0), second.reads(1, 14), first.reads(2, 62));
    first.cache.flush().await?;
    let spans = first.recording.spans();
    let queries = spans.iter().filter(|span| span.kind == Kind::Query).count();
    if queries != 1 {
        return Err(format!("{queries} queries in place of one").into());
    }
    let lanes = ["process 1", "process 2", "process 1", "database"];
    Ok(draw(
        "The life of a miss: two processes ask for one key, and later one of them again",
        &lanes,
        &spans,
        &listener.marks(),
    ))
}

/// What was computed from older data is returned to who asked before, and not stored.
pub(crate) async fn invalidation() -> Picture {
    let server = RedisServer::start();
    let first = program(&server).await?;
    let second = first.other(&server).await?;
    let listener = Listener::new(&server)?;
    let write = async {
        sleep(ms(16)).await;
        second.recording.span(1, Kind::Call, rename(&second, 7, "Bea"), |()| "renames".to_owned()).await;
        second.reads(1, 10).await
    };
    let (before, after, later) = tokio::join!(first.reads(0, 0), write, first.reads(2, 90));
    first.cache.flush().await?;
    if (&*before, &*after, &*later) != ("Ann", "Bea", "Bea") {
        return Err(format!("{before}, {after}, {later}").into());
    }
    let lanes = ["process 1", "process 2", "process 1", "database", "database"];
    let title =
        "An invalidation against a computation: what was read before the change is not stored after it";
    Ok(draw(title, &lanes, &first.recording.spans(), &listener.marks()))
}

const CALLERS: usize = 24;

/// A database that does four things at once.
async fn query(connections: &Semaphore, recording: &Recording, lane: usize) -> u64 {
    let _connection = connections.acquire().await;
    recording
        .span(
            lane,
            Kind::Query,
            async {
                sleep(ms(40)).await;
                7
            },
            |_| String::new(),
        )
        .await
}

#[redis_cached(ttl = 60, key = "report", skip(cache, connections, recording, lane), cache = cache)]
async fn report(cache: &Cache, connections: &Semaphore, recording: &Recording, lane: usize) -> u64 {
    query(connections, recording, lane).await
}

/// `GET`, and on a miss the query and `SET`: what is written by hand.
async fn report_by_hand(
    url: &str,
    connections: &Semaphore,
    recording: &Recording,
    lane: usize,
) -> redis::RedisResult<u64> {
    let client = redis::Client::open(url)?;
    let mut connection = tokio::task::block_in_place(|| client.get_connection())?;
    let known: Option<u64> =
        tokio::task::block_in_place(|| redis::cmd("GET").arg("by hand").query(&mut connection))?;
    if let Some(value) = known {
        return Ok(value);
    }
    let value = query(connections, recording, lane).await;
    tokio::task::block_in_place(|| {
        redis::cmd("SET").arg("by hand").arg(value).arg("EX").arg(60).exec(&mut connection)
    })?;
    Ok(value)
}

/// The same callers, one every four milliseconds, of a key that is not there.
pub(crate) async fn stampede() -> Picture {
    let server = RedisServer::start();
    let mut panels = Vec::new();
    for is_cached in [false, true] {
        let (recording, connections) = (Recording::default(), Arc::new(Semaphore::new(4)));
        let cache = Cache::connect(server.url()).await?;
        let calls = (0..CALLERS).map(|lane| {
            let (recording, connections, cache) =
                (recording.clone(), Arc::clone(&connections), cache.clone());
            let url = server.url();
            tokio::spawn(async move {
                sleep(ms(4 * lane as u64)).await;
                let call = async {
                    if is_cached {
                        Ok(report(&cache, &connections, &recording, lane).await)
                    } else {
                        report_by_hand(&url, &connections, &recording, lane).await
                    }
                };
                recording.span(lane, Kind::Call, call, |_| String::new()).await
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await??;
        }
        let spans = recording.spans();
        let queries = spans.iter().filter(|span| span.kind == Kind::Query).count();
        if is_cached && queries != 1 {
            return Err(format!("{queries} queries in place of one").into());
        }
        let title = if is_cached { "redis-cached" } else { "GET, compute, SET by hand" };
        panels.push(Panel {
            title: format!(
                "{title}: {queries} {} of the database",
                if queries == 1 { "query" } else { "queries" }
            ),
            spans,
        });
    }
    Ok(draw_stampede(
        "24 callers of one key that is not there, and a database that answers four at a time",
        &panels,
    ))
}

/// For a panel's scale.
pub(crate) fn beginning(spans: &[Span]) -> f64 {
    spans.iter().map(|span| span.from).fold(f64::INFINITY, f64::min)
}
