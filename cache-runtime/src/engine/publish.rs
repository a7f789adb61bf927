//! The figures of a fleet: each process puts its own into Redis, under the number of a place, and whoever wants them reads all places at once.
//!
//! A place holds figures for a minute or two intervals, whichever is longer, so a process that is gone is soon forgotten. Before it writes, a process looks whether the place is
//! still its own; if two have chosen one, who comes later chooses another. No scan, whatever else is on the server.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::core::Core;
use crate::error::Error;
use crate::report::analysis::Report;
use crate::report::figures::Figures;
use crate::report::wire::{ProcessFigures, process_of};
use crate::runtime::block_on::library_runtime;
use crate::store::Store;
use crate::store::vocabulary::{Found, KeyWrite, Reading};
use crate::tags;
use crate::util::clock::after;
use crate::util::random;

/// How many processes can publish at a time.
const PLACES: usize = 256;
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
const SHORTEST_STAY: Duration = Duration::from_secs(60);

/// Publishes from now on, until the cache is gone. On the library's runtime, because the program's may end.
pub(crate) fn start(cache: &Arc<Core>, interval: Duration) {
    match library_runtime() {
        Ok(library) => drop(library.spawn(publish(Arc::downgrade(cache), interval.max(SHORTEST_INTERVAL)))),
        Err(error) => log::warn!("{error}; the figures of this process are not published"),
    }
}

async fn publish(cache: Weak<Core>, interval: Duration) {
    let mut place = None;
    loop {
        tokio::time::sleep(interval).await;
        let Some(cache) = cache.upgrade() else { return };
        match cache.publish_at(place, interval).await {
            Ok(taken) => place = taken,
            // An outage is logged by what connects.
            Err(error) => log::debug!("{error}; the figures of this process are not published this time"),
        }
    }
}

impl Core {
    fn own_figures(&self) -> ProcessFigures {
        let window_millis = u64::try_from(self.age().as_millis()).unwrap_or(u64::MAX);
        ProcessFigures { process: self.observing.process, window_millis, functions: self.functions.figures() }
    }

    /// Publishes once, at the place that was taken before, if it is still free for it. Two round trips, and three for a new place. Gives the place; `None` if there is none.
    async fn publish_at(&self, place: Option<usize>, interval: Duration) -> Result<Option<usize>, Error> {
        let own = self.own_figures();
        #[cfg(feature = "page")]
        self.sample(&own.functions);
        let places = places(&self.prefix);
        let place = match place {
            Some(place) if self.is_free(&places[place], own.process).await? => Some(place),
            _ => self.free_place(&places).await?,
        };
        let Some(place) = place else {
            log::debug!("{PLACES} processes publish their figures already");
            return Ok(None);
        };
        let (value, ttl) = (own.encode(), Some((interval * 2).max(SHORTEST_STAY)));
        let set = KeyWrite { key: &places[place], value: Some(&value), ttl };
        self.store.set(&[set], after(self.deadline)).await.map(|()| Some(place))
    }

    async fn is_free(&self, place: &str, process: u64) -> Result<bool, Error> {
        Ok(match self.store.get(place, after(self.deadline)).await? {
            Found::Absent => true,
            Found::Bytes(bytes) => process_of(&bytes) == Some(process),
            Found::Foreign => false,
        })
    }

    /// One of those where nothing is, by chance, so that two that begin together seldom choose the same.
    async fn free_place(&self, places: &[String]) -> Result<Option<usize>, Error> {
        let found = self.read_places(places).await?;
        let free: Vec<usize> =
            (0..PLACES).filter(|place| found.get(*place) == Some(&Found::Absent)).collect();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "below 256"
        )]
        let chosen = (random::unit() * free.len() as f64) as usize;
        Ok(free.get(chosen).copied())
    }

    async fn read_places(&self, places: &[String]) -> Result<Vec<Found>, Error> {
        let keys: Vec<&str> = places.iter().map(String::as_str).collect();
        self.store.read(&keys, Reading::Plain, after(self.deadline)).await?.found.into_iter().collect()
    }

    /// The sum of what all processes have published, and of what this one has counted.
    pub(crate) async fn fleet(&self) -> Result<Report, Error> {
        let found = self.read_places(&places(&self.prefix)).await?;
        let published = found.iter().filter_map(|found| match found {
            Found::Bytes(bytes) => ProcessFigures::decode(bytes),
            _ => None,
        });
        let mut all = vec![self.own_figures()];
        for of_process in published {
            if all.iter().all(|known| known.process != of_process.process) {
                all.push(of_process);
            }
        }
        let window = all.iter().map(|process| process.window_millis).max().unwrap_or(0);
        let processes = all.len() as u64;
        let mut sums: Vec<Figures> = Vec::new();
        for figures in all.into_iter().flat_map(|process| process.functions) {
            match sums.iter_mut().find(|sum| sum.function == figures.function) {
                Some(sum) => sum.add(&figures),
                None => sums.push(figures),
            }
        }
        sums.sort_by(|one, other| one.function.cmp(&other.function));
        Ok(Report::of(Duration::from_millis(window), processes, &sums))
    }
}

fn places(prefix: &str) -> Vec<String> {
    (0..PLACES).map(|place| tags::figures_key(prefix, place)).collect()
}
