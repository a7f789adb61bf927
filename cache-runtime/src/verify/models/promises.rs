//! What holds in every state of a world, and what is reached in some.

use stateright::Property;

use super::World;
use super::course::{Age, is_waiting};
use super::state::{Caller, Content, Course, KEYS, Key, Op, Position, Reply, Stage, State};

pub(crate) const NO_OLD_VALUE_SERVED: &str = "no call returns what was invalidated before it began";
pub(crate) const NO_REPLACED_VALUE_SERVED: &str =
    "no call returns what a refresh had replaced or removed before it began";
pub(crate) const NO_OLD_VALUE_STORED: &str = "a slot holds nothing older than its last invalidation";
pub(crate) const ONE_HOLDER: &str = "of those who compute a key under a lease that is theirs there is one";
pub(crate) const A_HOLD_HOLDS: &str = "a tombstone ends by time or by the writer";
pub(crate) const NO_CIRCLE: &str = "nobody waits in a circle";
const HIT: &str = "a hit";
pub(crate) const SHARED: &str = "a shared computation";
const REFRESHED: &str = "a refresh is stored";
const TAKEN_OVER: &str = "a waiter takes over from a crashed process";
pub(crate) const POLLED: &str = "another process's value is waited for";
const STORED: &str = "all values of a call are stored";
const DIVIDED: &str = "two calls hold a key each";
const LEASED_FIRST: &str = "a lease is granted in place of a value";
const ENDED: &str = "all calls end";

impl World {
    /// All that is promised, and of what is to be reached that for which the world has the features.
    pub(crate) fn promises(&self) -> Vec<Property<Self>> {
        fn any_key(state: &State, is: impl Fn(&State, Key, Stage) -> bool) -> bool {
            state
                .callers
                .iter()
                .any(|caller| KEYS.iter().any(|key| is(state, *key, caller.misses[*key].stage)))
        }
        let mut all = vec![
            Property::always(NO_OLD_VALUE_SERVED, |_, state: &State| !state.served_old),
            Property::always(NO_REPLACED_VALUE_SERVED, |_, state: &State| !state.served_replaced),
            Property::always(NO_OLD_VALUE_STORED, |_, state: &State| {
                state.slots.iter().zip(state.invalidated).all(|(slot, invalidated)| {
                    !matches!(slot, Some(Content::Value(value)) if value.version < invalidated)
                })
            }),
            Property::always(ONE_HOLDER, |_, state: &State| {
                KEYS.iter().all(|key| holders(state, *key, false) <= 1 && holders(state, *key, true) <= 1)
            }),
            Property::always(A_HOLD_HOLDS, |_, state: &State| !state.broke_hold),
            Property::always(NO_CIRCLE, |world: &Self, state| !world.waits_in_a_circle(state)),
            Property::sometimes(HIT, |_, state: &State| {
                any_key(state, |_, _, stage| matches!(stage, Stage::Answered(Some(Content::Value(_)))))
            }),
            Property::sometimes(SHARED, |_, state: &State| any_key(state, is_shared)),
            Property::sometimes(REFRESHED, |_, state: &State| {
                state.posted.iter().any(|(_, op)| matches!(op, Op::Release { stored: true, .. }))
            }),
            Property::sometimes(TAKEN_OVER, |_, state: &State| {
                let holds = |caller: &Caller| caller.misses.iter().any(|miss| miss.permit().is_some());
                state.callers.iter().any(|caller| caller.met_orphan && holds(caller))
            }),
            Property::sometimes(POLLED, |_, state: &State| {
                any_key(state, |state, key, stage| {
                    is_waiting(stage) && matches!(state.slots[key], Some(Content::Value(_)))
                })
            }),
            Property::sometimes(STORED, |world: &Self, state: &State| {
                let fits = |key: &Key| {
                    state.posted.iter().any(|(of, op)| {
                        let Op::Store { ask, .. } = op else { return false };
                        of == key && state.slots[*key] == Some(Content::Lease(ask.lease))
                    })
                };
                KEYS[..if world.is_of_batches() { 2 } else { 1 }].iter().all(fits)
            }),
            Property::sometimes(DIVIDED, |_, state: &State| {
                let holds = |caller: &Caller, key: Key| {
                    caller.misses[key].permit().is_some_and(|permit| !permit.is_lapsed)
                };
                let with = |key: Key| state.callers.iter().position(|caller| holds(caller, key));
                matches!((with(0), with(1)), (Some(first), Some(second)) if first != second)
            }),
            Property::sometimes(LEASED_FIRST, |_, state: &State| {
                any_key(
                    state,
                    |_, _, stage| matches!(stage, Stage::Asked(ask, Some(Reply::Granted), _) if ask.position == Position::First),
                )
            }),
            Property::sometimes(ENDED, |_, state: &State| state.callers.iter().all(is_over)),
        ];
        let refreshes = |age: &Age| matches!(age, Age::Stale | Age::Early | Age::IfError);
        all.retain(|property| match property.name {
            HIT => !self.is_prompt,
            POLLED => self.is_prompt,
            REFRESHED => !self.forced.is_empty() || self.ages.iter().any(refreshes),
            TAKEN_OVER => self.crashes > 0,
            DIVIDED => self.is_of_batches(),
            LEASED_FIRST => self.leases_first,
            _ => true,
        });
        all
    }

    /// Somebody waits, and nothing but time and patience would end it. A lease that nobody holds any more is time's to end.
    fn waits_in_a_circle(&self, state: &State) -> bool {
        let is_there = |key: Key, stage| match stage {
            Stage::Waiting(mark) => state.slots[key] == Some(Content::Lease(mark)),
            _ => true,
        };
        let moves =
            |stage| matches!(stage, Stage::Open | Stage::Answered(_) | Stage::Found(_) | Stage::Asked(..));
        let is_stuck = |caller: &Caller| {
            caller.course == Course::Running
                && !caller.any(moves)
                && (!self.polls(caller) || KEYS.iter().all(|key| is_there(*key, caller.misses[*key].stage)))
        };
        let is_held = |slot: &Option<Content>| match slot {
            Some(Content::Lease(lease)) => {
                let mut misses = state.callers.iter().flat_map(|caller| &caller.misses);
                misses.any(|miss| miss.permit().is_some_and(|permit| permit.ask.lease == *lease))
            }
            _ => true,
        };
        state.posted.is_empty()
            && state.callers.iter().all(|caller| is_over(caller) || is_stuck(caller))
            && !state.callers.iter().all(is_over)
            && state.slots.iter().all(is_held)
    }
}

fn is_over(caller: &Caller) -> bool {
    caller.course == Course::Idle && caller.calls == 0 && !caller.any(|stage| stage != Stage::Done)
}

/// How many compute under a lease that time and the writer have left them; `beside` the slot or in it.
fn holders(state: &State, key: Key, beside: bool) -> usize {
    let permits = state.callers.iter().filter_map(|caller| caller.misses[key].permit());
    permits.filter(|permit| permit.ask.base().is_some() == beside && !permit.is_lapsed).count()
}

/// Waits for a flight that computes.
fn is_shared(state: &State, key: Key, stage: Stage) -> bool {
    let Stage::Following(leader) = stage else { return false };
    let leader = &state.callers[leader];
    matches!((leader.course, leader.misses[key].stage), (Course::Read(_), Stage::Leading(_)))
}
