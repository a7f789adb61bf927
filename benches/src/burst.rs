//! A burst: thousands of cold keys at once, and the same once more. How much of it was stored, and who had to wait for what
//! was left behind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis_cached_test_support::RedisServer;
use tokio::task::JoinSet;

use crate::contenders::{Memoized, This, computed};
use redis_cached_benches::Failure;
use redis_cached_benches::options::Options;
use redis_cached_benches::table::{Spread, Table, time};

/// How many distinct keys are asked for at once.
const BURSTS: [u64; 3] = [1_000, 5_000, 20_000];
const ROWS: [&str; 4] =
    ["stored", "until all have an answer", "runs of the function in the second", "its worst call"];

/// The server is emptied again and again: it must be our own.
pub(crate) async fn run(options: &Options, server: &RedisServer) -> Result<Table, Failure> {
    let title = format!(
        "Distinct cold keys at once, and once more: {} rounds, {} workers",
        options.rounds,
        options.workers()
    );
    let contender = Arc::new(This::connect(&server.url()).await?);
    let mut table = Table::new(&title, "median (least – most) of the rounds", ROWS);
    for calls in BURSTS {
        let mut measured = Measured::default();
        for _ in 0..options.rounds {
            server.flush_all();
            let (first, _) = burst(&contender, calls).await;
            contender.flush().await;
            measured.stored.push(100.0 * server.query::<u64>(&["DBSIZE"]) as f64 / calls as f64);
            measured.first.push(first.as_secs_f64());
            let before = computed();
            let (_, worst) = burst(&contender, calls).await;
            measured.computed.push((computed() - before) as f64);
            measured.worst.push(worst.as_secs_f64());
        }
        table.column(&calls.to_string(), measured.cells());
    }
    Ok(table)
}

/// How long all calls took, and the longest of them.
async fn burst(contender: &Arc<This>, calls: u64) -> (Duration, Duration) {
    let began = Instant::now();
    let mut all = JoinSet::new();
    for id in 0..calls {
        let contender = Arc::clone(contender);
        all.spawn(async move {
            let began = Instant::now();
            contender.user(id).await.map(|_| began.elapsed())
        });
    }
    let each = all.join_all().await;
    let worst = each.into_iter().flatten().max().unwrap_or_default();
    (began.elapsed(), worst)
}

/// What the rounds showed.
#[derive(Default)]
struct Measured {
    stored: Vec<f64>,
    first: Vec<f64>,
    computed: Vec<f64>,
    worst: Vec<f64>,
}

impl Measured {
    fn cells(self) -> [String; ROWS.len()] {
        [
            Spread::of(self.stored).said(|share| format!("{share:.1} %")),
            Spread::of(self.first).said(time),
            Spread::of(self.computed).said(|runs| format!("{runs:.0}")),
            Spread::of(self.worst).said(time),
        ]
    }
}
