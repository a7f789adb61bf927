//! Sentinels, checked exhaustively: three of them, two servers that take over from each other, and a process that connects again and again.
//!
//! # The world
//!
//! A failover makes the other server the primary, under the next epoch. One sentinel knows that at once, each of the others hears of it some time
//! later, and so does the server that was replaced: until then it says that it is a primary, and takes writes. A process asks all sentinels, of which
//! any may not answer; decides by what they have said, however long ago that is by then; and asks the server for its role. Its connection
//! may end at any time, and a sentinel may tell it of a failover at any time after having heard.
//!
//! `sentinel::decision` is the code that runs; what is here besides is `SentinelReports` and the check of a new connection, by hand.
//!
//! # What is promised
//!
//! - A process does not go back to a server that it knows to be replaced.
//! - One that knows nothing yet does not connect to a server of which a majority knew that it was replaced.
//! - What any sentinel has said of a failover is acted on.
//! - A server that says that it is a replica is not taken for the primary.
//!
//! What is not promised: that nobody writes to a replaced server of which nobody has told. `guarantees.md` says what is done about that.

use std::sync::Arc;

use stateright::{Model, Property};

use super::checks::{breaks, holds};
use crate::error::{Error, ErrorKind};
use crate::store::redis::connection::locate::Location;
use crate::store::redis::topology::sentinel::decision::{Word, decide, is_majority};

const SENTINELS: usize = 3;
const FAILOVERS: u8 = 2;

type Epoch = u8;

/// The way to find the primary, or one that lacks a detail of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sound,
    /// Whoever says that it is a primary is one. Nothing else is asked of those that sentinels name.
    RoleOnly,
    /// Each decision is made as if it were the first.
    OldAnswerTaken,
    /// One sentinel is enough for who knows nothing.
    NoMajority,
    /// What most of them say counts, whatever its epoch.
    MostSaySo,
    /// The server is not asked for its role.
    RoleUnasked,
}

/// What each sentinel has answered. Nothing, if it has not.
type Answers = [Option<Epoch>; SENTINELS];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// `majority`: the newest epoch that most sentinels knew when they were asked.
    Decides {
        answers: Answers,
        majority: Epoch,
    },
    Connected(Epoch),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    epoch: Epoch,
    sentinels: [Epoch; SENTINELS],
    /// Whether each server says that it is a primary.
    is_primary: [bool; 2],
    phase: Phase,
    known: Option<Epoch>,
    /// The newest epoch that this process has ever acted on.
    acted_on: Epoch,
    went_back: bool,
    missed: bool,
    ignored: bool,
    took_replica: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Failover {
        leader: usize,
    },
    Hear(usize),
    /// The replaced server is told.
    Demote,
    Ask {
        answering: [bool; SENTINELS],
    },
    Connect,
    Tell(usize),
    Disconnect,
}

const NOT_BACK: &str = "nobody goes back to a server that he knows to be replaced";
const MAJORITY: &str = "who knows nothing does not connect to what a majority knew to be replaced";
const NEWEST: &str = "what a sentinel has said of a failover is acted on";
const NO_REPLICA: &str = "nobody takes a replica for the primary";

/// Where the primary of an epoch is.
fn server(epoch: Epoch) -> usize {
    usize::from(epoch % 2)
}

fn location(epoch: Epoch) -> Arc<Location> {
    let port = if server(epoch) == 0 { 1 } else { 2 };
    Arc::new(Location { epoch: epoch.into(), host: "10.0.0.1".into(), port })
}

fn word(answer: Option<Epoch>) -> Word {
    match answer {
        Some(epoch) => Word::Primary(location(epoch), Vec::new()),
        None => Word::Nothing(Error::new(ErrorKind::Timeout, "no answer")),
    }
}

#[derive(Debug, Clone, Copy)]
struct Sentinels {
    variant: Variant,
}

impl Model for Sentinels {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            epoch: 0,
            sentinels: [0; SENTINELS],
            is_primary: [true, false],
            phase: Phase::Idle,
            known: None,
            acted_on: 0,
            went_back: false,
            missed: false,
            ignored: false,
            took_replica: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.epoch < FAILOVERS {
            // A failover begins where the last one is known.
            let leaders = (0..SENTINELS).filter(|leader| state.sentinels[*leader] == state.epoch);
            actions.extend(leaders.map(|leader| Action::Failover { leader }));
        }
        actions.extend((0..SENTINELS).filter(|at| state.sentinels[*at] < state.epoch).map(Action::Hear));
        actions.extend(state.is_primary[1 - server(state.epoch)].then_some(Action::Demote));
        match state.phase {
            Phase::Idle => actions.extend((1..1_u8 << SENTINELS).map(|set| Action::Ask {
                answering: std::array::from_fn(|sentinel| set & (1 << sentinel) != 0),
            })),
            Phase::Decides { .. } => actions.push(Action::Connect),
            Phase::Connected(_) => actions.push(Action::Disconnect),
        }
        actions
            .extend(state.known.is_some().then_some((0..SENTINELS).map(Action::Tell)).into_iter().flatten());
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Failover { leader } => {
                state.epoch += 1;
                state.sentinels[leader] = state.epoch;
                state.is_primary[server(state.epoch)] = true;
            }
            Action::Hear(sentinel) => state.sentinels[sentinel] = state.epoch,
            Action::Demote => state.is_primary[1 - server(state.epoch)] = false,
            Action::Ask { answering } => {
                let answers = std::array::from_fn(|at| answering[at].then_some(state.sentinels[at]));
                let knows = |epoch: &Epoch| state.sentinels.iter().filter(|known| *known >= epoch).count();
                let majority = (0..=state.epoch).rev().find(|epoch| is_majority(knows(epoch), SENTINELS));
                state.phase = Phase::Decides { answers, majority: majority.unwrap_or(0) };
            }
            Action::Connect => {
                if let Phase::Decides { answers, majority } = state.phase {
                    state.phase = Phase::Idle;
                    self.connect(&mut state, answers, majority);
                }
            }
            Action::Tell(sentinel) => {
                let told = state.sentinels[sentinel];
                if state.known.is_some_and(|known| told > known) {
                    state.known = Some(told);
                    state.acted_on = state.acted_on.max(told);
                    // It ends with the news.
                    state.phase = Phase::Idle;
                }
            }
            Action::Disconnect => state.phase = Phase::Idle,
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NOT_BACK, |_, state: &State| !state.went_back),
            Property::always(MAJORITY, |_, state: &State| !state.missed),
            Property::always(NEWEST, |_, state: &State| !state.ignored),
            Property::always(NO_REPLICA, |_, state: &State| !state.took_replica),
            Property::sometimes("it is at the newest primary", |_, state: &State| {
                state.phase == Phase::Connected(FAILOVERS)
            }),
            Property::sometimes(
                "it is at a replaced server of which nobody has told",
                |_, state: &State| matches!(state.phase, Phase::Connected(epoch) if epoch < state.epoch),
            ),
        ]
    }
}

impl Sentinels {
    /// Which epoch's primary to connect to.
    fn decided(&self, state: &State, answers: Answers) -> Option<Epoch> {
        let known = match self.variant {
            Variant::OldAnswerTaken => None,
            _ => state.known.map(location),
        };
        let named = || answers.iter().copied().flatten();
        match self.variant {
            Variant::RoleOnly => named().find(|epoch| state.is_primary[server(*epoch)]),
            Variant::NoMajority if known.is_none() => named().max(),
            Variant::MostSaySo => {
                let votes = |epoch: &Epoch| named().filter(|named| named == epoch).count();
                named().filter(|_| is_majority(named().count(), SENTINELS)).max_by_key(votes)
            }
            _ => {
                let decided = decide("cache", &answers.map(word), known.as_ref()).ok()?;
                u8::try_from(decided.epoch).ok()
            }
        }
    }

    fn connect(&self, state: &mut State, answers: Answers, majority: Epoch) {
        let Some(epoch) = self.decided(state, answers) else { return };
        let was_known = state.known.replace(epoch);
        let is_primary = state.is_primary[server(epoch)];
        if !is_primary && self.variant != Variant::RoleUnasked {
            return;
        }
        state.took_replica |= !is_primary;
        state.went_back |= epoch < state.acted_on;
        state.missed |= was_known.is_none() && epoch < majority;
        state.ignored |= answers.iter().flatten().any(|answered| epoch < *answered);
        state.acted_on = state.acted_on.max(epoch);
        state.phase = Phase::Connected(epoch);
    }
}

#[test]
fn the_primary_is_found_in_every_order_of_steps() {
    holds("sentinels", Sentinels { variant: Variant::Sound }, &[]);
}

#[test]
fn who_asks_for_less_is_led_astray() {
    for (variant, promises) in [
        (Variant::RoleOnly, &[NOT_BACK, MAJORITY, NEWEST][..]),
        (Variant::OldAnswerTaken, &[NOT_BACK]),
        (Variant::NoMajority, &[MAJORITY]),
        (Variant::MostSaySo, &[NOT_BACK, NEWEST]),
        (Variant::RoleUnasked, &[NO_REPLICA]),
    ] {
        for promise in promises {
            breaks(variant, Sentinels { variant }, promise);
        }
    }
}
