//! The server, the writer, and what happens to slots by themselves: each step atomic.

use super::state::{Content, Hold, Op, Phase, Reply, State, Value, Who, bit};
use super::{Protocol, Variant};
use crate::store::key_state;
use crate::store::key_state::Write;

/// How the writer tells the cache that the database has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalidation {
    Unlink,
    Tombstone,
    /// Write-through: the new value itself.
    Put,
}

impl Protocol {
    /// The server carries out the command for which an actor waits.
    pub(crate) fn execute(&self, state: &mut State, who: Who) {
        if let Phase::Asked(op) = state.actors[who].phase {
            let reply = self.carry_out(state, op);
            state.actors[who].phase = Phase::Answered(op, reply);
        }
    }

    /// The server carries out a command for which nobody waits.
    pub(crate) fn execute_posted(&self, state: &mut State, index: usize) {
        let op = state.posted.remove(index);
        let reply = self.carry_out(state, op);
        if let Op::Store { beside: Some(lease), value: Value { version, .. }, .. }
        | Op::Remove { lease, version, .. } = op
        {
            let done = reply == Reply::Done(true);
            if done {
                state.replaced = state.replaced.max(version);
            }
            // Replaced or not, the lease beside the slot is given back.
            let stored = done && matches!(op, Op::Store { .. });
            state.post(Op::ReleaseClaim { lease, stored });
        }
    }

    fn carry_out(&self, state: &mut State, op: Op) -> Reply {
        let (slot, claim) = (state.slot, state.claim.map(Content::Lease));
        match op {
            Op::Get => Reply::Found(slot),
            Op::Acquire { lease } => {
                let (write, found) = key_state::acquire(slot, || Content::Lease(lease));
                state.write(write);
                Reply::Done(found.is_none())
            }
            Op::Replace { old, lease } => {
                let (write, done) = key_state::swap(slot.as_ref(), &old, || Content::Lease(lease));
                state.write(write);
                Reply::Done(done)
            }
            Op::Store { mark, value, beside, .. } => {
                let new = Content::Value(value);
                let (write, done) = if self.stores_blindly(beside.is_some()) {
                    (key_state::set(new), true)
                } else {
                    key_state::swap(slot.as_ref(), &mark, || new)
                };
                state.write(write);
                Reply::Done(done)
            }
            Op::Release { lease } => {
                state.write(self.release(slot, lease));
                Reply::Done(true)
            }
            Op::Remove { old, .. } => {
                let was_there = slot.is_some_and(|content| content.nonce() == old);
                state.write(match self.variant {
                    Variant::OldValueStays => Write::Keep,
                    Variant::RemovalWithoutCompare => key_state::remove(),
                    _ => key_state::release(slot.as_ref(), &old),
                });
                Reply::Done(was_there)
            }
            Op::Claim { lease, .. } => {
                let (write, found) = key_state::acquire(claim, || Content::Lease(lease));
                state.write_claim(write);
                Reply::Done(found.is_none())
            }
            Op::ReleaseClaim { lease, .. } => {
                state.write_claim(self.release(claim, lease));
                Reply::Done(true)
            }
        }
    }

    fn stores_blindly(&self, refresh: bool) -> bool {
        match self.variant {
            Variant::NoLease | Variant::StoreWithoutCompare => true,
            Variant::RefreshWithoutCompare => refresh,
            _ => false,
        }
    }

    fn release(&self, current: Option<Content>, lease: u8) -> Write<Content> {
        if self.variant == Variant::ReleaseWithoutCompare {
            return key_state::remove();
        }
        key_state::release(current.as_ref(), &lease)
    }
}

impl State {
    /// What a process's command does to the slot.
    fn write(&mut self, write: Write<Content>) {
        let held = matches!(self.slot, Some(Content::Tombstone(_)));
        self.broke_hold |= held && write != Write::Keep;
        write_to(&mut self.slot, write);
    }

    fn write_claim(&mut self, write: Write<Content>) {
        let mut slot = self.claim.map(Content::Lease);
        write_to(&mut slot, write);
        self.claim = slot.map(Content::nonce);
    }

    /// The writer's invalidation reaches the server.
    pub(crate) fn invalidate(&mut self, how: Invalidation) {
        self.note_lapse(self.slot);
        let write = match how {
            Invalidation::Unlink => key_state::remove(),
            Invalidation::Tombstone => key_state::set(Content::Tombstone(self.new_nonce)),
            Invalidation::Put => {
                key_state::set(Content::Value(Value { nonce: self.new_nonce, version: self.database }))
            }
        };
        write_to(&mut self.slot, write);
        self.invalidated = self.database;
    }

    /// What is in the slot expires, or is evicted.
    pub(crate) fn vanish(&mut self) {
        self.note_lapse(self.slot);
        self.slot = None;
    }

    pub(crate) fn vanish_claim(&mut self) {
        self.note_lapse(self.claim.map(Content::Lease));
        self.claim = None;
    }

    /// A process ends in the middle of a computation. What it has sent may still arrive.
    pub(crate) fn crash(&mut self, process: u8) {
        self.crashes -= 1;
        self.disown(|_, from| from == process);
        for actor in self.actors.iter_mut().filter(|actor| actor.process == process) {
            if let Some(Hold { lease, base: None }) = actor.hold() {
                self.orphan = Some(lease);
            }
            let in_call = actor.phase != Phase::Idle && !actor.refresher;
            actor.calls -= u8::from(in_call);
            actor.end();
        }
    }

    fn note_lapse(&mut self, taken: Option<Content>) {
        if let Some(Content::Lease(lease)) = taken {
            self.lapsed |= bit(lease);
        }
    }
}

fn write_to(slot: &mut Option<Content>, write: Write<Content>) {
    match write {
        Write::Keep => {}
        Write::Put(content) => *slot = Some(content),
        Write::Remove => *slot = None,
    }
}
