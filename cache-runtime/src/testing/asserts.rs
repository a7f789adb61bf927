//! What the assertions expand to.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::engine::observation::{CallSource, Recorder, ThreadRecording, within};
use crate::testing::observe::ObservedCalls;
use crate::testing::watched::Watched;

/// What an assertion states of a call.
enum Assertion<'a> {
    Computes(usize),
    Hit,
    /// These are there before it, and not after it.
    Invalidates(Vec<Box<dyn Watched + 'a>>),
}

/// An assertion about a call that is still to be made.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct Expected<'a> {
    claim: Assertion<'a>,
    call: &'static str,
    place: &'static Location<'static>,
}

impl<'a> Expected<'a> {
    /// So many bodies run.
    #[track_caller]
    pub fn computes(bodies: usize, call: &'static str) -> Self {
        Self { claim: Assertion::Computes(bodies), call, place: Location::caller() }
    }

    /// No body runs, and there are values.
    #[track_caller]
    pub fn hit(call: &'static str) -> Self {
        Self { claim: Assertion::Hit, call, place: Location::caller() }
    }

    /// These entries go.
    #[track_caller]
    pub fn invalidates(entries: Vec<Box<dyn Watched + 'a>>, call: &'static str) -> Self {
        Self { claim: Assertion::Invalidates(entries), call, place: Location::caller() }
    }

    /// Begins to record, before the call is made. That of an async function gives a future, which has done nothing yet.
    ///
    /// # Panics
    /// If an entry is not there that the call is to invalidate: then nobody would see that it does.
    #[track_caller]
    pub fn enter(self) -> Prepared<'a> {
        if let Assertion::Invalidates(entries) = &self.claim {
            for entry in entries.iter().filter(|entry| !entry.is_there()) {
                let key = entry.key();
                self.fail(
                    format_args!("nothing is cached at `{key}` before the call: cache it first"),
                    &entry.row(),
                );
            }
        }
        let recorder = Recorder::new();
        Prepared { expected: self, entered: ThreadRecording::new(&recorder), recorder }
    }

    #[track_caller]
    fn judge(&self, recorder: &Recorder) {
        let calls = ObservedCalls::of(recorder);
        let shown = format!("{calls}{}", calls.rows());
        match &self.claim {
            Assertion::Computes(bodies) if calls.computes() == *bodies => {}
            Assertion::Computes(bodies) => {
                let were = if *bodies == 1 { "body was" } else { "bodies were" };
                self.fail(format_args!("{bodies} {were} to run, and {} did", calls.computes()), &shown);
            }
            Assertion::Hit
                if calls.outermost().next().is_some()
                    && calls.outermost().all(|call| is_hit(call.source)) => {}
            Assertion::Hit => self.fail(format_args!("it was to be a hit"), &shown),
            Assertion::Invalidates(entries) => {
                for entry in entries.iter().filter(|entry| entry.is_there()) {
                    let key = entry.key();
                    self.fail(
                        format_args!("`{key}` is still cached after the call"),
                        &(shown.clone() + &entry.row()),
                    );
                }
            }
        }
    }

    #[track_caller]
    fn fail(&self, what: fmt::Arguments<'_>, shown: &str) {
        panic!("`{}` at {}: {what}\n{shown}", self.call, self.place);
    }
}

/// A hit, stale or not, as the counters have it.
fn is_hit(source: CallSource) -> bool {
    matches!(source, CallSource::Local | CallSource::Store | CallSource::Stale)
}

/// A call is being made.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct Prepared<'a> {
    expected: Expected<'a>,
    recorder: Arc<Recorder>,
    entered: ThreadRecording,
}

impl<'a> Prepared<'a> {
    /// It was made.
    pub fn begun<R>(self, made: R) -> Begun<'a, R> {
        let Self { expected, recorder, entered } = self;
        drop(entered);
        Begun { made, expected, recorder }
    }
}

/// A call that was made, or its future.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct Begun<'a, R> {
    made: R,
    expected: Expected<'a>,
    recorder: Arc<Recorder>,
}

/// Chosen for a call that gives a future: the method is found without a reference to a reference.
pub trait AsyncCall {
    /// The way on.
    fn way(&self) -> Awaiting {
        Awaiting
    }
}

impl<F: Future> AsyncCall for Begun<'_, F> {}

/// Chosen for all others.
pub trait BlockingCall {
    /// The way on.
    fn way(&self) -> Done {
        Done
    }
}

impl<R> BlockingCall for &Begun<'_, R> {}

/// The future is to be awaited.
#[derive(Debug, Clone, Copy)]
pub struct Awaiting;

/// The call has returned.
#[derive(Debug, Clone, Copy)]
pub struct Done;

impl Awaiting {
    /// Awaits, and judges.
    pub async fn finish<F: Future>(self, begun: Begun<'_, F>) -> F::Output {
        let Begun { made, expected, recorder } = begun;
        let output = within(Some(Arc::clone(&recorder)), made).await;
        expected.judge(&recorder);
        output
    }
}

impl Done {
    /// Judges.
    #[track_caller]
    pub fn finish<R>(self, begun: Begun<'_, R>) -> R {
        begun.expected.judge(&begun.recorder);
        begun.made
    }
}
