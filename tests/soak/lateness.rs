//! Time that others have taken: the machine from this program, this program's own runtime from its tasks, or a node from its clients. A bound on
//! what a call may wait for holds for the rest. All is known while it lasts and to the moment, so a call is never taken to be longer than it was.
//!
//! What is known is when somebody was absent, and not only for how long: a call that first its node and then its own runtime held up has waited for
//! both, and one that a busy machine held up has waited once.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often what is watched shows that it runs.
pub(crate) const BEAT: Duration = Duration::from_millis(2);
/// How late that may be and not count: timers have ticks.
const GRAIN: Duration = Duration::from_millis(2);
/// For how long absences are remembered. No call takes as long.
const REMEMBERED: Duration = Duration::from_secs(5);

/// From when until when somebody did not run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Absence {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

/// How much of the time from `begun` until `returned` the absences cover. What several of them cover counts once.
pub(crate) fn covered(mut absences: Vec<Absence>, begun: Instant, returned: Instant) -> Duration {
    absences.sort_unstable_by_key(|absence| absence.from);
    let (mut covered, mut reached) = (Duration::ZERO, begun);
    for Absence { from, until } in absences {
        let (from, until) = (from.max(reached), until.min(returned));
        covered += until.saturating_duration_since(from);
        reached = reached.max(until);
    }
    covered
}

/// The absences of late, in the order in which they ended.
#[derive(Default)]
struct Absences(VecDeque<Absence>);

impl Absences {
    fn add(&mut self, absence: Absence) {
        while self.0.front().is_some_and(|first| first.until + REMEMBERED < absence.until) {
            self.0.pop_front();
        }
        self.0.push_back(absence);
    }

    fn since(&self, begun: Instant) -> impl Iterator<Item = Absence> {
        self.0.iter().rev().take_while(move |absence| absence.until > begun).copied()
    }
}

/// When somebody was late, who is to show that he runs.
pub(crate) struct Metronome(Mutex<Beats>);

struct Beats {
    absences: Absences,
    late: Duration,
    /// The longest that a beat was late.
    longest: Duration,
    /// From when on the next beat is late.
    due: Instant,
}

impl Metronome {
    pub(crate) fn start() -> Self {
        let due = Instant::now() + BEAT + GRAIN;
        let (late, longest) = (Duration::ZERO, Duration::ZERO);
        Self(Mutex::new(Beats { absences: Absences::default(), late, longest, due }))
    }

    pub(crate) fn beat(&self) {
        let beats = &mut *self.0.lock().unwrap();
        let (from, until) = (beats.due, Instant::now());
        let late = until.saturating_duration_since(from);
        if !late.is_zero() {
            beats.absences.add(Absence { from, until });
        }
        beats.late += late;
        beats.longest = beats.longest.max(late);
        beats.due = until + BEAT + GRAIN;
    }

    /// Until now, and also if the beat is still to come.
    pub(crate) fn absences(&self, begun: Instant) -> Vec<Absence> {
        let beats = self.0.lock().unwrap();
        let open = Absence { from: beats.due, until: Instant::now() };
        let open = (open.from < open.until).then_some(open);
        beats.absences.since(begun).chain(open).collect()
    }

    pub(crate) fn late(&self) -> Duration {
        let beats = self.0.lock().unwrap();
        beats.late + beats.due.elapsed()
    }

    pub(crate) fn longest(&self) -> Duration {
        self.0.lock().unwrap().longest
    }
}

/// When threads of this program's runtime were ready and had no processor, as the system counts it.
#[derive(Default)]
pub(crate) struct Processors(Mutex<Waited>);

#[derive(Default)]
struct Waited {
    /// What the system says of each thread, open, and for how many nanoseconds it has waited so far.
    threads: HashMap<String, (File, u64)>,
    /// When the threads were last looked for. To look for them takes longer than all else.
    listed: Option<Instant>,
    absences: Absences,
    late: Duration,
}

/// How often threads are looked for.
const LISTED_EVERY: Duration = Duration::from_secs(1);

impl Processors {
    /// Asks the system. A wait is counted when it ends, so it is taken to have ended now.
    pub(crate) fn sample(&self) {
        let waited = &mut *self.0.lock().unwrap();
        let mut longest = 0;
        waited.threads.retain(|_, (file, before)| {
            let Some(nanos) = nanos_waited(file) else { return false };
            longest = longest.max(nanos.saturating_sub(*before));
            *before = nanos;
            true
        });
        let (longest, until) = (Duration::from_nanos(longest), Instant::now());
        if let Some(from) = until.checked_sub(longest).filter(|from| *from < until) {
            waited.absences.add(Absence { from, until });
        }
        waited.late += longest;
        if waited.listed.is_none_or(|listed| listed.elapsed() >= LISTED_EVERY) {
            waited.list();
        }
    }

    /// As of the last sample.
    pub(crate) fn absences(&self, begun: Instant) -> Vec<Absence> {
        self.0.lock().unwrap().absences.since(begun).collect()
    }

    /// In all, as of the last sample. What more than one thread has waited for at once counts once.
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
fn what_is_late_is_known_while_it_lasts() {
    let begun = Instant::now();
    let metronome = Metronome::start();
    std::thread::sleep(Duration::from_millis(30));
    let late = || covered(metronome.absences(begun), begun, Instant::now());
    let meanwhile = late();
    assert!(meanwhile >= Duration::from_millis(26), "{meanwhile:?}");
    metronome.beat();
    assert!(late() >= meanwhile && metronome.longest() >= meanwhile && metronome.late() >= meanwhile);
}

#[test]
fn who_is_absent_at_once_counts_once_and_who_is_in_turn_counts_each_time() {
    let begun = Instant::now() + Duration::from_secs(1);
    let at = |millis: u64| begun - Duration::from_millis(100) + Duration::from_millis(millis);
    let covered = |absences: &[(u64, u64)]| {
        let absences = absences.iter().map(|(from, until)| Absence { from: at(*from), until: at(*until) });
        covered(absences.collect(), begun, at(200)).as_millis()
    };
    assert_eq!(covered(&[]), 0);
    assert_eq!(covered(&[(110, 120), (150, 170)]), 30);
    assert_eq!(covered(&[(150, 170), (110, 160)]), 60);
    assert_eq!(covered(&[(110, 160), (120, 130)]), 50);
    assert_eq!(
        covered(&[(50, 90), (80, 101), (199, 300)]),
        2,
        "what was before the call or after it is not the call's"
    );
}
