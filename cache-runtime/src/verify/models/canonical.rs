//! One form for all states that differ in names only. It is what keeps the worlds finite, and small.

use super::state::{Actor, Content, Flight, Hold, Nonce, Old, Op, Phase, Reply, Seen, State, Value, bit};

/// From here on nonces are names of clients, as the variant with a nonce per client has them, and mean something.
pub(crate) const NONCE_OF_CLIENT: Nonce = 50;

impl State {
    /// Forgets what nothing will ask about, and gives nonces the smallest names, in the order in which they appear. With
    /// `symmetric`, callers of one process are sorted too: which of them is which makes no difference to any promise, but
    /// it does to who reads a trace.
    pub(crate) fn tidy(&mut self, symmetric: bool) {
        let held = self.actors.iter().filter_map(Actor::hold).fold(0, |bits, hold| bits | bit(hold.lease));
        self.lapsed &= held;
        if self.orphan != self.slot.map(Content::nonce) {
            self.orphan = None;
        }
        if symmetric {
            self.sort_actors();
        }
        self.rename();
        self.posted.sort_unstable();
    }

    fn sort_actors(&mut self) {
        let mut order: Vec<usize> = (0..self.actors.len()).collect();
        order.sort_by_key(|who| {
            let actor = &self.actors[*who];
            (actor.refresher, actor.process, actor)
        });
        let mut sorted: Vec<Actor> = order.iter().map(|who| self.actors[*who].clone()).collect();
        for actor in &mut sorted {
            if let Phase::Following { leader, .. } = &mut actor.phase {
                *leader = order.iter().position(|who| who == leader).unwrap_or(*leader);
            }
        }
        self.actors = sorted;
    }

    fn rename(&mut self) {
        const UNNAMED: Nonce = Nonce::MAX;
        let mut names = [UNNAMED; 64];
        let mut next = 0;
        self.each_nonce(&mut |nonce| {
            if *nonce < NONCE_OF_CLIENT {
                let name = &mut names[usize::from(*nonce)];
                if *name == UNNAMED {
                    *name = next;
                    next += 1;
                }
                *nonce = *name;
            }
        });
        self.new_nonce = next;
        let lapsed = std::mem::take(&mut self.lapsed);
        for old in 0..64 {
            if lapsed & bit(old) != 0 {
                let name = names[usize::from(old)];
                self.lapsed |= bit(if name == UNNAMED { old } else { name });
            }
        }
    }

    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce)) {
        self.slot.iter_mut().for_each(|content| in_content(content, visit));
        self.claim.iter_mut().for_each(&mut *visit);
        self.orphan.iter_mut().for_each(&mut *visit);
        for actor in &mut self.actors {
            in_phase(&mut actor.phase, visit);
            if let Some(Flight { mark: Some(mark), .. }) = &mut actor.flight {
                visit(mark);
            }
        }
        self.posted.iter_mut().for_each(|op| in_op(op, visit));
    }
}

fn in_content(content: &mut Content, visit: &mut impl FnMut(&mut Nonce)) {
    match content {
        Content::Lease(nonce) | Content::Tombstone(nonce) | Content::Value(Value { nonce, .. }) => {
            visit(nonce);
        }
    }
}

fn in_op(op: &mut Op, visit: &mut impl FnMut(&mut Nonce)) {
    match op {
        Op::Get => {}
        Op::Acquire { lease } | Op::Release { lease } | Op::ReleaseClaim { lease, .. } => visit(lease),
        Op::Replace { old, lease }
        | Op::Claim { lease, old: Old { value: Value { nonce: old, .. }, .. } } => {
            visit(lease);
            visit(old);
        }
        Op::Remove { old, lease, .. } => {
            visit(old);
            visit(lease);
        }
        Op::Store { mark, value, beside, .. } => {
            visit(mark);
            visit(&mut value.nonce);
            beside.iter_mut().for_each(visit);
        }
    }
}

fn in_phase(phase: &mut Phase, visit: &mut impl FnMut(&mut Nonce)) {
    match phase {
        Phase::Idle | Phase::Alone => {}
        Phase::Due(value) => visit(&mut value.nonce),
        Phase::Asked(op) | Phase::Answered(op, Reply::Done(_) | Reply::Found(None)) => in_op(op, visit),
        Phase::Answered(op, Reply::Found(Some(content))) => {
            in_op(op, visit);
            in_content(content, visit);
        }
        Phase::Opened(seen) => in_seen(seen, visit),
        Phase::Following { fallback, .. } => fallback.iter_mut().for_each(|old| visit(&mut old.nonce)),
        Phase::Computing { hold, fallback, .. } => {
            if let Some(Hold { lease, base }) = hold {
                visit(lease);
                base.iter_mut().for_each(&mut *visit);
            }
            fallback.iter_mut().for_each(|value| visit(&mut value.nonce));
        }
    }
}

fn in_seen(seen: &mut Seen, visit: &mut impl FnMut(&mut Nonce)) {
    match seen {
        Seen::Nothing | Seen::Tombstone | Seen::Unknown => {}
        Seen::Lease(nonce) | Seen::Unfit(nonce) => visit(nonce),
        Seen::Replace(Old { value, .. }) | Seen::Refresh(value) => visit(&mut value.nonce),
    }
}
