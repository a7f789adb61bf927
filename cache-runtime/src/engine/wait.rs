//! Waiting for other callers' computations: leases of other processes are polled, flights of this process are followed.

use std::mem::replace;
use std::time::{Duration, Instant};

use super::course::{Stage, WhenFound};
use super::flight::SharedError;
use crate::engine::entry_state::EntryState;
use crate::engine::flight::{FlightResult, Wait};
use crate::engine::{Course, Got, Reader};
use crate::runtime::executor;
use crate::util::random;

/// The first and the longest pause between two polls of another process's lease.
const POLL: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(64));

fn is_waiting(stage: &Stage) -> bool {
    matches!(stage, Stage::Waiting(..))
}

impl Course {
    /// Polls at growing intervals until one of the leases is gone or patience is over. Jitter keeps the processes that
    /// wait from asking all at once. A lease that is there is alive: of who died it runs out.
    pub(super) async fn poll(&mut self, reader: &Reader<'_>) {
        let (mut pause, mut is_first) = (POLL.0, true);
        let waits = self.begin_waits(reader);
        let until = waits.iter().map(Wait::until).min();
        while self.misses.iter().any(|miss| is_waiting(&miss.stage)) {
            let jittered = pause.mul_f64(0.5 + random::unit());
            let is_over = until.is_none_or(|until| Instant::now() >= until);
            if is_over || self.budget.pause(executor::sleep(jittered)).await.is_err() {
                self.give_up(reader, &waits);
                break;
            }
            pause = (pause * 2).min(POLL.1);
            let asked = Instant::now();
            if self.look_at_leases(reader).await {
                break;
            }
            // Only now, since most leases are gone at the first poll.
            if replace(&mut is_first, false) {
                self.remove_endless(reader, is_waiting).await;
                if self.misses.iter().any(|miss| matches!(miss.stage, Stage::Found(_))) {
                    break;
                }
            }
            // The wait was still for others.
            self.budget.put_off(asked.elapsed());
        }
        if let Some(wait) = waits.first() {
            self.patience.end(wait);
        }
    }

    /// Whether one of the leases is gone.
    async fn look_at_leases(&mut self, reader: &Reader<'_>) -> bool {
        let (call, mut is_gone) = (reader.call, false);
        for (at, lookup) in self.look_at(reader, is_waiting).await {
            let miss = &mut self.misses[at];
            let Stage::Waiting(sight, _) = miss.stage else { continue };
            let is_there = match &lookup {
                // With tags, a flight of this process is known by its lease only some time after the lease is there.
                EntryState::Lease(still) => {
                    still.mark == sight.mark
                        && (miss.key.tags.is_none()
                            || call.cache().flights.seen(*still, call.function.fingerprint).is_none())
                }
                _ => false,
            };
            if !is_there {
                is_gone = true;
                miss.stage = Stage::Found(lookup);
            }
        }
        is_gone
    }

    /// Notes what is waited for. A key of which it is known that to wait is in vain is computed, without being stored.
    fn begin_waits(&mut self, reader: &Reader<'_>) -> Vec<Wait> {
        let (call, mut waits) = (reader.call, Vec::new());
        for miss in &mut self.misses {
            let Stage::Waiting(_, is_counted) = &mut miss.stage else { continue };
            match self.patience.begin(miss.key.flight_key(call)) {
                Some(wait) => {
                    if !replace(is_counted, true) {
                        call.function.counters.coalesced.count();
                    }
                    waits.push(wait);
                }
                None => miss.give_up(),
            }
        }
        waits
    }

    /// Patience is over: what is still waited for is computed.
    fn give_up(&mut self, reader: &Reader<'_>, waits: &[Wait]) {
        let is_whole = waits.first().is_some_and(|wait| self.patience.is_all(wait));
        for miss in &mut self.misses {
            if let Stage::Waiting(sight, _) = miss.stage {
                if is_whole {
                    reader.call.cache().given_up.add(sight.mark);
                }
                miss.give_up();
            }
        }
    }

    /// Waits for the end of another caller's flight, and takes what has ended as well. Gives what they have landed with, or the error of one
    /// of them.
    pub(super) async fn follow(&mut self, reader: &Reader<'_>) -> Result<Vec<(usize, Got)>, SharedError> {
        let Self { misses, budget, patience, .. } = self;
        // Results that have already landed, and were put off, come first.
        let last =
            misses.iter().rposition(|miss| matches!(miss.stage, Stage::Following(_) | Stage::Landed(_)));
        let Some(at) = last else { return Ok(Vec::new()) };
        let key = misses[at].key.flight_key(reader.call);
        let beside = misses.iter().enumerate().filter(|(other, _)| *other != at);
        let beside = beside.filter_map(|(_, miss)| match &miss.stage {
            Stage::Following(follow) => Some(follow),
            _ => None,
        });
        if let Stage::Following(follow) = &misses[at].stage {
            let late_at = misses[at].fallback.as_ref().and(patience.late_at());
            let landed = budget.pause(async {
                let landed = patience.landed(key, follow, beside, late_at).await;
                if misses.len() > 1 {
                    // A batch's flights end one after the other. What they leave undone is to be one computation again.
                    executor::yield_now().await;
                }
                landed
            });
            let landed = landed.await;
            self.misses[at].stage = Stage::Landed(landed);
        }
        self.landed(reader)
    }

    /// The results that have already landed, without waiting.
    fn landed(&mut self, reader: &Reader<'_>) -> Result<Vec<(usize, Got)>, SharedError> {
        let mut got = Vec::new();
        for miss in &mut self.misses {
            if let Stage::Following(follow) = &miss.stage
                && let Some(landed) = follow.landed_already()
            {
                miss.stage = Stage::Landed(landed);
            }
            if !matches!(miss.stage, Stage::Landed(_)) {
                continue;
            }
            let Stage::Landed(landed) = replace(&mut miss.stage, Stage::Alone) else { continue };
            if !matches!(landed, FlightResult::Abandoned | FlightResult::Late)
                && let Some(lead) = miss.lead.take()
            {
                lead.land(landed.clone());
            }
            match (landed, miss.fallback.take()) {
                (FlightResult::Bytes(bytes), fallback) => {
                    miss.stage = Stage::Done;
                    got.push((miss.place, Got::Landed(bytes, fallback)));
                }
                (FlightResult::Failed | FlightResult::Error(_), Some(older)) => {
                    miss.stage = Stage::Done;
                    reader.call.function.counters.stale.count();
                    got.push((miss.place, Got::Entry(older.into(), WhenFound::InPlaceOfResult)));
                }
                (FlightResult::Late, Some(older)) => {
                    miss.stage = Stage::Done;
                    reader.call.served_late();
                    got.push((miss.place, Got::Entry(older.into(), WhenFound::InPlaceOfResult)));
                }
                // Results that were found before stay, to be reported later.
                (FlightResult::Error(error), None) if got.is_empty() => return Err(error),
                (FlightResult::Error(error), None) => miss.stage = Stage::Landed(FlightResult::Error(error)),
                // The leader went away, and its lease is being released.
                (FlightResult::Abandoned, _) => miss.stage = Stage::Open,
                (FlightResult::Failed | FlightResult::Nothing | FlightResult::Late, fallback) => {
                    miss.fallback = fallback;
                }
            }
        }
        self.misses.retain(|miss| !matches!(miss.stage, Stage::Done));
        Ok(got)
    }
}
