//! Batches, checked exhaustively in a world of their own: two keys, calls for one or both of them, a writer and expiry.
//!
//! A slot's own protocol is checked next door, and each key of a batch follows it. What a batch adds is checked here: leases are
//! granted key by key, so two batches may each hold what the other needs; one body computes several values, and each of them may
//! be stored only under its own key's lease; and flights of this process and leases of others are waited for by one call at once.
//!
//! A batch of one key stands for a single call, whose course it is. `engine::course` is mirrored by hand (`call`), and its functions
//! keep their names; `slot` is the code that runs. As next door, a call has begun when its look-up is carried out, and an
//! invalidation has returned when it is. A look-up is one step for all keys, as one `MGET` is;
//! leases and stores are one for each key, in any order.
//!
//! A call within a bypass takes no lease beside a value here, though it does in truth: that keeps two from computing, and nothing
//! that is promised hangs on it.
//!
//! Left out beside what is left out there: what does not fit, and the entry that says that there is no value. Both are the
//! slot's affair and not the batch's.

mod call;
mod ends;
mod state;
mod tests;

use stateright::{Model, Property};

use state::{Caller, Content, Key, Part, Posted, Stage, State, Version, Who};

/// The protocol, or one that lacks a detail of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sound,
    /// The values of a batch are stored if one of its leases is still there.
    StoreIfAnyIsHeld,
    StoreWithoutCompare,
    ReleaseWithoutCompare,
    /// A call waits for others before it computes what it has leases for.
    WaitBeforeComputing,
    /// It waits for flights of its process before it looks after the leases of others.
    FollowBeforePolling,
    /// Any flight of the process may be joined.
    JoinUnseen,
    /// A value that is on its way to the store is given to who has not seen the lease in whose place it is to be.
    TakeUnseen,
    /// A flight keeps its mark when its leader does not know whether it has the lease.
    MarkKeptUnanswered,
    /// A key that is not returned any more leaves its old value where it is.
    OldValueStays,
    /// It removes whatever is there by then.
    RemovalWithoutCompare,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Values,
    /// The last key has no value any more.
    Partly,
    Error,
    /// The call is cancelled, or panics.
    Dropped,
}

/// The protocol in a world of some size.
#[derive(Debug, Clone, Copy)]
struct World {
    variant: Variant,
    /// The process of each call, and its keys in their order.
    callers: &'static [(u8, &'static [Key])],
    /// Those that are within a bypass.
    fresh: &'static [Who],
    /// How many rounds a call makes before it computes without storing.
    rounds: u8,
    /// What the writer changes, in this order.
    changes: &'static [Key],
    /// What an invalidation leaves in the slot.
    invalidations: &'static [Option<Content>],
    /// Whether leases run out and values are evicted.
    expires: bool,
    outcomes: &'static [Outcome],
    /// Whether answers about leases are lost, and waits end by patience.
    gives_up: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    LookUp(Who),
    Close(Who),
    Acquire(Who, Key),
    /// The answer about a lease does not come.
    Unanswered(Who, Key),
    Poll(Who),
    LosePatience(Who),
    Read(Who),
    Finish(Who, Outcome),
    Execute(usize, Key),
    /// The answer to a store does not come.
    UnansweredStore(usize),
    Change,
    Invalidate(Key, Option<Content>),
    Vanish(Key),
}

impl Model for World {
    type State = State;
    type Action = Action;

    /// Nothing there; one value; both.
    fn init_states(&self) -> Vec<State> {
        let caller = |(_, keys): &(u8, &[Key])| Caller {
            stage: Stage::Idle,
            parts: [0, 1]
                .map(|key| if keys.contains(&key) { Part::Open { leads: false } } else { Part::Settled }),
            following: Vec::new(),
            floor: [0; 2],
            rounds: 0,
        };
        let state = |slots| State {
            database: [0; 2],
            invalidated: [0; 2],
            replaced: [0; 2],
            slots,
            callers: self.callers.iter().map(caller).collect(),
            posted: Vec::new(),
            is_stale: false,
        };
        let value = Some(Content::Value(0));
        [[None, None], [value, None], [value, value]].map(state).to_vec()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if let Some(who) = (0..state.callers.len()).find(|who| self.is_private(state, *who)) {
            return self.actions_of(state, who, actions);
        }
        for who in 0..state.callers.len() {
            self.actions_of(state, who, actions);
        }
        for (index, posted) in state.posted.iter().enumerate() {
            let keys = [0, 1].into_iter().filter(|key| posted.concerns(*key));
            actions.extend(keys.map(|key| Action::Execute(index, key)));
            let is_awaited = matches!(posted, Posted::Store { is_awaited: true, .. });
            actions.extend((self.gives_up && is_awaited).then_some(Action::UnansweredStore(index)));
        }
        let done: Version = state.database.iter().sum();
        if let Some(key) = [0, 1].into_iter().find(|key| state.database[*key] > state.invalidated[*key]) {
            actions.extend(self.invalidations.iter().map(|left| Action::Invalidate(key, *left)));
        } else if usize::from(done) < self.changes.len() {
            actions.push(Action::Change);
        }
        let full = [0, 1].into_iter().filter(|key| self.expires && state.slots[*key].is_some());
        actions.extend(full.map(Action::Vanish));
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::LookUp(who) => self.look_up(&mut state, who),
            Action::Close(who) => self.close(&mut state, who),
            Action::Acquire(who, key) => self.acquire(&mut state, who, key),
            Action::Unanswered(who, key) => self.unanswered(&mut state, who, key),
            Action::Poll(who) => self.poll(&mut state, who),
            Action::LosePatience(who) => self.lose_patience(&mut state, who),
            Action::Read(who) => state.read(who),
            Action::Finish(who, outcome) => self.finish(&mut state, who, outcome),
            Action::Execute(index, key) => self.execute(&mut state, index, key),
            Action::UnansweredStore(index) => {
                if let Posted::Store { is_awaited, .. } = &mut state.posted[index] {
                    *is_awaited = false;
                }
            }
            Action::Change => {
                let done: Version = state.database.iter().sum();
                state.database[self.changes[usize::from(done)]] += 1;
            }
            Action::Invalidate(key, left) => {
                state.take(key);
                state.slots[key] = left;
                state.invalidated[key] = state.database[key];
            }
            Action::Vanish(key) => state.take(key),
        }
        state.posted.sort_unstable();
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NO_OLD_VALUE_SERVED, |_, state: &State| !state.is_stale),
            Property::always(NO_OLD_VALUE_STORED, |_, state: &State| {
                state.slots.iter().zip(state.invalidated).all(|(slot, invalidated)| {
                    !matches!(slot, Some(Content::Value(version)) if *version < invalidated)
                })
            }),
            Property::always(ONE_HOLDER, |_, state: &State| {
                [0, 1].iter().all(|key| state.holders(*key) <= 1)
            }),
            Property::always(NO_CIRCLE, |world: &Self, state| !world.waits_in_a_circle(state)),
            Property::sometimes(SHARED, |_, state: &State| state.any_part(State::is_shared)),
            Property::sometimes(POLLED, |_, state: &State| {
                let is_there = |key: Key| matches!(state.slots[key], Some(Content::Value(_)));
                state.any_part(|_, key, part| matches!(part, Part::Waiting { .. }) && is_there(key))
            }),
            Property::sometimes(STORED, |_, state: &State| {
                state.posted.iter().any(|posted| posted.fits(state))
            }),
            Property::sometimes(DIVIDED, |_, state: &State| {
                let holds = |who: Who, key: Key| state.callers[who].parts[key].holds();
                holds(0, 0) && holds(1, 1) || holds(0, 1) && holds(1, 0)
            }),
            Property::sometimes(ENDED, |_, state: &State| {
                state.callers.iter().all(|caller| caller.stage == Stage::Over)
            }),
        ]
    }
}

const NO_OLD_VALUE_SERVED: &str =
    "no key of a call is older than what was invalidated, or replaced by a bypass, before it began";
const NO_OLD_VALUE_STORED: &str = "no slot holds less than its last invalidation";
const ONE_HOLDER: &str = "of those who compute a key under a lease that is theirs there is one";
const NO_CIRCLE: &str = "nobody waits in a circle";
const SHARED: &str = "a computation is shared";
const POLLED: &str = "another process's value is waited for";
const STORED: &str = "a value is stored";
const DIVIDED: &str = "two batches hold a key each";
const ENDED: &str = "all calls end";

impl World {
    fn actions_of(&self, state: &State, who: Who, actions: &mut Vec<Action>) {
        let caller = &state.callers[who];
        let any = |is: fn(&Part) -> bool| caller.parts.iter().any(is);
        match caller.stage {
            Stage::Idle => actions.push(Action::LookUp(who)),
            Stage::Running if any(|part| matches!(part, Part::Opened(..))) => {
                actions.push(Action::Close(who));
            }
            Stage::Running if any(|part| matches!(part, Part::Asked { .. })) => {
                for key in [0, 1] {
                    if let Part::Asked { granted, .. } = caller.parts[key] {
                        actions.extend(granted.is_none().then_some(Action::Acquire(who, key)));
                        actions.extend(self.gives_up.then_some(Action::Unanswered(who, key)));
                    }
                }
            }
            Stage::Running if any(|part| call::is_open(*part)) => actions.push(Action::LookUp(who)),
            Stage::Running => {
                actions.extend(self.polls(caller).then_some(Action::Poll(who)));
                actions.extend(self.gives_up.then_some(Action::LosePatience(who)));
            }
            Stage::Computing => actions.push(Action::Read(who)),
            Stage::Read(_) => {
                actions.extend(self.outcomes.iter().map(|outcome| Action::Finish(who, *outcome)));
            }
            Stage::Over => {}
        }
    }

    /// Whether a call's next wait is for leases of other processes.
    fn polls(&self, caller: &Caller) -> bool {
        caller.parts.iter().any(|part| matches!(part, Part::Waiting { .. }))
            && (self.variant != Variant::FollowBeforePolling || caller.following.is_empty())
    }

    /// Whether what a call does next is seen by no other: it closes its flights, and nobody else is in its process. Such a step
    /// may go first, as next door.
    fn is_private(&self, state: &State, who: Who) -> bool {
        state.callers[who].parts.iter().any(|part| matches!(part, Part::Opened(..)))
            && self.callers.iter().filter(|(process, _)| *process == self.callers[who].0).count() == 1
    }

    /// Somebody waits, and nothing but time and patience would end it. A lease that nobody holds any more is time's to end.
    /// Rounds are bounded, so what does not get stuck comes to its end.
    fn waits_in_a_circle(&self, state: &State) -> bool {
        let is_waiting = |caller: &Caller| !matches!(caller.stage, Stage::Idle | Stage::Over);
        if !state.callers.iter().any(is_waiting) || !state.posted.is_empty() {
            return false;
        }
        let mut actions = Vec::new();
        (0..state.callers.len()).for_each(|who| self.actions_of(state, who, &mut actions));
        let is_idle = |action: &Action| match action {
            Action::Poll(_) => self.next_state(state, *action).is_none(),
            Action::LosePatience(_) => true,
            _ => false,
        };
        let is_held = |key: Key| match state.slots[key] {
            Some(Content::Lease(mark)) => state.callers.iter().any(|caller| caller.parts[key].has(mark)),
            _ => true,
        };
        actions.iter().all(is_idle) && is_held(0) && is_held(1)
    }
}
