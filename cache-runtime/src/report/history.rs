//! What the look-ups of the last minutes found: samples of counters, kept within bounds.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::util::serialize_fields::serialize_fields;

/// How far back the samples go.
pub(crate) const SPAN: Duration = Duration::from_secs(15 * 60);
/// A sample that comes sooner after the one before is not taken, however many readers the page has. So there are 226 at most: 1.8 KiB for each function.
const SPACING: Duration = Duration::from_secs(4);
/// Of a fleet's functions, which come from elsewhere, no more than so many.
const MOST_FUNCTIONS: usize = 1_000;

/// Samples of each function's counters.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// When the samples were taken, oldest first. The first one only says from where the second counts.
    times: VecDeque<Duration>,
    functions: BTreeMap<String, Series>,
}

#[derive(Debug, Default)]
struct Series {
    /// The hits and misses at the latest sample.
    last: [u64; 2],
    /// The hits and misses between two samples, of the latest ones. A function that is new has fewer.
    counted: VecDeque<[u32; 2]>,
    /// When the latest sample was taken of it.
    sampled: Duration,
}

/// The look-ups of one function in the last minutes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FunctionHistory {
    pub(crate) function: String,
    /// Oldest first.
    pub(crate) points: Vec<HistoryPoint>,
}

serialize_fields!(FunctionHistory { function, points });

/// The look-ups between two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HistoryPoint {
    /// How many seconds ago it ended.
    pub(crate) ago: f64,
    /// How many seconds it took.
    pub(crate) seconds: f64,
    pub(crate) hits: u32,
    pub(crate) misses: u32,
}

serialize_fields!(HistoryPoint { ago, seconds, hits, misses });

/// What one function has counted so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountedLookups<'f> {
    pub(crate) function: &'f str,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

impl History {
    /// Takes a sample `at` this time, unless there was one just before.
    pub(crate) fn note<'f>(&mut self, at: Duration, counted: impl Iterator<Item = CountedLookups<'f>>) {
        if self.times.back().is_some_and(|last| at < *last + SPACING) {
            return;
        }
        self.times.push_back(at);
        let steps = self.times.len() - 1;
        for CountedLookups { function, hits, misses } in counted {
            if !self.functions.contains_key(function) && self.functions.len() < MOST_FUNCTIONS {
                self.functions.insert(function.to_owned(), Series::default());
            }
            let Some(series) = self.functions.get_mut(function) else { continue };
            if steps > 0 {
                series.counted.push_back([since(series.last[0], hits), since(series.last[1], misses)]);
            }
            (series.last, series.sampled) = ([hits, misses], at);
        }
        self.forget(at);
    }

    /// Drops what is older than the span, and makes all series end at the latest sample.
    fn forget(&mut self, at: Duration) {
        let begin = at.saturating_sub(SPAN);
        while self.times.get(1).is_some_and(|ended| *ended < begin) {
            self.times.pop_front();
        }
        let steps = self.times.len() - 1;
        for series in self.functions.values_mut() {
            if series.sampled != at {
                // The process that had counted it is gone.
                series.counted.push_back([0, 0]);
            }
            let surplus = series.counted.len().saturating_sub(steps);
            series.counted.drain(..surplus);
        }
        self.functions
            .retain(|_, series| series.sampled == at || series.counted.iter().any(|step| *step != [0, 0]));
    }

    /// The look-ups of each function, sorted by name.
    pub(crate) fn functions(&self, now: Duration) -> Vec<FunctionHistory> {
        let steps: Vec<_> = self.times.iter().zip(self.times.iter().skip(1)).collect();
        let points = |series: &Series| {
            let known = steps.len().saturating_sub(series.counted.len());
            let steps = steps.iter().skip(known).zip(&series.counted);
            let point = |((begin, end), [hits, misses]): (&(&Duration, &Duration), &[u32; 2])| HistoryPoint {
                ago: now.saturating_sub(**end).as_secs_f64(),
                seconds: end.saturating_sub(**begin).as_secs_f64(),
                hits: *hits,
                misses: *misses,
            };
            steps.map(point).collect()
        };
        let of = |(function, series): (&String, &Series)| FunctionHistory {
            function: function.clone(),
            points: points(series),
        };
        self.functions.iter().map(of).collect()
    }
}

/// By how much a counter has grown. Nothing if it is smaller: of a fleet, a process has ended.
fn since(before: u64, now: u64) -> u32 {
    u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn note(history: &mut History, at: u64, counted: &[(&str, u64, u64)]) {
        let counted = counted.iter().map(|(function, hits, misses)| CountedLookups {
            function,
            hits: *hits,
            misses: *misses,
        });
        history.note(secs(at), counted);
    }

    #[test]
    fn a_point_is_what_was_counted_between_two_samples() {
        let mut history = History::default();
        note(&mut history, 100, &[("a", 50, 5)]);
        assert_eq!(history.functions(secs(100))[0].points, [], "the first only says from where to count");
        note(&mut history, 110, &[("a", 57, 6), ("b", 1, 2)]);
        let point = |hits, misses| HistoryPoint { ago: 2.0, seconds: 10.0, hits, misses };
        let functions = history.functions(secs(112));
        assert_eq!(functions.iter().map(|of| of.function.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(functions[0].points, [point(7, 1)]);
        assert_eq!(functions[1].points, [point(1, 2)], "a function that was called first meanwhile");
    }

    #[test]
    fn samples_are_bounded_however_many_ask() {
        let mut history = History::default();
        for at in 0..10_000 {
            note(&mut history, at, &[("a", at, 0)]);
        }
        let points = &history.functions(secs(10_000))[0].points;
        assert!((220..=227).contains(&points.len()), "{}", points.len());
        assert!(points.iter().all(|point| point.hits == 4 && point.ago <= 15.0 * 60.0 + 4.0), "{points:?}");
        assert_eq!(history.times.len(), points.len() + 1);
    }

    #[test]
    fn a_process_that_has_ended_is_no_look_up() {
        let mut history = History::default();
        note(&mut history, 0, &[("a", 50, 5), ("b", 9, 9)]);
        note(&mut history, 10, &[("a", 20, 7), ("b", 10, 9)]);
        note(&mut history, 20, &[("a", 21, 7)]);
        let functions = history.functions(secs(20));
        let counted = |at: usize| {
            functions[at].points.iter().map(|point| [point.hits, point.misses]).collect::<Vec<_>>()
        };
        assert_eq!(counted(0), [[0, 2], [1, 0]]);
        assert_eq!(counted(1), [[1, 0], [0, 0]], "its steps end where those of the others do");
        note(&mut history, 2_000, &[("a", 21, 7)]);
        assert_eq!(history.functions(secs(2_000)).len(), 1, "and it is forgotten");
    }

    #[test]
    fn functions_are_bounded() {
        let mut history = History::default();
        let names: Vec<String> = (0..2 * MOST_FUNCTIONS).map(|number| number.to_string()).collect();
        history.note(secs(0), names.iter().map(|function| CountedLookups { function, hits: 1, misses: 0 }));
        assert_eq!(history.functions(secs(0)).len(), MOST_FUNCTIONS);
    }
}
