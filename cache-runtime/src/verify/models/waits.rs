//! Functions that call functions, in one process: who waits for whom, and for how long.
//!
//! Each call leads the flight of its key, follows it, or computes alone, as in `engine::miss`; whether it waits at all is asked of
//! [`Waits`], the very one that calls use. What is stored does not matter here, nor when a call looks it up.

use std::hash::RandomState;

use stateright::{Model, Property};

use super::checks::{breaks, holds};
use crate::engine::flight::circle::Waits;

type Key = u8;

/// What calls wait for, or one detail of it left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sound,
    /// Nobody asks whether to wait would close a circle.
    Unasked,
    /// A call asks first and notes its wait later.
    AskedBefore,
    /// A wait is noted for the innermost computation that the call is within, and not for those around it.
    InnermostOnly,
    /// Calls within calls have a patience of their own.
    OwnPatience,
}

/// So long a call waits.
const PATIENCE: u8 = 2;

struct World {
    variant: Variant,
    /// Which functions each function calls, one after another.
    calls: &'static [&'static [Key]],
    /// What each task calls.
    tasks: &'static [Key],
    /// Functions that hang, led by somebody else.
    hung: &'static [Key],
    /// How deep calls may lie in each other; the deepest calls nobody.
    depth: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    tasks: Vec<Task>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Task {
    /// The computations that it is within, innermost last.
    frames: Vec<Frame>,
    waiting: Option<Wait>,
    /// What it has waited in all.
    waited: u8,
    is_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Frame {
    key: Key,
    leads: bool,
    /// How many of its calls have returned.
    returned: usize,
    /// What it may still wait.
    patience: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Wait {
    key: Key,
    patience: u8,
    /// False between asking and noting.
    is_noted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// The innermost computation calls its next function.
    Call(usize),
    /// A wait that was asked for begins.
    Note(usize),
    /// The innermost computation has no more to call, and returns.
    Return(usize),
    /// A wait takes its time.
    Tick(usize),
}

impl Task {
    fn keys(&self) -> impl Iterator<Item = &Key> + Clone {
        self.frames.iter().map(|frame| &frame.key)
    }

    fn compute(&mut self, key: Key, leads: bool, patience: u8) {
        self.waiting = None;
        self.frames.push(Frame { key, leads, returned: 0, patience });
    }

    /// The innermost call has its value.
    fn returned(&mut self) {
        self.waiting = None;
        match self.frames.last_mut() {
            Some(frame) => frame.returned += 1,
            None => self.is_over = true,
        }
    }

    /// What a call within may wait, if no longer than those around it.
    fn patience(&self) -> u8 {
        self.frames.iter().map(|frame| frame.patience).min().unwrap_or(PATIENCE)
    }
}

impl World {
    /// What the task calls next.
    fn next_call(&self, task: &Task, who: usize) -> Option<Key> {
        match task.frames.last() {
            None => Some(self.tasks[who]),
            Some(frame) if task.frames.len() < self.depth => {
                self.calls[usize::from(frame.key)].get(frame.returned).copied()
            }
            Some(_) => None,
        }
    }

    /// All waits that have been noted.
    fn waits(&self, state: &State) -> Waits<Key, RandomState> {
        let mut waits = Waits::default();
        for task in &state.tasks {
            if let Some(wait) = task.waiting.filter(|wait| wait.is_noted) {
                self.note(&mut waits, task, wait.key);
            }
        }
        waits
    }

    /// Whether to wait closes no circle, as far as the variant asks.
    fn note(&self, waits: &mut Waits<Key, RandomState>, task: &Task, key: Key) -> bool {
        let inner =
            if self.variant == Variant::InnermostOnly { task.frames.len().saturating_sub(1) } else { 0 };
        waits.begin(task.keys().skip(inner), &key) || self.variant == Variant::Unasked
    }

    fn call(&self, state: &mut State, who: usize, key: Key) {
        let is_led = self.hung.contains(&key)
            || state.tasks.iter().any(|task| task.frames.iter().any(|frame| frame.leads && frame.key == key));
        let patience = match self.variant {
            Variant::OwnPatience => PATIENCE,
            _ => state.tasks[who].patience(),
        };
        let is_within = state.tasks[who].keys().any(|own| *own == key);
        let mut waits = self.waits(state);
        let may_wait = is_led && !is_within && patience > 0 && self.note(&mut waits, &state.tasks[who], key);
        let task = &mut state.tasks[who];
        if may_wait {
            let is_noted = self.variant != Variant::AskedBefore;
            task.waiting = Some(Wait { key, patience, is_noted });
        } else {
            task.compute(key, !is_led, PATIENCE);
        }
    }

    fn return_of(&self, state: &mut State, who: usize) {
        let Some(frame) = state.tasks[who].frames.pop() else { return };
        state.tasks[who].returned();
        if frame.leads {
            let is_follower = |task: &&mut Task| task.waiting.is_some_and(|wait| wait.key == frame.key);
            state.tasks.iter_mut().filter(is_follower).for_each(Task::returned);
        }
    }

    fn tick(task: &mut Task) {
        let Some(wait) = &mut task.waiting else { return };
        task.waited += 1;
        wait.patience -= 1;
        task.frames.iter_mut().for_each(|frame| frame.patience = frame.patience.saturating_sub(1));
        let Wait { key, patience, .. } = *wait;
        if patience == 0 {
            // It has waited for all that it could.
            task.compute(key, false, 0);
        }
    }

    /// Somebody waits, and nothing but time would end it.
    fn is_stuck(&self, state: &State) -> bool {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        self.hung.is_empty()
            && !actions.is_empty()
            && actions.iter().all(|action| matches!(action, Action::Tick(_)))
    }
}

const NO_CIRCLE: &str = "nobody waits for who waits for it";
const ONE_PATIENCE: &str = "calls within a call wait no longer than one call";
const SHARED: &str = "a call waits for another's computation";
const ENDED: &str = "all calls end";

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State { tasks: vec![Task::default(); self.tasks.len()] }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (who, task) in state.tasks.iter().enumerate().filter(|(_, task)| !task.is_over) {
            actions.push(match task.waiting {
                Some(Wait { is_noted: true, .. }) => Action::Tick(who),
                Some(_) => Action::Note(who),
                None if self.next_call(task, who).is_some() => Action::Call(who),
                None => Action::Return(who),
            });
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Call(who) => {
                let key = self.next_call(&state.tasks[who], who)?;
                self.call(&mut state, who, key);
            }
            Action::Note(who) => state.tasks[who].waiting.as_mut()?.is_noted = true,
            Action::Return(who) => self.return_of(&mut state, who),
            Action::Tick(who) => Self::tick(&mut state.tasks[who]),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NO_CIRCLE, |world: &Self, state| !world.is_stuck(state)),
            Property::always(ONE_PATIENCE, |_, state: &State| {
                state.tasks.iter().all(|task| task.waited <= PATIENCE)
            }),
            Property::sometimes(SHARED, |_, state: &State| {
                state.tasks.iter().any(|task| task.waiting.is_some())
            }),
            Property::sometimes(ENDED, |_, state: &State| state.tasks.iter().all(|task| task.is_over)),
        ]
    }
}

/// Two functions that call each other.
fn pair() -> World {
    World { variant: Variant::Sound, calls: &[&[1], &[0]], tasks: &[0, 1], hung: &[], depth: 4 }
}

/// Three, in a ring and across it, called by three tasks.
fn ring() -> World {
    World { calls: &[&[1, 2], &[2, 0], &[0, 1]], tasks: &[0, 1, 2], depth: 3, ..pair() }
}

/// A function three calls deep, all of which others compute and never end.
fn hanging() -> World {
    World { calls: &[&[1], &[2], &[]], tasks: &[0, 0], hung: &[0, 1, 2], ..pair() }
}

#[test]
fn nobody_waits_in_a_circle_and_all_have_one_patience() {
    holds("two functions that call each other", pair(), &[]);
    holds("three in a ring", ring(), &[]);
    holds("three deep, all of which hang", hanging(), &[]);
}

/// What breaks without which detail, and in which world.
#[test]
fn each_detail_is_needed() {
    for (variant, world, promise) in [
        (Variant::Unasked, pair(), NO_CIRCLE),
        (Variant::AskedBefore, pair(), NO_CIRCLE),
        // By way of an outer call.
        (Variant::InnermostOnly, ring(), NO_CIRCLE),
        (Variant::OwnPatience, hanging(), ONE_PATIENCE),
    ] {
        breaks(variant, World { variant, ..world }, promise);
    }
}
