//! What each step does. The functions bear the names of those in `local` and `store/redis/watch` that they mirror.

use super::{
    Action, Connection, FOR_EVER, Front, Index, Message, Phase, Request, State, Tier, Time, Variant, Who,
};

impl Tier {
    pub(crate) fn step(&self, state: &mut State, action: Action) {
        match action {
            Action::Tick => state.tick(self.staleness),
            Action::Change => state.write(Message::Changed),
            Action::Empty => state.write(Message::Emptied),
            Action::OwnInvalidation => {
                state.write(Message::Changed);
                state.own = Some(state.current);
            }
            Action::OwnReturns => self.own_returns(state),
            Action::Execute(index) => self.execute(state, index),
            Action::Deliver(index) => self.deliver(state, index),
            Action::Break(index) => {
                let connection = &mut state.connections[index];
                connection.is_up = false;
                connection.is_tracked = false;
                connection.requests.clear();
            }
            Action::End => self.ended(state),
            Action::Clear => {
                state.kept = None;
                state.is_clearing = false;
                if self.variant != Variant::NotRaisedAfterClearing {
                    state.raise(self.variant);
                }
            }
            Action::Connect => self.connected(state),
            Action::Ping => {
                if let Some(epoch) = state.epoch {
                    state.ask(epoch, Request::Ping { age: 0 });
                }
            }
            Action::Ask(who) => {
                let over = state.connections.len() - 1;
                state.ask(over, Request::Get(who));
                state.readers[who] = Phase::Asked { is_valid: true, over };
            }
            Action::Admit(who) => self.admit(state, who),
            Action::Note => {
                let found = state.kept.filter(|_| self.variant == Variant::GenerationAfterTheMap);
                state.front = Front::Noted { is_valid: true, found };
            }
            Action::PutInFront => self.put_in_front(state),
        }
    }

    /// What the map has, if it may be served, for as long as that.
    fn put_in_front(&self, state: &mut State) {
        let Front::Noted { is_valid, found } = state.front else { return };
        let is_valid = is_valid || found.is_some();
        let good_for = if self.variant == Variant::FrontWithoutEnd { FOR_EVER } else { state.good_for };
        state.front = match found.or(state.kept) {
            Some(version) if is_valid && state.good_for > 0 => Front::Holds { version, good_for },
            _ => Front::None,
        };
    }

    /// The server carries out the connection's next request.
    fn execute(&self, state: &mut State, index: Index) {
        let version = state.current;
        let connection = &mut state.connections[index];
        match connection.requests.remove(0) {
            Request::Get(who) => {
                connection.is_tracked |= self.variant != Variant::UntrackedFill;
                connection.wire.push(Message::Found(who, version));
            }
            Request::Ping { age } => connection.wire.push(Message::Pong { age }),
        }
    }

    /// The process hears the next thing that the server said.
    fn deliver(&self, state: &mut State, index: Index) {
        match state.connections[index].wire.remove(0) {
            Message::Found(who, version) => {
                if let Phase::Asked { is_valid, over } = state.readers[who] {
                    state.readers[who] = Phase::Answered { is_valid, over, version };
                }
            }
            Message::Changed => state.forget(self.variant),
            Message::Emptied => state.forget_all(self.variant),
            Message::Pong { age } => {
                let counted = if self.variant == Variant::BoundFromTheAnswer { 0 } else { age };
                self.confirmed(state, index, counted);
            }
        }
    }

    fn connected(&self, state: &mut State) {
        state.connections.push(Connection {
            is_up: true,
            is_tracked: false,
            requests: Vec::new(),
            wire: Vec::new(),
        });
        let index = state.connections.len() - 1;
        state.epoch = Some(index);
        self.confirmed(state, index, 0);
    }

    /// What was asked `age` ago has been answered.
    fn confirmed(&self, state: &mut State, index: Index, age: Time) {
        if state.epoch == Some(index) {
            let is_bounded = self.variant != Variant::NoHeartbeat;
            state.good_for = if is_bounded { self.staleness.saturating_sub(age) } else { FOR_EVER };
        }
    }

    fn ended(&self, state: &mut State) {
        state.epoch = None;
        state.good_for = 0;
        if self.variant != Variant::NoFlushOnReconnect {
            state.forget_all(self.variant);
        }
    }

    fn own_returns(&self, state: &mut State) {
        if self.variant != Variant::OwnWritesNotDropped {
            state.forget(self.variant);
        }
        state.floor = state.own.take().unwrap_or(state.floor);
    }

    fn admit(&self, state: &mut State, who: Who) {
        if let Phase::Answered { is_valid, over, version } = state.readers[who]
            && (is_valid || self.variant == Variant::NoGenerationGuard)
            && (state.epoch == Some(over) || self.variant == Variant::NoEpoch)
        {
            state.kept = Some(version);
        }
        state.readers[who] = Phase::Idle;
    }
}

impl State {
    /// A new version. Who has read the old one is told, once.
    fn write(&mut self, word: Message) {
        self.current += 1;
        self.ages.push(0);
        for connection in self.connections.iter_mut().filter(|connection| connection.is_tracked) {
            connection.wire.push(word);
            connection.is_tracked = false;
        }
    }

    /// What is sent where the server is gone is lost.
    fn ask(&mut self, over: Index, request: Request) {
        let connection = &mut self.connections[over];
        if connection.is_up {
            connection.requests.push(request);
        }
    }

    fn tick(&mut self, oldest: Time) {
        let ages_of = |connection: &mut Connection| {
            for request in &mut connection.requests {
                if let Request::Ping { age } = request {
                    *age = (*age + 1).min(oldest);
                }
            }
            for message in &mut connection.wire {
                if let Message::Pong { age } = message {
                    *age = (*age + 1).min(oldest);
                }
            }
        };
        self.connections.iter_mut().for_each(ages_of);
        self.ages.iter_mut().for_each(|age| *age = (*age + 1).min(oldest));
        if self.good_for != FOR_EVER {
            self.good_for = self.good_for.saturating_sub(1);
        }
        if let Front::Holds { good_for, .. } = &mut self.front
            && *good_for != FOR_EVER
        {
            *good_for = good_for.saturating_sub(1);
        }
    }

    fn forget(&mut self, variant: Variant) {
        self.raise(variant);
        self.kept = None;
    }

    fn forget_all(&mut self, variant: Variant) {
        self.raise(variant);
        self.is_clearing = true;
    }

    /// The generation.
    fn raise(&mut self, variant: Variant) {
        match &mut self.front {
            Front::Noted { is_valid, .. } => *is_valid = false,
            // It is found again where it is, until it is looked for.
            Front::Holds { .. } if variant == Variant::FrontWithoutGeneration => {}
            Front::None | Front::Holds { .. } => self.front = Front::None,
        }
        for phase in &mut self.readers {
            if let Phase::Asked { is_valid, .. } | Phase::Answered { is_valid, .. } = phase {
                *is_valid = false;
            }
        }
    }

    /// Forgets what nothing will ask about.
    pub(crate) fn tidy(&mut self) {
        if matches!(
            self.front,
            Front::Holds { good_for: 0, .. } | Front::Noted { is_valid: false, found: None }
        ) {
            self.front = Front::None;
        }
        self.give_up_the_unanswerable();
        for (index, connection) in self.connections.iter_mut().enumerate() {
            if self.epoch != Some(index) {
                connection.requests.retain(|request| matches!(request, Request::Get(_)));
                connection.wire.retain(|message| !matches!(message, Message::Pong { .. }));
            }
        }
        let is_on_the_old =
            |phase: &Phase| matches!(phase, Phase::Asked { over: 0, .. } | Phase::Answered { over: 0, .. });
        if self.connections.len() == 2 && !self.readers.iter().any(is_on_the_old) {
            self.drop_the_old_connection();
        }
    }

    /// What it would still tell drops what a process may drop at any time.
    fn drop_the_old_connection(&mut self) {
        self.connections.remove(0);
        self.epoch = self.epoch.map(|_| 0);
        for phase in &mut self.readers {
            if let Phase::Asked { over, .. } | Phase::Answered { over, .. } = phase {
                *over = 0;
            }
        }
    }

    /// Readers whose answer cannot come any more give up, at once: when they do makes no difference to what is kept.
    fn give_up_the_unanswerable(&mut self) {
        for who in 0..self.readers.len() {
            let Phase::Asked { over, .. } = self.readers[who] else { continue };
            let Connection { requests, wire, .. } = &self.connections[over];
            let is_coming = requests.contains(&Request::Get(who))
                || wire.iter().any(|message| matches!(message, Message::Found(of, _) if *of == who));
            if !is_coming {
                self.readers[who] = Phase::Idle;
            }
        }
    }
}
