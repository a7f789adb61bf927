//! Turns, rounds and ratios.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::options::Options;
use crate::table::Report;

/// How many callers there are at once.
pub(crate) const TASKS: [usize; 4] = [1, 16, 64, 256];

/// One way of doing what a scenario is about.
pub(crate) trait Contender: Send + Sync + 'static {
    const NAME: &'static str;

    /// Does it once. `index` is another for each task and counts up within it, so that contenders touch the same keys in
    /// the same order.
    fn once(&self, index: u64) -> impl Future<Output = ()> + Send;
}

/// A [`Contender`] behind a pointer. One indirect call a turn, none an operation.
pub(crate) trait Runner {
    fn name(&self) -> &'static str;

    /// Operations per second with this many tasks.
    fn turn(&self, tasks: usize, slice: Duration) -> Pin<Box<dyn Future<Output = f64> + '_>>;
}

impl<C: Contender> Runner for Arc<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn turn(&self, tasks: usize, slice: Duration) -> Pin<Box<dyn Future<Output = f64> + '_>> {
        Box::pin(throughput(self, tasks, slice))
    }
}

async fn throughput<C: Contender>(contender: &Arc<C>, tasks: usize, slice: Duration) -> f64 {
    let over = Arc::new(AtomicBool::new(false));
    let begin = Instant::now();
    let tasks: Vec<_> = (0..tasks as u64)
        .map(|task| {
            let (contender, over) = (Arc::clone(contender), Arc::clone(&over));
            tokio::spawn(async move {
                // Far apart, so that tasks do not run after each other through the same keys.
                let first = task * 7919;
                let mut done = 0;
                while !over.load(Ordering::Relaxed) {
                    contender.once(first + done).await;
                    done += 1;
                }
                done
            })
        })
        .collect();
    tokio::time::sleep(slice).await;
    over.store(true, Ordering::Relaxed);
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a contender does not panic");
    }
    // Until the last task is done: the time of every operation counted is in it.
    done as f64 / begin.elapsed().as_secs_f64()
}

/// Lets the contenders take turns. The first is the yardstick.
pub(crate) async fn compare(title: &str, options: &Options, contenders: &[Box<dyn Runner>]) -> Report {
    // Connections, tables and branch predictors warm up on nobody's account.
    for contender in contenders {
        contender.turn(TASKS[1], options.slice).await;
    }
    let mut report = Report::new(
        title,
        contenders.iter().map(|contender| contender.name()).collect(),
    );
    for round in 0..options.rounds {
        for (row, tasks) in TASKS.into_iter().enumerate() {
            let mut rates = vec![0.0; contenders.len()];
            // Another one begins in each round, so that no contender always runs in the wake of the same other.
            for turn in 0..contenders.len() {
                let contender = (round + turn) % contenders.len();
                rates[contender] = contenders[contender].turn(tasks, options.slice).await;
            }
            report.add(row, &rates);
        }
    }
    report
}
