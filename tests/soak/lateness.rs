//! Time that others have taken: the machine from this program, this program's own runtime from its tasks, or a node from its clients. A bound on
//! what a call may wait for holds for the rest. All is counted while it lasts and to the moment, so a call is never taken to be longer than it was.

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often what is watched shows that it runs.
pub(crate) const BEAT: Duration = Duration::from_millis(2);
/// How late that may be and not count: timers have ticks.
const GRAIN: Duration = Duration::from_millis(2);

/// How late somebody was in all, who is to show that he runs.
pub(crate) struct Metronome(Mutex<Beats>);

struct Beats {
    late: Duration,
    /// The longest that a beat was late.
    longest: Duration,
    /// From when on the next beat is late.
    due: Instant,
}

impl Metronome {
    pub(crate) fn start() -> Self {
        let due = Instant::now() + BEAT + GRAIN;
        Self(Mutex::new(Beats { late: Duration::ZERO, longest: Duration::ZERO, due }))
    }

    pub(crate) fn beat(&self) {
        let mut beats = self.0.lock().unwrap();
        let now = Instant::now();
        let late = now.saturating_duration_since(beats.due);
        beats.late += late;
        beats.longest = beats.longest.max(late);
        beats.due = now + BEAT + GRAIN;
    }

    /// Until now, and also if the beat is still to come.
    pub(crate) fn late(&self) -> Duration {
        let beats = self.0.lock().unwrap();
        beats.late + beats.due.elapsed()
    }

    pub(crate) fn longest(&self) -> Duration {
        self.0.lock().unwrap().longest
    }
}

/// For how long threads of this program's runtime were ready and had no processor, as the system counts it.
#[derive(Default)]
pub(crate) struct Processors(Mutex<Waited>);

#[derive(Default)]
struct Waited {
    /// Of each thread so far, in nanoseconds.
    threads: HashMap<String, u64>,
    late: Duration,
}

impl Processors {
    /// Asks the system. What more than one thread has waited for at once counts once.
    pub(crate) fn sample(&self) {
        let mut waited = self.0.lock().unwrap();
        let threads = workers();
        let new = |(thread, nanos): (&String, &u64)| {
            nanos.saturating_sub(*waited.threads.get(thread).unwrap_or(nanos))
        };
        let longest = threads.iter().map(new).max().unwrap_or(0);
        waited.late += Duration::from_nanos(longest);
        waited.threads = threads;
    }

    /// As of the last sample.
    pub(crate) fn late(&self) -> Duration {
        self.0.lock().unwrap().late
    }
}

/// For how long each of the runtime's threads has waited for a processor.
fn workers() -> HashMap<String, u64> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let waited = tasks.filter_map(|task| {
        let name = fs::read_to_string(task.path().join("comm")).ok()?;
        let times = fs::read_to_string(task.path().join("schedstat")).ok()?;
        let waited = times.split_whitespace().nth(1)?.parse().ok()?;
        name.starts_with("tokio").then(|| (task.file_name().to_string_lossy().into_owned(), waited))
    });
    waited.collect()
}

#[test]
fn what_is_late_is_counted_while_it_lasts() {
    let metronome = Metronome::start();
    std::thread::sleep(Duration::from_millis(30));
    let meanwhile = metronome.late();
    assert!(meanwhile >= Duration::from_millis(26), "{meanwhile:?}");
    metronome.beat();
    assert!(metronome.late() >= meanwhile && metronome.longest() >= meanwhile);
}
