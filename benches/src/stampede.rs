//! A stampede: many callers at once of one key that is not there, of a function that takes its time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::contenders::{Memoized, PeerCached, PeerHitbox, PeerHitboxTold, This, computed, slow_down};
use redis_cached_benches::Failure;
use redis_cached_benches::options::Options;
use redis_cached_benches::table::{Spread, Table, time};

const CALLERS: usize = 1000;
/// How long the function takes.
const BODY: Duration = Duration::from_millis(50);

/// What a contender did, by round.
#[derive(Default)]
struct Stampedes {
    runs: Vec<f64>,
    /// In seconds.
    times: Vec<f64>,
    failed: usize,
}

/// The ids that come next: no key has been asked for before, by any contender, and in no earlier run against the same server.
struct ColdIds(u64);

pub(crate) async fn run(options: &Options, url: &str) -> Result<Table, Failure> {
    slow_down(BODY);
    let title = format!(
        "{CALLERS} callers at once of one cold key, the function takes {BODY:?}: {} rounds, {} workers",
        options.rounds,
        options.workers()
    );
    let since_the_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let mut ids = ColdIds(since_the_epoch.as_secs() << 16);
    let mut table = Table::new(&title, "median (least – most) of the rounds", ROWS);
    measure(This::connect(url).await?, &mut ids, options, &mut table).await;
    measure(PeerCached::connect(url), &mut ids, options, &mut table).await;
    measure(PeerHitbox::connect(url)?, &mut ids, options, &mut table).await;
    measure(PeerHitboxTold::connect(url)?, &mut ids, options, &mut table).await;
    Ok(table)
}

/// One contender's rounds, and its column.
async fn measure<M: Memoized>(contender: M, ids: &mut ColdIds, options: &Options, table: &mut Table) {
    let contender = Arc::new(contender);
    // Connects those that connect at their first call.
    let _ = contender.user(ids.next()).await;
    let mut stampedes = Stampedes::default();
    for _ in 0..options.rounds {
        let id = ids.next();
        let (began, before) = (Instant::now(), computed());
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let contender = Arc::clone(&contender);
                tokio::spawn(async move { contender.user(id).await })
            })
            .collect();
        for caller in callers {
            let answer = caller.await.expect("a contender does not panic");
            stampedes.failed += usize::from(answer.is_err());
        }
        stampedes.times.push(began.elapsed().as_secs_f64());
        stampedes.runs.push((computed() - before) as f64);
    }
    table.column(M::NAME, stampedes.cells());
}

impl ColdIds {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

const ROWS: [&str; 3] = ["runs of the function", "until all have an answer", "calls that failed"];

impl Stampedes {
    fn cells(self) -> [String; ROWS.len()] {
        let calls = self.runs.len() * CALLERS;
        [
            Spread::of(self.runs).said(|runs| format!("{runs:.0}")),
            Spread::of(self.times).said(time),
            format!("{} of {calls}", self.failed),
        ]
    }
}
