//! The protocol, checked exhaustively: every order of steps that a small world allows, by `stateright`.
//!
//! # The world
//!
//! Callers in one or two processes, a background refresher in each, one writer, one key or two, each with a slot and the lease
//! beside it, and time. A call is a slice of keys, as in the engine: one for a function of its own, both, in either order, for a
//! batch. A command is sent, carried out by the server in one atomic step, and answered: three moments, so that anything may come
//! between, and the one who waits may give up between any two of them. A look-up is one step for all keys, as one `MGET` is; leases
//! and stores are one for each key, in any order. Stores and releases are posted, and arrive in any order, late, or after the
//! process that sent them has crashed. What is in a slot may vanish at any time: so leases, values and tombstones expire, and
//! values are evicted. A value is of any age at any time, as the reader pleases. The writer changes the database's version and then
//! invalidates, by removal, by tombstone or by a new value.
//!
//! Two simplifications make the promises stronger, not weaker: an invalidation counts as returned when the server has
//! carried it out, and a call as begun when its look-up has been. Three make the world smaller and change nothing: see
//! `canonical` and [`World::is_private`]. A world has the features that it names, and no more: with two keys, a look-up is answered
//! at once, and rounds are counted, as they are in the engine.
//!
//! # What is promised
//!
//! - **No call returns a version older than one whose invalidation had returned when the call began.**
//! - **Nor one older than a value that had taken its place, or had removed it, when the call began:** a recomputation whose value is
//!   not to be stored removes what it would have replaced.
//! - The slot never holds a value older than the newest version whose invalidation the server has carried out. Nothing needs
//!   to settle for that: a late store is refused by the slot, not repaired afterwards.
//! - Of those who compute a key under a lease that neither time nor the writer has taken from them, there is one.
//! - A tombstone is removed by time or by the writer, by nobody else.
//! - Nobody waits in a circle, which only time would end: two batches may each hold what the other needs.
//!
//! That these are worth something is shown by [`Variant`]: each leaves out one detail of the protocol, and for each the
//! checker finds a promise that breaks, and how.
//!
//! # What is shared with the code that runs
//!
//! What the server does to a slot is [`key_state`](crate::store::key_state), which `MemoryStore` runs as well; in Redis it is
//! commands and scripts. The callers' side (`course`, `compute`, `flights`) is written after `engine` by hand: that is async code on
//! a runtime with timers, which a checker cannot put into every order. Its functions bear the names of those that they mirror, and
//! a change there is to be made here.
//!
//! Left out: renewal, which compares and at most prolongs a lease, and a hit with `sliding` or a body with `conditional`, which do so with a value: both may live for
//! any time here; versions of a program that are kept apart, each of which has a slot of its own, where an invalidation is one of
//! every slot before it returns; the bounds on
//! attempts of calls for one key, after which a call computes without storing, as it does here when it gives up; calls within
//! calls, which `waits` is about; errors that followers share, which are no values; the entry that says that there is no value.

mod canonical;
mod checks;
mod compute;
mod course;
mod flights;
mod local;
mod promises;
mod revalidation;
mod sentinels;
mod server;
mod state;
mod tags;
mod tests;
mod waits;

use stateright::{Model, Property};

use compute::Outcome;
use course::{Age, is_waiting};
use server::Invalidation;
use state::{
    Caller, Content, Course, KEYS, Key, Kind, Lookup, Miss, Op, Reply, Stage, State, Value, Version, Who,
};

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
    /// The values of a batch are stored if one of its leases is still there.
    StoreIfAnyIsHeld,
    ReleaseWithoutCompare,
    /// A refresh does not ask whether the value that it replaces is still there.
    RefreshWithoutCompare,
    /// A call waits for others before it computes what it has leases for.
    WaitBeforeComputing,
    /// It waits for flights of its process before it looks after the leases of others.
    FollowBeforePolling,
    /// Any flight of the process may be joined.
    JoinUnseen,
    /// An old value that is served in place of an error goes to all followers, whether they have seen it themselves or not.
    FallbackToAllFollowers,
    /// A flight keeps its mark when its leader does not know whether it has the lease.
    MarkKeptUnanswered,
    /// A value that is on its way to the store is given to who has not seen the mark in whose place it is to be.
    TakeUnseen,
    /// A recomputation whose value is not to be stored leaves the old one where it is.
    OldValueStays,
    /// It removes whatever is there by then.
    RemovalWithoutCompare,
}

/// The protocol in a world of some size.
#[derive(Debug, Clone, Copy)]
struct World {
    variant: Variant,
    /// The process of each caller, and the keys of its calls in their order.
    callers: &'static [(u8, &'static [Key])],
    /// Those that are within a bypass.
    forced: &'static [Who],
    /// How many calls each caller makes, one after another.
    calls: u8,
    /// What the writer changes, in this order.
    changes: &'static [Key],
    invalidations: &'static [Invalidation],
    ages: &'static [Age],
    outcomes: &'static [Outcome],
    crashes: u8,
    /// Whether leases run out and values are evicted.
    expires: bool,
    /// Whether callers stop waiting: for replies, for leases, and for flights.
    gives_up: bool,
    /// Whether a look-up is answered at once.
    is_prompt: bool,
    /// Whether calls for one key may ask for the lease in place of the value.
    leases_first: bool,
    /// How many rounds a call makes before it computes without storing, if they are counted.
    rounds: Option<u8>,
    /// Whether callers of one process are taken for one another.
    symmetric: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Begin(Who),
    LeaseFirst(Who),
    LookUp(Who),
    Receive(Who, Age),
    Close(Who),
    Acquire(Who, Key),
    /// The answer about a lease does not come.
    Unanswered(Who, Key),
    Answered(Who),
    GiveUp(Who),
    Read(Who),
    Finish(Who, Outcome),
    Execute(usize),
    /// The answer to a store does not come in time.
    UnansweredStore(usize),
    Change,
    Invalidate(Key, Invalidation),
    Vanish(Key),
    VanishBeside(Key),
    Crash(u8),
}

impl Model for World {
    type State = State;
    type Action = Action;

    /// Nothing there; one value; both.
    fn init_states(&self) -> Vec<State> {
        let caller = |(who, (process, keys)): (Who, &(u8, &'static [Key]))| {
            let kind = if self.forced.contains(&who) { Kind::Forced } else { Kind::Call };
            Caller::new(kind, *process, keys, self.calls)
        };
        let mut callers: Vec<Caller> = self.callers.iter().enumerate().map(caller).collect();
        if self.ages.contains(&Age::Stale) {
            let mut processes = self.callers.to_vec();
            processes.dedup_by_key(|(process, _)| *process);
            let refreshers =
                processes.into_iter().map(|(of, keys)| Caller::new(Kind::Refresher, of, keys, 0));
            callers.extend(refreshers);
        }
        let state = |slots| State {
            database: [0; 2],
            invalidated: [0; 2],
            replaced: [0; 2],
            slots,
            beside: [None; 2],
            callers: callers.clone(),
            posted: Vec::new(),
            new_nonce: 2,
            crashes: self.crashes,
            orphan: None,
            served_old: false,
            served_replaced: false,
            broke_hold: false,
        };
        let [first, second] = [0, 1].map(|nonce| Some(Content::Value(Value { nonce, version: 0 })));
        let mut slots = vec![[None, None], [first, None]];
        slots.extend(self.is_of_batches().then_some([first, second]));
        slots.into_iter().map(state).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if let Some(who) = (0..state.callers.len()).find(|who| Self::is_private(state, *who)) {
            return self.actions_of(state, who, actions);
        }
        for who in 0..state.callers.len() {
            self.actions_of(state, who, actions);
        }
        for (index, posted) in state.posted.iter().enumerate() {
            // Of equal commands it does not matter which comes first.
            if index == 0 || state.posted[index - 1] != *posted {
                actions.push(Action::Execute(index));
                let is_awaited = matches!(posted, (_, Op::Store { from: Some(_), .. }));
                actions.extend((self.gives_up && is_awaited).then_some(Action::UnansweredStore(index)));
            }
        }
        if let Some(key) = KEYS.into_iter().find(|key| state.database[*key] > state.invalidated[*key]) {
            actions.extend(self.invalidations.iter().map(|how| Action::Invalidate(key, *how)));
        } else {
            actions.extend(self.next_change(state).map(|_| Action::Change));
        }
        let is_full = |content: &Option<Content>| self.expires && content.is_some();
        actions.extend(KEYS.into_iter().filter(|key| is_full(&state.slots[*key])).map(Action::Vanish));
        actions.extend(KEYS.into_iter().filter(|key| is_full(&state.beside[*key])).map(Action::VanishBeside));
        if state.crashes > 0 {
            let computing = |process: &u8| {
                let is_computing = |miss: &Miss| miss.permit().is_some();
                let mut of_process = state.callers.iter().filter(|caller| caller.process == *process);
                of_process.any(|caller| caller.misses.iter().any(is_computing))
            };
            actions.extend([0, 1].into_iter().filter(computing).map(Action::Crash));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Begin(who) => self.begin(&mut state, who),
            Action::LeaseFirst(who) => self.lease_first(&mut state, who),
            Action::LookUp(who) => self.look_up(&mut state, who),
            Action::Receive(who, age) => self.claim(&mut state, who, age),
            Action::Close(who) => self.close(&mut state, who),
            Action::Acquire(who, key) => self.acquire(&mut state, who, key),
            Action::Unanswered(who, key) => self.unanswered(&mut state, who, key),
            Action::Answered(who) => self.answered(&mut state, who),
            Action::GiveUp(who) => self.give_up(&mut state, who),
            Action::Read(who) => state.read(who),
            Action::Finish(who, outcome) => self.finish(&mut state, who, outcome),
            Action::Execute(index) => self.execute(&mut state, index),
            Action::UnansweredStore(index) => state.disown(|posted, _| posted == index),
            Action::Change => state.database[self.next_change(&state)?] += 1,
            Action::Invalidate(key, how) => state.invalidate(key, how),
            Action::Vanish(key) => state.vanish(key),
            Action::VanishBeside(key) => state.vanish_beside(key),
            Action::Crash(process) => state.crash(process),
        }
        // Who goes on by itself to compute reads at once: it could have come here at any time.
        if let Action::Receive(who, _)
        | Action::Close(who)
        | Action::Answered(who)
        | Action::Unanswered(who, _)
        | Action::GiveUp(who) = action
            && state.callers[who].course == Course::Computing
        {
            state.read(who);
        }
        state.tidy(self.symmetric);
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        self.promises()
    }
}

impl World {
    fn is_of_batches(&self) -> bool {
        self.callers.iter().any(|(_, keys)| keys.len() > 1)
    }

    fn next_change(&self, state: &State) -> Option<Key> {
        let done: Version = state.database.iter().sum();
        self.changes.get(usize::from(done)).copied()
    }

    fn actions_of(&self, state: &State, who: Who, actions: &mut Vec<Action>) {
        let caller = &state.callers[who];
        let gives_up = |action| self.gives_up.then_some(action);
        match caller.course {
            Course::Idle => {
                // Of equal callers that rest, the first goes first: which of them does makes no difference.
                let is_first = !state.callers[..who].contains(caller);
                let is_due = caller.calls > 0 || caller.any(|stage| matches!(stage, Stage::Stale(_)));
                actions.extend((is_due && is_first).then_some(Action::Begin(who)));
                let may_lease = self.leases_first && caller.kind == Kind::Call && caller.keys.len() == 1;
                actions.extend((is_due && is_first && may_lease).then_some(Action::LeaseFirst(who)));
            }
            Course::Running if caller.any(|stage| matches!(stage, Stage::Answered(_))) => {
                let is_value = |stage| matches!(stage, Stage::Answered(Some(Content::Value(_))));
                let ages = if caller.any(is_value) { self.ages } else { &[Age::Fresh] };
                actions.extend(ages.iter().map(|age| Action::Receive(who, *age)));
            }
            Course::Running if caller.any(|stage| matches!(stage, Stage::Found(_))) => {
                actions.push(Action::Close(who));
            }
            Course::Running if caller.any(|stage| matches!(stage, Stage::Asked(..))) => {
                let of_key = |key: &Key| match caller.misses[*key].stage {
                    Stage::Asked(_, None, _) => {
                        [Some(Action::Acquire(who, *key)), gives_up(Action::Unanswered(who, *key))]
                    }
                    Stage::Asked(_, Some(Reply::Granted), _) => {
                        [gives_up(Action::Unanswered(who, *key)), None]
                    }
                    _ => [None, None],
                };
                actions.extend(KEYS.iter().flat_map(of_key).flatten());
                let is_asked = caller.any(|stage| matches!(stage, Stage::Asked(_, None, _)));
                actions.extend((!is_asked).then_some(Action::Answered(who)));
            }
            Course::Running => {
                let asks = caller.any(|stage| stage == Stage::Open) || self.polls(caller);
                actions.extend(asks.then_some(Action::LookUp(who)));
                actions.extend(gives_up(Action::GiveUp(who)));
            }
            Course::Computing => actions.push(Action::Read(who)),
            Course::Read(_) => {
                actions.extend(self.outcomes.iter().map(|outcome| Action::Finish(who, *outcome)));
            }
        }
    }

    /// Whether what a caller does next is seen by no other: it has its process to itself, and what it does is to think about a
    /// reply. Such a step may go first. Nothing that the others do changes it or is changed by it, so every other order comes to
    /// the same; which is why checking this one alone is enough (it is a partial-order reduction).
    fn is_private(state: &State, who: Who) -> bool {
        let caller = &state.callers[who];
        // Where the database is read next, it is no such step.
        let thinks = |miss: &Miss| match miss.stage {
            Stage::Answered(found) => !matches!(found, Some(Content::Tombstone(_))),
            Stage::Found(lookup) => !matches!(lookup, Lookup::Tombstone | Lookup::Unknown),
            Stage::Asked(_, reply, _) => {
                reply == Some(Reply::Refused) && miss.fallback.is_none_or(|old| old.is_fresh)
            }
            _ => false,
        };
        let rests = |miss: &Miss| miss.stage == Stage::Done || is_waiting(miss.stage);
        caller.course == Course::Running
            && caller.kind != Kind::Forced
            && caller.misses.iter().any(thinks)
            && caller.misses.iter().all(|miss| thinks(miss) || rests(miss))
            // Whether a value of the process's own is still on its way is asked in some of these steps.
            && KEYS.iter().all(|key| state.storing(who, *key).next().is_none())
            && state.callers.iter().filter(|other| other.process == caller.process).count() == 1
    }
}
