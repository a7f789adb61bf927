//! Turns, rounds and ratios.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::options::Options;
use crate::table::Report;

/// How many callers there are at once.
pub(crate) const TASKS: [usize; 4] = [1, 16, 64, 256];

/// How often in a row a turn may be repeated. More is no hiccup of the machine.
const LOST_TURNS: usize = 3;

/// What one turn of a contender gave.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Operations per second.
    pub(crate) rate: f64,
    /// Processor time of the client, in seconds per operation. Other programs on the machine hardly touch it.
    pub(crate) cpu: f64,
}

/// One way of doing what a scenario is about.
pub(crate) trait Contender: Send + Sync + 'static {
    const NAME: &'static str;

    /// Does it once. `index` is another for each task and counts up within it, so that contenders touch the same keys in
    /// the same order.
    ///
    /// An error says why this was not what the scenario is about: the turn is lost.
    fn once(&self, index: u64) -> impl Future<Output = Result<(), String>> + Send;
}

type Turn<'a> = Pin<Box<dyn Future<Output = Result<Sample, String>> + 'a>>;

/// A [`Contender`] behind a pointer. One indirect call a turn, none an operation.
pub(crate) trait Runner {
    fn name(&self) -> &'static str;

    /// Runs for one slice of time with this many tasks.
    fn turn(&self, tasks: usize, slice: Duration) -> Turn<'_>;
}

impl<C: Contender> Runner for Arc<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn turn(&self, tasks: usize, slice: Duration) -> Turn<'_> {
        Box::pin(sample(self, tasks, slice))
    }
}

async fn sample<C: Contender>(contender: &Arc<C>, tasks: usize, slice: Duration) -> Result<Sample, String> {
    let over = Arc::new(AtomicBool::new(false));
    let (begin, cpu) = (Instant::now(), cpu_time());
    let tasks: Vec<_> = (0..tasks as u64)
        .map(|task| {
            let (contender, over) = (Arc::clone(contender), Arc::clone(&over));
            tokio::spawn(async move {
                // Far apart, so that tasks do not run after each other through the same keys.
                let first = task * 7919;
                let mut done = 0;
                while !over.load(Ordering::Relaxed) {
                    contender.once(first + done).await?;
                    done += 1;
                }
                Ok::<u64, String>(done)
            })
        })
        .collect();
    tokio::time::sleep(slice).await;
    over.store(true, Ordering::Relaxed);
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a contender does not panic")?;
    }
    // Until the last task is done: the time of every operation counted is in it.
    Ok(Sample {
        rate: done as f64 / begin.elapsed().as_secs_f64(),
        cpu: (cpu_time() - cpu).as_secs_f64() / done as f64,
    })
}

/// The processor time of this process so far: the client's, and not the server's.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("a process does not run for less than no time")
}

/// Lets the contenders take turns. The first is the yardstick.
pub(crate) async fn compare(
    title: &str,
    options: &Options,
    contenders: &[Box<dyn Runner>],
) -> Result<Report, String> {
    // Connections, tables and branch predictors warm up on nobody's account.
    for contender in contenders {
        turn(&**contender, TASKS[1], options.slice).await?;
    }
    let mut report = Report::new(title, contenders.iter().map(|contender| contender.name()).collect());
    for round in 0..options.rounds {
        for (row, tasks) in TASKS.into_iter().enumerate() {
            let mut samples = vec![None; contenders.len()];
            // Another one begins in each round, so that no contender always runs in the wake of the same other.
            for place in 0..contenders.len() {
                let contender = (round + place) % contenders.len();
                samples[contender] = Some(turn(&*contenders[contender], tasks, options.slice).await?);
            }
            report.add(row, samples.into_iter().flatten());
        }
    }
    Ok(report)
}

/// One turn, again where it was lost: on a busy machine everything stands still now and then for longer than a time limit.
async fn turn(contender: &dyn Runner, tasks: usize, slice: Duration) -> Result<Sample, String> {
    let mut lost = 0;
    loop {
        match contender.turn(tasks, slice).await {
            Ok(sample) => return Ok(sample),
            Err(reason) if lost < LOST_TURNS => {
                lost += 1;
                eprintln!("A turn of {} was lost: {reason}", contender.name());
            }
            Err(reason) => {
                return Err(format!("{} lost too many turns in a row: {reason}", contender.name()));
            }
        }
    }
}
