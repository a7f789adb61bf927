//! The last minutes of a cache, for its page: who samples the counters, and when.
//!
//! Whoever asks for the page does, and the task that publishes figures. So there is no task of its own for a page that nobody may ever look at, and nothing
//! is added to a call; a program that wants the minutes before the first look has `publish_stats`.

use std::sync::Mutex;

use super::core::Core;
use crate::report::analysis::Report;
use crate::report::figures::Figures;
use crate::report::history::{CountedLookups, FunctionHistory, History};
use crate::util::locks::lock;
use crate::util::process::PerProcess;

/// What was sampled of a cache.
#[derive(Debug, Default)]
pub(super) struct LookupSamples {
    process: PerProcess<Mutex<History>>,
    /// The same of all processes.
    fleet: PerProcess<Mutex<History>>,
}

impl Core {
    /// Samples what this process has counted.
    pub(super) fn sample(&self, figures: &[Figures]) {
        let counted = figures.iter().map(|of| CountedLookups {
            function: &of.function,
            hits: of.hits,
            misses: of.misses,
        });
        lock(&self.observing.lookup_samples.process).note(self.age(), counted);
    }

    /// The look-ups of the last minutes, up to this report of the process.
    pub(crate) fn recent(&self, report: &Report) -> Vec<FunctionHistory> {
        self.sampled(&self.observing.lookup_samples.process, report)
    }

    /// The look-ups of the last minutes in all processes, up to this report of theirs.
    pub(crate) fn recent_of_fleet(&self, report: &Report) -> Vec<FunctionHistory> {
        self.sampled(&self.observing.lookup_samples.fleet, report)
    }

    fn sampled(&self, history: &Mutex<History>, report: &Report) -> Vec<FunctionHistory> {
        let counted = report.functions.iter().map(|of| CountedLookups {
            function: &of.function,
            hits: of.hits,
            misses: of.misses,
        });
        let (mut history, now) = (lock(history), self.age());
        history.note(now, counted);
        history.functions(now)
    }
}
