//! A frozen Redis (SIGSTOP): connections stay open, nothing is answered. What it adds to a call of a function that takes no
//! time itself, and how soon calls are hits again once it goes on.
//!
//! Each contender has a turn of its own: connected and warm, then the server freezes, then it goes on.

use std::time::{Duration, Instant};

use redis_cached_test_support::RedisServer;

use crate::contenders::{Memoized, PeerCached, PeerHitbox, This, hit, warm};
use redis_cached_benches::Failure;
use redis_cached_benches::options::Options;
use redis_cached_benches::table::{Spread, Table, time};

/// Ids that every contender has called before.
const KEYS: u64 = 64;
/// A call that has no answer after this hangs, and is given up.
const HANGS: Duration = Duration::from_secs(3);
/// The first calls, which have to find out.
const FIRST: usize = 5;
/// After so many calls a contender has found out what it will ever find out.
const SETTLED: usize = 10;
/// Calls that are too short for one clock reading to say much are made as often as this …
const BULK: usize = 10_000;
/// … but no contender is given longer.
const BULK_ENDS: Duration = Duration::from_secs(2);
/// A freeze lasts so long at the least, so that whoever tries to connect again is between two of its later attempts.
const LASTS: Duration = Duration::from_secs(4);
/// A contender that hits no more after this is not waited for.
const RECOVERS: Duration = Duration::from_secs(30);
/// The pause between two calls that may be hits again. The recovery is known to this.
const POLL: Duration = Duration::from_millis(2);

/// How a call to a frozen server ended.
enum Outcome {
    Answered,
    Failed,
    Hung,
}

/// What one contender did.
#[derive(Default)]
struct Frozen {
    /// In seconds, as all times here.
    calls: Vec<f64>,
    failed: usize,
    hung: usize,
    bulk: Vec<f64>,
    recoveries: Vec<f64>,
}

pub(crate) async fn run(options: &Options, server: &RedisServer) -> Result<Table, Failure> {
    let url = server.url();
    let title = format!(
        "A frozen Redis (SIGSTOP): {} calls in a row, given up after {HANGS:?}, by one task with the default settings",
        options.frozen_calls
    );
    let mut table = Table::new(&title, "what it adds to a call", ROWS);
    freeze(&This::connect(&url).await?, server, options, &mut table).await?;
    freeze(&PeerCached::connect(&url), server, options, &mut table).await?;
    freeze(&PeerHitbox::connect(&url)?, server, options, &mut table).await?;
    Ok(table)
}

/// One contender's turn, and its column.
async fn freeze<M: Memoized>(
    contender: &M,
    server: &RedisServer,
    options: &Options,
    table: &mut Table,
) -> Result<(), String> {
    warm(contender, KEYS).await;
    if recovery(contender).await.is_infinite() {
        return Err(format!("{}: no hit before the server was frozen", M::NAME));
    }

    let mut frozen = Frozen::default();
    server.pause();
    let began = Instant::now();
    frozen.make_calls(contender, options.frozen_calls).await;
    go_on(contender, server, began, &mut frozen.recoveries).await;
    for _ in 1..options.freezes {
        server.pause();
        go_on(contender, server, Instant::now(), &mut frozen.recoveries).await;
    }
    table.column(M::NAME, frozen.cells());
    Ok(())
}

/// Ends a freeze when it has lasted for long enough, with calls until then.
async fn go_on(contender: &impl Memoized, server: &RedisServer, frozen: Instant, recoveries: &mut Vec<f64>) {
    while frozen.elapsed() < LASTS {
        call(contender, 0).await;
        tokio::time::sleep(POLL).await;
    }
    server.resume();
    recoveries.push(recovery(contender).await);
}

/// One call. All of the time is the library's, because the function itself takes none.
async fn call(contender: &impl Memoized, index: u64) -> (f64, Outcome) {
    let began = Instant::now();
    let outcome = match tokio::time::timeout(HANGS, contender.user(index % KEYS)).await {
        Ok(Ok(_)) => Outcome::Answered,
        Ok(Err(_)) => Outcome::Failed,
        Err(_) => Outcome::Hung,
    };
    (began.elapsed().as_secs_f64(), outcome)
}

/// From now to the end of the first hit; infinite where there is none.
async fn recovery(contender: &impl Memoized) -> f64 {
    let began = Instant::now();
    let mut id = 0;
    while began.elapsed() < RECOVERS {
        // Another key each time, so that it does not hang on what became of one of them.
        id = (id + 1) % KEYS;
        if let Ok(Ok(())) = tokio::time::timeout(HANGS, hit(contender, id)).await {
            return began.elapsed().as_secs_f64();
        }
        tokio::time::sleep(POLL).await;
    }
    f64::INFINITY
}

const ROWS: [&str; 7] = [
    "first call",
    "calls 1 – 5, median",
    "settled, median",
    "more calls: mean, median, how many",
    "calls that failed",
    "calls that hung",
    "until a hit, once Redis goes on",
];

impl Frozen {
    async fn make_calls(&mut self, contender: &impl Memoized, calls: usize) {
        for index in 0..calls {
            let (took, outcome) = call(contender, index as u64).await;
            self.calls.push(took);
            match outcome {
                Outcome::Answered => {}
                Outcome::Failed => self.failed += 1,
                Outcome::Hung => self.hung += 1,
            }
        }
        let ends = Instant::now() + BULK_ENDS;
        while self.bulk.len() < BULK && Instant::now() < ends {
            self.bulk.push(call(contender, self.bulk.len() as u64).await.0);
        }
    }

    fn cells(self) -> [String; ROWS.len()] {
        let calls = self.calls.len();
        // A smoke run makes too few calls to settle, and its figures mean nothing anyway.
        let settled = &self.calls[SETTLED.min(calls / 2)..];
        [
            time(self.calls[0]),
            time(median(&self.calls[..FIRST.min(calls)])),
            time(median(settled)),
            format!("{}, {}, {}", time(mean(&self.bulk)), time(median(&self.bulk)), self.bulk.len()),
            format!("{} of {calls}", self.failed),
            format!("{} of {calls}", self.hung),
            Spread::of(self.recoveries).said(time),
        ]
    }
}

fn median(times: &[f64]) -> f64 {
    Spread::of(times.to_vec()).median
}

fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}
