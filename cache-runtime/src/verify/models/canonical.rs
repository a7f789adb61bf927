//! One form for all states that differ in names only. It is what keeps the worlds finite, and small.

use super::state::{
    Ask, Caller, Content, Flight, Lookup, Nonce, Old, Op, Permit, Position, Stage, State, Value,
};
use super::state::{KEYS, Landed};

/// From here on nonces are names of clients, as the variant with a nonce per client has them, and mean something.
pub(crate) const NONCE_OF_CLIENT: Nonce = 50;

impl State {
    /// Forgets what nothing will ask about, and gives nonces the smallest names, in the order in which they appear. With
    /// `symmetric`, callers of one process are sorted too: which of them is which makes no difference to any promise, but
    /// it does to who reads a trace.
    pub(crate) fn tidy(&mut self, symmetric: bool) {
        let stands = |orphan: &Nonce| self.slots.iter().flatten().any(|slot| slot.nonce() == *orphan);
        self.orphan = self.orphan.filter(stands);
        if symmetric {
            self.sort_callers();
        }
        self.rename();
        self.posted.sort_unstable();
    }

    fn sort_callers(&mut self) {
        let mut order: Vec<usize> = (0..self.callers.len()).collect();
        order.sort_by_key(|who| &self.callers[*who]);
        if order.is_sorted() {
            return;
        }
        let mut sorted: Vec<Caller> = order.iter().map(|who| self.callers[*who].clone()).collect();
        for miss in sorted.iter_mut().flat_map(|caller| &mut caller.misses) {
            if let Stage::Following(leader) = &mut miss.stage {
                *leader = order.iter().position(|who| who == leader).unwrap_or(*leader);
            }
        }
        self.callers = sorted;
    }

    fn rename(&mut self) {
        const UNNAMED: Nonce = Nonce::MAX;
        let mut names = [UNNAMED; NONCE_OF_CLIENT as usize];
        let mut next = 0;
        self.each_nonce(&mut |nonce| {
            if let Some(name) = names.get_mut(usize::from(*nonce)) {
                if *name == UNNAMED {
                    *name = next;
                    next += 1;
                }
                *nonce = *name;
            }
        });
        self.new_nonce = next;
    }

    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce)) {
        for key in KEYS {
            in_content(&mut self.slots[key], visit);
            in_content(&mut self.beside[key], visit);
        }
        self.orphan.iter_mut().for_each(&mut *visit);
        for miss in self.callers.iter_mut().flat_map(|caller| &mut caller.misses) {
            in_stage(&mut miss.stage, visit);
            if let Some(Flight { mark: Some(mark), .. }) = &mut miss.lead {
                visit(mark);
            }
            miss.fallback.iter_mut().for_each(|old| visit(&mut old.value.nonce));
        }
        for (_, op) in &mut self.posted {
            match op {
                Op::Acquire(ask) | Op::Release { ask, .. } | Op::Remove { ask, .. } => in_ask(ask, visit),
                Op::Store { ask, value, .. } => {
                    in_ask(ask, visit);
                    visit(&mut value.nonce);
                }
            }
        }
    }
}

fn in_content(content: &mut Option<Content>, visit: &mut impl FnMut(&mut Nonce)) {
    if let Some(Content::Lease(nonce) | Content::Tombstone(nonce) | Content::Value(Value { nonce, .. })) =
        content
    {
        visit(nonce);
    }
}

fn in_ask(ask: &mut Ask, visit: &mut impl FnMut(&mut Nonce)) {
    visit(&mut ask.lease);
    if let Position::Over(old) | Position::Beside(old) = &mut ask.position {
        visit(old);
    }
}

fn in_stage(stage: &mut Stage, visit: &mut impl FnMut(&mut Nonce)) {
    match stage {
        Stage::Answered(content) => in_content(content, visit),
        Stage::Asked(ask, ..) | Stage::Leading(Some(Permit { ask, .. })) => in_ask(ask, visit),
        Stage::Waiting(nonce)
        | Stage::Found(Lookup::Lease(nonce) | Lookup::Unusable(nonce))
        | Stage::Found(Lookup::Due(Old { value: Value { nonce, .. }, .. }))
        | Stage::Stale(Value { nonce, .. })
        | Stage::Landed(Landed::Failed(Some(Value { nonce, .. }))) => visit(nonce),
        Stage::Done | Stage::Open | Stage::Found(_) | Stage::Following(_) | Stage::Landed(_) => {}
        Stage::Leading(None) | Stage::Alone => {}
    }
}
