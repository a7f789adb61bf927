//! A batch within a `bypass`: all of it is computed, whatever is there, as `engine::fresh` has it for one key.

use super::Run;
use super::claim::{Asked, Place};
use super::leases::Leases;
use super::look_up::{Met, names};
use super::work::Work;
use crate::engine::fresh;
use crate::engine::fresh::PAUSES;
use crate::engine::lease::beside;
use crate::engine::look_up::Reader;
use crate::engine::retry_queue::Key;
use crate::runtime::executor;

impl Run {
    /// What this call is to compute, which is all that was asked for, with the right to replace what is there where that is to be had.
    /// No flight is joined, and none is led.
    pub(super) async fn claim_fresh(&mut self, reader: &Reader<'_>) -> Work {
        let cache = reader.call.cache();
        self.open.iter().for_each(|_| reader.call.function.counters.misses.count());
        let (mut work, mut leases) = (Work::new(reader.call), Leases::new(reader.call.cache.arc()));
        let mut open = std::mem::take(&mut self.open);
        self.alone.extend(open.extract_if(.., |slot| cache.pending.contains(Key::Entry(&self.names[*slot]))));
        self.open = open;
        for pause in PAUSES {
            let asked = self.ask_for_all(reader).await;
            self.take(reader, asked, &mut work, &mut leases).await;
            if self.open.is_empty() || executor::sleep(pause).await.is_err() {
                break;
            }
        }
        // Somebody else has the right to replace these.
        self.alone.append(&mut self.open);
        work.hold(leases.granted(&self.budget));
        work.add(std::mem::take(&mut self.alone));
        work
    }

    /// Looks at what is open, and tells what leases to ask for.
    async fn ask_for_all(&mut self, reader: &Reader<'_>) -> Vec<Asked> {
        let open = std::mem::take(&mut self.open);
        let keys = names(open.iter().map(|slot| &self.names[*slot]));
        let mut places = Vec::with_capacity(open.len());
        let tell = |at: usize, met| {
            let place = match met {
                Met::Absent(mark) => fresh::Place::Value(mark.into()),
                Met::Seen(seen) => seen.place(),
            };
            places.push((open[at], place));
        };
        reader.look_up_many(&keys, &self.budget, tell).await;
        let mut asked = Vec::with_capacity(places.len());
        for (slot, place) in places {
            let place = match place {
                fresh::Place::Empty => Some(Place::Empty),
                fresh::Place::Unfit(unfit) => Some(Place::Unfit(unfit)),
                fresh::Place::Malformed => self.clear(reader, slot).await.then_some(Place::Empty),
                fresh::Place::Value(base) => Some(Place::Beside(beside(self.name(slot)).into(), base.mark)),
                fresh::Place::None => None,
            };
            match place {
                Some(place) => asked.push(Asked::new(slot, None, place)),
                None => self.alone.push(slot),
            }
        }
        asked
    }
}
