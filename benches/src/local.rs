//! A hit in this process, behind an `Arc`: one thread, and two over the same keys, and over one key.

use std::pin::Pin;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis_cached::Cache;
use tokio::runtime::Handle;

use crate::contenders::{
    CachedInMemory, CachedSharded, CachedTracked, Floor, InProcess, Map, ThisByDerived, ThisByPair,
    ThisByText, ThisByUuid, ThisLocal, computed,
};
use redis_cached_benches::Failure;
use redis_cached_benches::harness::thread_time;
use redis_cached_benches::options::Options;
use redis_cached_benches::table::{Spread, Table};

/// Enough that nothing depends on one of them; all of them are at hand in every contender.
const KEYS: u64 = 4096;
/// Calls between two looks at whether the turn is over.
const AT_ONCE: u64 = 64;
/// How often a turn may be repeated in which a call was no hit.
const LOST_TURNS: usize = 3;

/// What a thread took for a call, in nanoseconds; with two threads, their mean.
#[derive(Clone, Copy)]
struct Cost {
    elapsed: f64,
    /// Without the time in which other programs, or the connection's own task, had the processor.
    cpu: f64,
}

/// Threads and keys of a turn.
const KINDS: [(u64, u64); 4] = [(1, KEYS), (2, KEYS), (1, 1), (2, 1)];

/// The rounds of one contender, by kind.
#[derive(Default)]
struct Costs([Vec<Cost>; KINDS.len()]);

/// A contender behind a pointer: one indirect call a turn, none an operation.
trait Runner {
    fn name(&self) -> &'static str;
    fn warm(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + '_>>;
    fn turn(&self, kind: (u64, u64), slice: Duration, runtime: &Handle) -> Result<Cost, String>;
}

pub(crate) async fn run(options: &Options, url: &str) -> Result<Table, Failure> {
    Cache::connect(url).await?.set_global()?;
    let contenders: [Box<dyn Runner>; 10] = [
        Box::new(Map::new(2 * KEYS as usize)),
        Box::new(CachedInMemory),
        Box::new(CachedSharded),
        Box::new(CachedTracked::connect(url)),
        Box::new(Floor::new()),
        Box::new(ThisLocal),
        Box::new(ThisByText::new(KEYS)),
        Box::new(ThisByPair),
        Box::new(ThisByUuid),
        Box::new(ThisByDerived),
    ];
    for contender in &contenders {
        contender.warm().await?;
    }
    // Those who ask Redis in between, to know that it is there, do so on the runtime.
    let runtime = Handle::current();
    let mut costs = [(); 10].map(|()| Costs::default());
    for round in 0..options.rounds {
        for place in 0..contenders.len() {
            // Another one begins in each round.
            let contender = (round + place) % contenders.len();
            for (kind, costs) in KINDS.into_iter().zip(&mut costs[contender].0) {
                let cost = tokio::task::block_in_place(|| {
                    turn(&*contenders[contender], kind, options.slice, &runtime)
                });
                costs.push(cost?);
            }
        }
    }
    let title = format!(
        "A hit in this process, of an Arc by a u64: {} rounds of {:?} for each contender",
        options.rounds, options.slice
    );
    let mut table = Table::new(&title, "median (least – most) of the rounds", ROWS);
    for (contender, costs) in contenders.iter().zip(costs) {
        table.column(contender.name(), costs.cells());
    }
    Ok(table)
}

fn turn(contender: &dyn Runner, kind: (u64, u64), slice: Duration, runtime: &Handle) -> Result<Cost, String> {
    for _ in 0..LOST_TURNS {
        match contender.turn(kind, slice, runtime) {
            Ok(cost) => return Ok(cost),
            Err(reason) => eprintln!("A turn of {} was lost: {reason}", contender.name()),
        }
    }
    Err(format!("{} lost too many turns in a row", contender.name()))
}

impl<C: InProcess> Runner for C {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn warm(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + '_>> {
        Box::pin(async {
            // Computed and stored, then found in Redis, then found here.
            for _ in 0..3 {
                for id in 0..KEYS {
                    self.user(id).await?;
                }
                Cache::global().flush().await.expect("stored");
            }
            Ok(())
        })
    }

    fn turn(&self, (threads, keys): (u64, u64), slice: Duration, runtime: &Handle) -> Result<Cost, String> {
        let over = AtomicBool::new(false);
        let begin = Barrier::new(threads as usize + 1);
        let before = (computed(), in_redis());
        let costs = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads)
                .map(|thread| {
                    let (over, begin) = (&over, &begin);
                    scope.spawn(move || {
                        begin.wait();
                        runtime.block_on(calls(self, thread * 1777, keys, over))
                    })
                })
                .collect();
            begin.wait();
            std::thread::sleep(slice);
            over.store(true, Ordering::Relaxed);
            let costs = threads.into_iter().map(|thread| thread.join().expect("a contender does not panic"));
            costs.collect::<Result<Vec<_>, _>>()
        })?;
        if (computed(), in_redis()) != before {
            return Err("a call was no hit in this process".into());
        }
        let mean = |figure: fn(&Cost) -> f64| costs.iter().map(figure).sum::<f64>() / costs.len() as f64;
        Ok(Cost { elapsed: mean(|cost| cost.elapsed), cpu: mean(|cost| cost.cpu) })
    }
}

/// Calls until it is over.
async fn calls(contender: &impl InProcess, first: u64, keys: u64, over: &AtomicBool) -> Result<Cost, String> {
    let (mut done, mut id) = (0, first % keys);
    // A thread that is new has its own way to its first hits.
    for id in 0..keys {
        contender.user(id).await?;
    }
    let (began, cpu) = (Instant::now(), thread_time());
    while !over.load(Ordering::Relaxed) {
        for _ in 0..AT_ONCE {
            let user = contender.user(id).await?;
            if user.id != id {
                return Err(format!("asked for user {id}, got {}", user.id));
            }
            id = (id + 1) % keys;
        }
        done += AT_ONCE;
    }
    let nanos = |time: Duration| time.as_secs_f64() * 1e9 / done as f64;
    Ok(Cost { elapsed: nanos(began.elapsed()), cpu: nanos(thread_time() - cpu) })
}

/// Hits of redis-cached that were hits in Redis and not here. The others tell nobody.
fn in_redis() -> u64 {
    Cache::global().stats().functions.iter().map(|row| row.hits - row.local_hits).sum()
}

const ROWS: [&str; 9] = [
    "ns a call, one thread",
    "ns a call of each of two threads",
    "two over one",
    "processor time, one thread",
    "processor time, two threads",
    "two over one, processor time",
    "one key: processor time, one thread",
    "one key: processor time, two threads",
    "one key: two over one, processor time",
];

impl Costs {
    fn cells(&self) -> [String; ROWS.len()] {
        let [one, two, one_hot, two_hot] = &self.0;
        let nanos = |costs: &[Cost], figure: fn(&Cost) -> f64| {
            Spread::of(costs.iter().map(figure).collect()).said(|nanos| format!("{nanos:.0}"))
        };
        let ratio = |two: &[Cost], one: &[Cost], figure: fn(&Cost) -> f64| {
            let ratios = two.iter().zip(one).map(|(two, one)| figure(two) / figure(one));
            Spread::of(ratios.collect()).to_string()
        };
        [
            nanos(one, |cost| cost.elapsed),
            nanos(two, |cost| cost.elapsed),
            ratio(two, one, |cost| cost.elapsed),
            nanos(one, |cost| cost.cpu),
            nanos(two, |cost| cost.cpu),
            ratio(two, one, |cost| cost.cpu),
            nanos(one_hot, |cost| cost.cpu),
            nanos(two_hot, |cost| cost.cpu),
            ratio(two_hot, one_hot, |cost| cost.cpu),
        ]
    }
}
