//! Logs one line when a server is lost and one when it is back, however many connections there are and however often each of them
//! fails.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::util::locks::lock;

/// A server's outage, as the connections of a process see it.
#[derive(Debug, Default)]
pub(crate) struct ServerOutage(Mutex<OutageState>);

#[derive(Debug, Default)]
struct OutageState {
    began: Option<Instant>,
    /// How many connections are down.
    down: usize,
}

/// The part of a runtime's connections, one after the other, in the outage.
pub(crate) struct OutageReport {
    outage: Arc<ServerOutage>,
    server: String,
    is_down: bool,
}

impl OutageReport {
    pub(crate) fn of(outage: &Arc<ServerOutage>, server: &str) -> Self {
        Self { outage: Arc::clone(outage), server: server.to_owned(), is_down: false }
    }

    /// The connection is lost, or unusable. Logged if it is the first.
    pub(crate) fn begin(&mut self, reason: &dyn std::fmt::Display, consequence: &str) {
        let is_first = {
            let mut state = lock(&self.outage.0);
            state.down += usize::from(!self.is_down);
            let is_first = state.began.is_none();
            state.began.get_or_insert_with(Instant::now);
            is_first
        };
        self.is_down = true;
        // Outside of the lock: a logger is foreign code.
        match is_first {
            true => log::warn!("{reason}; {consequence}"),
            false => log::debug!("{reason}"),
        }
    }

    /// The connection is usable. Logged if it is the last.
    pub(crate) fn end(&mut self) {
        let began = {
            let mut state = lock(&self.outage.0);
            state.down -= usize::from(self.is_down);
            if state.down == 0 { state.began.take() } else { None }
        };
        self.is_down = false;
        if let Some(began) = began {
            log::info!("connected to {} again after {:.1?}", self.server, began.elapsed());
        }
    }
}

impl Drop for OutageReport {
    /// The outage goes on: a connection that ends with its runtime says nothing about the server.
    fn drop(&mut self) {
        lock(&self.outage.0).down -= usize::from(self.is_down);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_until_all_are_back() {
        let outage = Arc::<ServerOutage>::default();
        let [mut first, mut second] = [(); 2].map(|()| OutageReport::of(&outage, "the server"));
        first.begin(&"lost", "off");
        second.begin(&"lost", "off");
        let began = lock(&outage.0).began;
        assert!(began.is_some());
        first.begin(&"refused", "off");
        first.end();
        assert_eq!(lock(&outage.0).began, began, "the second is not back");
        second.end();
        let state = lock(&outage.0);
        assert_eq!((state.began, state.down), (None, 0));
    }

    #[test]
    fn outlives_who_goes_away() {
        let outage = Arc::<ServerOutage>::default();
        let mut first = OutageReport::of(&outage, "the server");
        first.begin(&"lost", "off");
        drop(first);
        let began = lock(&outage.0).began;
        assert!(began.is_some(), "a runtime that ends is no server that is back");
        let mut second = OutageReport::of(&outage, "the server");
        second.end();
        let began = lock(&outage.0).began;
        assert!(began.is_none());
    }
}
