//! Time that others have taken: the machine from this program, this program's own runtime from its tasks, or a node from its clients. A bound on
//! what a call may wait for holds for the rest. All is counted while it lasts and to the moment, so a call is never taken to be longer than it was.

use std::collections::HashMap;
use std::fs;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
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
    /// What the system says of each thread, open, and for how many nanoseconds it has waited so far.
    threads: HashMap<String, (File, u64)>,
    /// When the threads were last looked for. To look for them takes longer than all else.
    listed: Option<Instant>,
    late: Duration,
}

/// How often threads are looked for.
const LISTED_EVERY: Duration = Duration::from_secs(1);

impl Processors {
    /// Asks the system. What more than one thread has waited for at once counts once.
    pub(crate) fn sample(&self) {
        let waited = &mut *self.0.lock().unwrap();
        let mut longest = 0;
        waited.threads.retain(|_, (file, before)| {
            let Some(nanos) = nanos_waited(file) else { return false };
            longest = longest.max(nanos.saturating_sub(*before));
            *before = nanos;
            true
        });
        waited.late += Duration::from_nanos(longest);
        if waited.listed.is_none_or(|listed| listed.elapsed() >= LISTED_EVERY) {
            waited.list();
        }
    }

    /// As of the last sample.
    pub(crate) fn late(&self) -> Duration {
        self.0.lock().unwrap().late
    }
}

impl Waited {
    /// Adds those of the runtime's threads that are not known yet.
    fn list(&mut self) {
        for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let thread = task.file_name().to_string_lossy().into_owned();
            let is_worker =
                || fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("tokio"));
            if !self.threads.contains_key(&thread)
                && is_worker()
                && let Ok(file) = File::open(task.path().join("schedstat"))
                && let Some(nanos) = nanos_waited(&file)
            {
                self.threads.insert(thread, (file, nanos));
            }
        }
        self.listed = Some(Instant::now());
    }
}

/// For how long a thread has waited for a processor. `None` if it has ended.
fn nanos_waited(schedstat: &File) -> Option<u64> {
    let mut line = [0; 80];
    let len = schedstat.read_at(&mut line, 0).ok()?;
    str::from_utf8(&line[..len]).ok()?.split_whitespace().nth(1)?.parse().ok()
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
