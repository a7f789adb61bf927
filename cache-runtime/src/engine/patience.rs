//! How long a call waits for what others compute, and what came of it.

use std::collections::{HashSet, VecDeque};
use std::pin::pin;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::Call;
use super::flight::{FlightKey, FlightResult, Follower, Wait};
use crate::runtime::executor;
use crate::store::vocabulary::CasToken;
use crate::util::clock::later;
use crate::util::hashing::Seeded;
use crate::util::locks::lock;

/// What a call will still wait for others, all its waits together.
pub(crate) struct Patience {
    /// When the call began.
    began: Instant,
    whole: Duration,
    left: Duration,
    /// From when on the call would rather have an older value than wait.
    late_at: Option<Instant>,
}

impl Patience {
    pub(super) fn of(call: &Call, began: Instant) -> Self {
        let whole = call.max_wait();
        let late_at = call.policy.timeout().map(|timeout| later(began, timeout));
        Self { began, whole, left: whole, late_at }
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn left(&self) -> Duration {
        self.left
    }

    pub(crate) fn late_at(&self) -> Option<Instant> {
        self.late_at
    }

    /// Begins to wait for somebody who computes `key`; `None` if that can come to nothing.
    pub(super) fn begin(&self, key: FlightKey) -> Option<Wait> {
        Wait::begin(key, self.left).inspect(|_| executor::wake_another())
    }

    /// Whether a wait has taken all the patience that a call has.
    pub(super) fn is_all(&self, wait: &Wait) -> bool {
        wait.elapsed() >= self.whole
    }

    /// Spends what a wait has taken.
    pub(super) fn end(&mut self, wait: &Wait) {
        self.left = self.left.saturating_sub(wait.elapsed());
    }

    /// Waits for another flight's end. Where that takes too long, or can come to nothing, it is as if there were nothing to share:
    /// compute. `beside` are flights that the call has joined too: it waits for them meanwhile. Who has an older value waits until `late_at`
    /// at most, and not for a computation of which it is known that it is late.
    pub(super) async fn landed<'f>(
        &mut self,
        key: FlightKey,
        follow: &Follower,
        beside: impl Iterator<Item = &'f Follower>,
        late_at: Option<Instant>,
    ) -> FlightResult {
        if let Some(landed) = follow.landed_already() {
            return landed;
        }
        if late_at.is_some() && follow.is_late() {
            return FlightResult::Late;
        }
        let Some(wait) = (!follow.is_hopeless()).then(|| self.begin(key)).flatten() else {
            return FlightResult::Nothing;
        };
        let until = wait.until();
        let until = late_at.map_or(until, |late_at| until.min(late_at));
        let landed = executor::timeout_at(until, pin!(follow.landed())).await.ok().flatten();
        if landed.is_none() && self.is_all(&wait) {
            follow.give_up();
            beside.for_each(Follower::give_up);
        }
        self.end(&wait);
        landed.unwrap_or_else(|| match late_at.is_some_and(|late_at| late_at <= Instant::now()) {
            true => {
                follow.note_late();
                FlightResult::Late
            }
            false => FlightResult::Nothing,
        })
    }
}

/// So many leases are remembered.
const LEASES: usize = 4096;

/// The leases of other processes that calls of this one have waited for in vain, the latest of them.
#[derive(Debug, Default)]
pub(crate) struct GivenUp(Mutex<Leases>);

#[derive(Debug, Default)]
struct Leases {
    known: HashSet<CasToken, Seeded>,
    /// The oldest first.
    order: VecDeque<CasToken>,
}

impl GivenUp {
    pub(super) fn add(&self, lease: CasToken) {
        let mut leases = lock(&self.0);
        if leases.known.insert(lease) {
            leases.order.push_back(lease);
            if leases.order.len() > LEASES
                && let Some(oldest) = leases.order.pop_front()
            {
                leases.known.remove(&oldest);
            }
        }
    }

    pub(super) fn contains(&self, lease: &CasToken) -> bool {
        lock(&self.0).known.contains(lease)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_leases_are_remembered() {
        let given_up = GivenUp::default();
        let lease = |number: usize| {
            let mut mark = [0; 17];
            mark[..8].copy_from_slice(&number.to_le_bytes());
            mark
        };
        (0..=LEASES).for_each(|number| given_up.add(lease(number)));
        given_up.add(lease(LEASES));
        assert!(!given_up.contains(&lease(0)));
        assert!((1..=LEASES).all(|number| given_up.contains(&lease(number))));
        assert_eq!(lock(&given_up.0).order.len(), LEASES);
    }
}
