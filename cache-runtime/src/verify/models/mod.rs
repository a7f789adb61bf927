//! The protocol of one slot, checked exhaustively: every order of steps that a small world allows, by `stateright`.
//!
//! # The world
//!
//! Callers in one or two processes, a background refresher in each, one writer, one slot with the lease beside it, and time.
//! A command is sent, carried out by the server in one atomic step, and answered: three moments, so that anything may come
//! between, and the one who waits may give up between any two of them. Stores and releases are posted, and arrive in any
//! order, late, or after the process that sent them has crashed. What is in a slot may vanish at any time: so leases, values
//! and tombstones expire, and values are evicted. A value is of any age at any time, as the reader pleases. The writer
//! changes the database's version and then invalidates, by removal, by tombstone or by a new value.
//!
//! Two simplifications make the promises stronger, not weaker: an invalidation counts as returned when the server has
//! carried it out, and a call as begun when its look-up has been. Three make the world smaller and change nothing: see
//! `canonical` and [`is_private`].
//!
//! # What is promised
//!
//! - **No call returns a version older than one whose invalidation had returned when the call began.**
//! - **Nor one older than a value that had taken its place, or had removed it, when the call began:** a recomputation whose value is
//!   not to be stored removes what it would have replaced.
//! - The slot never holds a value older than the newest version whose invalidation the server has carried out. Nothing needs
//!   to settle for that: a late store is refused by the slot, not repaired afterwards.
//! - Of those who compute under a lease that neither time nor the writer has taken from them, there is one.
//! - A tombstone is removed by time or by the writer, by nobody else.
//!
//! That these are worth something is shown by [`Variant`]: each leaves out one detail of the protocol, and for each the
//! checker finds a promise that breaks, and how.
//!
//! # What is shared with the code that runs
//!
//! What the server does to a slot is [`slot`](crate::store::key_state), which `MemoryStore` runs as well; in Redis it is
//! commands and scripts. The callers' side (`caller`, `flights`) is written after `engine` and `flight` by hand: those are
//! async code on a runtime with timers, which a checker cannot put into every order. Its functions bear the names of those
//! that they mirror, and a change there is to be made here.
//!
//! Left out: renewal, which compares and at most prolongs a lease, and a lease may live for any time here; the bounds on
//! attempts, after which a call computes without storing, as it does here when it gives up; calls within calls,
//! which `waits` is about; errors that followers share, which are no values.

mod batches;
mod caller;
mod canonical;
mod checks;
mod flights;
mod local;
mod server;
mod state;
mod tags;
mod tests;
mod waits;

use stateright::{Model, Property};

use caller::{Age, Outcome};
use server::Invalidation;
use state::{Actor, Content, Op, Phase, Reply, Seen, State, Value, Version, Who, bit};

/// The protocol, or one that lacks a detail of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sound,
    /// Who finds nothing computes and stores.
    NoLease,
    /// One nonce for all leases of a process, in place of a new one for each attempt.
    NoncePerClient,
    /// A lease is taken, but the store does not ask whether it is still there.
    StoreWithoutCompare,
    ReleaseWithoutCompare,
    /// A refresh does not ask whether the value that it replaces is still there.
    RefreshWithoutCompare,
    /// Any flight of the process may be joined.
    JoinUnseen,
    /// An old value that is served in place of an error goes to all followers, whether they have seen it themselves or not.
    FallbackToAllFollowers,
    /// A flight keeps its mark when its leader has given up waiting for the lease.
    MarkKeptAfterGivingUp,
    /// A value that is on its way to the store is given to who has not seen the mark in whose place it is to be.
    TakeUnseen,
    /// A refresh whose value is not to be stored leaves the old one where it is.
    OldValueStays,
    /// It removes whatever is there by then.
    RemovalWithoutCompare,
}

/// The protocol in a world of some size.
#[derive(Debug, Clone, Copy)]
struct Protocol {
    variant: Variant,
    /// The process of each caller.
    callers: &'static [u8],
    /// How many calls each caller makes, one after another.
    calls: u8,
    /// How often the writer changes the database.
    changes: Version,
    invalidations: &'static [Invalidation],
    ages: &'static [Age],
    outcomes: &'static [Outcome],
    crashes: u8,
    /// Whether callers stop waiting: for replies, for leases, and for flights.
    gives_up: bool,
    /// Whether callers of one process are taken for one another.
    symmetric: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Begin(Who),
    Execute(Who),
    ExecutePosted(usize),
    Receive(Who, Age),
    Close(Who),
    GiveUp(Who),
    /// The answer to a command that was posted does not come in time.
    GiveUpPosted(usize),
    ComputeAlone(Who),
    Finish(Who, Outcome),
    Change,
    Invalidate(Invalidation),
    Vanish,
    VanishClaim,
    Crash(u8),
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    /// Nothing in the slot, and a value.
    fn init_states(&self) -> Vec<State> {
        let mut actors: Vec<_> =
            self.callers.iter().map(|process| Actor::new(*process, false, self.calls)).collect();
        if self.ages.contains(&Age::Stale) {
            let mut processes = self.callers.to_vec();
            processes.dedup();
            actors.extend(processes.into_iter().map(|process| Actor::new(process, true, 0)));
        }
        let empty = State {
            database: 0,
            invalidated: 0,
            replaced: 0,
            slot: None,
            claim: None,
            actors,
            posted: Vec::new(),
            new_nonce: 1,
            crashes: self.crashes,
            orphan: None,
            lapsed: 0,
            served_old: false,
            served_replaced: false,
            broke_hold: false,
        };
        let full = State { slot: Some(Content::Value(Value { nonce: 0, version: 0 })), ..empty.clone() };
        vec![empty, full]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if let Some(who) = state.actors.iter().position(|actor| is_private(state, actor)) {
            return self.actions_of(state, who, actions);
        }
        for who in 0..state.actors.len() {
            self.actions_of(state, who, actions);
        }
        for (index, op) in state.posted.iter().enumerate() {
            // Of equal commands it does not matter which comes first.
            if index == 0 || state.posted[index - 1] != *op {
                actions.push(Action::ExecutePosted(index));
                let is_awaited = matches!(op, Op::Store { from: Some(_), .. });
                actions.extend((self.gives_up && is_awaited).then_some(Action::GiveUpPosted(index)));
            }
        }
        if state.database > state.invalidated {
            actions.extend(self.invalidations.iter().copied().map(Action::Invalidate));
        } else if state.database < self.changes {
            actions.push(Action::Change);
        }
        actions.extend(state.slot.map(|_| Action::Vanish));
        actions.extend(state.claim.map(|_| Action::VanishClaim));
        if state.crashes > 0 {
            let computing = |process: &u8| {
                state.actors.iter().any(|actor| actor.process == *process && actor.hold().is_some())
            };
            actions.extend([0, 1].into_iter().filter(computing).map(Action::Crash));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Begin(who) => self.begin(&mut state, who),
            Action::Execute(who) => self.execute(&mut state, who),
            Action::ExecutePosted(index) => self.execute_posted(&mut state, index),
            Action::Receive(who, age) => self.receive(&mut state, who, age),
            Action::Close(who) => self.close(&mut state, who),
            Action::GiveUp(who) => self.give_up(&mut state, who),
            Action::GiveUpPosted(index) => state.disown(|posted, _| posted == index),
            Action::ComputeAlone(who) => state.compute_alone(who),
            Action::Finish(who, outcome) => self.finish(&mut state, who, outcome),
            Action::Change => state.database += 1,
            Action::Invalidate(how) => state.invalidate(how),
            Action::Vanish => state.vanish(),
            Action::VanishClaim => state.vanish_claim(),
            Action::Crash(process) => state.crash(process),
        }
        state.tidy(self.symmetric);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NO_OLD_VALUE_SERVED, |_, state: &State| !state.served_old),
            Property::always(NO_REPLACED_VALUE_SERVED, |_, state: &State| !state.served_replaced),
            Property::always(NO_OLD_VALUE_STORED, |_, state: &State| match state.slot {
                Some(Content::Value(value)) => value.version >= state.invalidated,
                _ => true,
            }),
            Property::always(ONE_HOLDER, |_, state: &State| {
                holders(state, false) <= 1 && holders(state, true) <= 1
            }),
            Property::always(A_HOLD_HOLDS, |_, state: &State| !state.broke_hold),
            Property::sometimes(HIT, |_, state: &State| state.actors.iter().any(|actor| is_hit(actor.phase))),
            Property::sometimes(SHARED, |_, state: &State| {
                state.actors.iter().any(|actor| is_shared(state, actor))
            }),
            Property::sometimes(REFRESHED, |_, state: &State| {
                state.posted.iter().any(|op| matches!(op, Op::ReleaseClaim { stored: true, .. }))
            }),
            Property::sometimes(TAKEN_OVER, |_, state: &State| {
                state.actors.iter().any(|actor| actor.met_orphan && actor.hold().is_some())
            }),
        ]
    }
}

const NO_OLD_VALUE_SERVED: &str = "no call returns what was invalidated before it began";
const NO_REPLACED_VALUE_SERVED: &str =
    "no call returns what a refresh had replaced or removed before it began";
const NO_OLD_VALUE_STORED: &str = "the slot holds nothing older than the last invalidation";
const ONE_HOLDER: &str = "of those who compute under a lease that is theirs there is one";
const A_HOLD_HOLDS: &str = "a tombstone ends by time or by the writer";
const HIT: &str = "a hit";
const SHARED: &str = "a shared computation";
const REFRESHED: &str = "a refresh is stored";
const TAKEN_OVER: &str = "a waiter takes over from a crashed process";

impl Protocol {
    fn actions_of(&self, state: &State, who: Who, actions: &mut Vec<Action>) {
        let actor = &state.actors[who];
        match actor.phase {
            Phase::Idle => {
                // Of equal callers that rest, the first goes first: which of them does makes no difference.
                let is_first = !state.actors[..who].contains(actor);
                actions.extend((actor.calls > 0 && is_first).then_some(Action::Begin(who)));
            }
            Phase::Due(_) => actions.push(Action::Begin(who)),
            Phase::Asked(_) => {
                actions.push(Action::Execute(who));
                actions.extend(self.gives_up.then_some(Action::GiveUp(who)));
            }
            Phase::Answered(_, Reply::Found(Some(Content::Value(_)))) => {
                actions.extend(self.ages.iter().map(|age| Action::Receive(who, *age)));
            }
            Phase::Answered(op, _) => {
                actions.push(Action::Receive(who, Age::Fresh));
                let may_be_lost = matches!(op, Op::Acquire { .. } | Op::Replace { .. });
                actions.extend((self.gives_up && may_be_lost).then_some(Action::GiveUp(who)));
            }
            Phase::Opened(_) => actions.push(Action::Close(who)),
            Phase::Following { .. } => actions.extend(self.gives_up.then_some(Action::GiveUp(who))),
            Phase::Alone => actions.push(Action::ComputeAlone(who)),
            Phase::Computing { .. } => {
                actions.extend(self.outcomes.iter().map(|outcome| Action::Finish(who, *outcome)));
            }
        }
    }
}

/// Whether what an actor does next is seen by no other: it has its process to itself, and what it does is to think about a
/// reply. Such a step may go first. Nothing that the others do changes it or is changed by it, so every other order comes to
/// the same; which is why checking this one alone is enough (it is a partial-order reduction).
fn is_private(state: &State, actor: &Actor) -> bool {
    // Taking a granted lease is no such step: the database is read then.
    let thinks = matches!(
        actor.phase,
        Phase::Opened(Seen::Nothing | Seen::Lease(_) | Seen::Replace(_) | Seen::Unfit(_))
            | Phase::Answered(Op::Get, _)
            | Phase::Answered(_, Reply::Done(false))
    );
    // Whether a value of the process's own is still on its way is asked in some of these steps.
    let is_settled = state.landed(actor.process).next().is_none();
    thinks && is_settled && state.actors.iter().filter(|other| other.process == actor.process).count() == 1
}

/// How many compute under a lease that time and the writer have left them; `beside` the slot or in it.
fn holders(state: &State, beside: bool) -> usize {
    let holds = state.actors.iter().filter_map(Actor::hold);
    holds.filter(|hold| hold.base.is_some() == beside && state.lapsed & bit(hold.lease) == 0).count()
}

fn is_hit(phase: Phase) -> bool {
    matches!(phase, Phase::Answered(Op::Get, Reply::Found(Some(Content::Value(_)))))
}

/// Waits for a flight that computes.
fn is_shared(state: &State, actor: &Actor) -> bool {
    matches!(actor.phase, Phase::Following { leader, .. }
        if matches!(state.actors[leader].phase, Phase::Computing { .. }))
}
