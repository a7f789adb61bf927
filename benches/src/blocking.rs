//! A hit on threads that wait for it: the value is in Redis, and every call finds it there.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::contenders::{BareBlocking, Blocking, PeerCachedBlocking, ThisBlocking, blocking_hit};
use redis_cached_benches::Failure;
use redis_cached_benches::harness::{Began, Runner, Sample, Turn, compare};
use redis_cached_benches::options::Options;
use redis_cached_benches::table::Report;

const KEYS: u64 = 1024;
/// How many threads call at once.
const THREADS: [usize; 3] = [1, 2, 64];

pub(crate) async fn run(options: &Options, url: &str) -> Result<Report, Failure> {
    let contenders = [
        warmed(BareBlocking::new(url)?)?,
        warmed(PeerCachedBlocking::new(url))?,
        warmed(ThisBlocking::new(url)?)?,
    ];
    let title = format!(
        "A hit of a small struct in Redis by a blocking function: {} rounds of {:?} for each contender",
        options.rounds, options.slice
    );
    Ok(compare(&title, options, ("threads", &THREADS), &contenders).await?)
}

/// On a thread of its own, so that the runtime that is current here serves nobody.
fn warmed<B: Blocking>(contender: B) -> Result<Box<dyn Runner>, String> {
    std::thread::scope(|scope| {
        let warm = scope.spawn(|| {
            let mut own = contender.own()?;
            for id in 0..KEYS {
                // What fails here will fail where it is measured, and say so there.
                let _ = contender.user(&mut own, id);
            }
            Ok::<_, String>(())
        });
        warm.join().expect("a contender does not panic")
    })?;
    Ok(Box::new(Threads(contender)))
}

/// A contender of which every call must be a hit.
struct Threads<B>(B);

impl<B: Blocking> Runner for Threads<B> {
    fn name(&self) -> &'static str {
        B::NAME
    }

    /// Blocks its caller, which has nothing else to do.
    fn turn(&self, callers: usize, slice: Duration) -> Turn<'_> {
        Box::pin(std::future::ready(self.sample(callers, slice)))
    }
}

impl<B: Blocking> Threads<B> {
    fn sample(&self, threads: usize, slice: Duration) -> Result<Sample, String> {
        let over = AtomicBool::new(false);
        // Threads and their connections are made on nobody's account.
        let ready = Barrier::new(threads + 1);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads as u64)
                .map(|thread| {
                    let (over, ready) = (&over, &ready);
                    scope.spawn(move || {
                        let own = self.own();
                        ready.wait();
                        self.calls(own?, thread * 7919, over)
                    })
                })
                .collect();
            ready.wait();
            let began = Began::now();
            std::thread::sleep(slice);
            over.store(true, Ordering::Relaxed);
            let mut done = 0;
            for thread in threads {
                done += thread.join().expect("a contender does not panic")?;
            }
            Ok(began.sample(done))
        })
    }

    /// What a thread needs, used once: a pool or a lazy connection is there when the time begins.
    fn own(&self) -> Result<B::Own, String> {
        let mut own = self.0.own()?;
        self.0.user(&mut own, 0)?;
        Ok(own)
    }

    fn calls(&self, mut own: B::Own, first: u64, over: &AtomicBool) -> Result<u64, String> {
        let mut done = 0;
        while !over.load(Ordering::Relaxed) {
            blocking_hit(&self.0, &mut own, (first + done) % KEYS)?;
            done += 1;
        }
        Ok(done)
    }
}
