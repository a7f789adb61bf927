//! The server, the writer, and what happens to slots by themselves: each step atomic.

use super::state::{Ask, Content, KEYS, Key, Op, Permit, Position, Reply, Stage, State, Value, Who};
use super::{Variant, World};
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

impl World {
    /// The server answers a call that asks for a lease.
    pub(crate) fn acquire(&self, state: &mut State, who: Who, key: Key) {
        let Stage::Asked(ask, None, is_lapsed) = state.stage(who, key) else { return };
        let is_first = ask.position == Position::First;
        if is_first {
            state.note_begin(who, key);
        }
        let found = state.slots[key];
        match state.grant(key, ask) {
            // Still known as the first, for it may be lost.
            true if is_first => state.set(who, key, Stage::Asked(ask, Some(Reply::Granted), is_lapsed)),
            false if is_first => self.found_first(state, who, key, found),
            is_granted => {
                let reply = if is_granted { Reply::Granted } else { Reply::Refused };
                state.set(who, key, Stage::Asked(ask.standing(), Some(reply), is_lapsed));
            }
        }
    }

    /// The server carries out a command for which nobody waits.
    pub(crate) fn execute(&self, state: &mut State, index: usize) {
        let (key, op) = state.posted.remove(index);
        match op {
            Op::Acquire(ask) => {
                state.grant(key, ask);
            }
            Op::Release { ask, .. } => {
                let current = if ask.base().is_some() { state.beside[key] } else { state.slots[key] };
                let write = match self.variant {
                    Variant::ReleaseWithoutCompare => key_state::remove(),
                    _ => key_state::release(current.as_ref(), &ask.lease),
                };
                state.write(key, ask, write);
            }
            Op::Store { ask, value, .. } => {
                let mark = ask.base().unwrap_or(ask.lease);
                let (write, done) = if self.stores_blindly(state, key, ask) {
                    (key_state::set(Content::Value(value)), true)
                } else {
                    key_state::swap(state.slots[key].as_ref(), &mark, || Content::Value(value))
                };
                state.write_slot(key, write);
                state.replaced_with(key, ask, value.version, done);
            }
            Op::Remove { ask, version } => {
                let old = ask.base().unwrap_or(ask.lease);
                let was_there = state.slots[key].is_some_and(|content| content.nonce() == old);
                let write = match self.variant {
                    Variant::OldValueStays => Write::Keep,
                    Variant::RemovalWithoutCompare => key_state::remove(),
                    _ => key_state::release(state.slots[key].as_ref(), &old),
                };
                state.write_slot(key, write);
                state.replaced_with(key, ask, version, was_there);
            }
        }
    }

    fn stores_blindly(&self, state: &State, key: Key, ask: Ask) -> bool {
        // Others that are on their way with it, in a world where each process has one batch.
        let holds = |(of, op): &(Key, Op)| matches!(op, Op::Store { ask, .. } if state.slots[*of] == Some(Content::Lease(ask.lease)));
        match self.variant {
            Variant::NoLease | Variant::StoreWithoutCompare => true,
            Variant::RefreshWithoutCompare => ask.base().is_some(),
            Variant::StoreIfAnyIsHeld => state.posted.iter().any(|posted| posted.0 != key && holds(posted)),
            _ => false,
        }
    }
}

impl State {
    fn grant(&mut self, key: Key, ask: Ask) -> bool {
        let (slot, lease) = (self.slots[key], || Content::Lease(ask.lease));
        let (write, done) = match ask.position {
            Position::Over(old) => key_state::swap(slot.as_ref(), &old, lease),
            Position::Empty | Position::First | Position::Beside(_) => {
                let current = if ask.base().is_some() { self.beside[key] } else { slot };
                let (write, found) = key_state::acquire(current, lease);
                (write, found.is_none())
            }
        };
        self.write(key, ask, write);
        done
    }

    /// The value of a refresh has taken the old one's place, or not. Either way the lease beside it is given back.
    fn replaced_with(&mut self, key: Key, ask: Ask, version: u8, done: bool) {
        if ask.base().is_some() {
            if done {
                self.replaced[key] = self.replaced[key].max(version);
            }
            self.post(key, Op::Release { ask, stored: done });
        }
    }

    /// To where the lease stands.
    fn write(&mut self, key: Key, ask: Ask, write: Write<Content>) {
        match ask.base() {
            Some(_) => apply(write, &mut self.beside[key]),
            None => self.write_slot(key, write),
        }
    }

    /// What a process's command does to the slot.
    fn write_slot(&mut self, key: Key, write: Write<Content>) {
        let held = matches!(self.slots[key], Some(Content::Tombstone(_)));
        self.broke_hold |= held && write != Write::Keep;
        apply(write, &mut self.slots[key]);
    }

    /// The writer's invalidation reaches the server.
    pub(crate) fn invalidate(&mut self, key: Key, how: Invalidation) {
        self.vanish(key);
        let (nonce, version) = (self.new_nonce, self.database[key]);
        self.slots[key] = match how {
            Invalidation::Unlink => None,
            Invalidation::Tombstone => Some(Content::Tombstone(nonce)),
            Invalidation::Put => Some(Content::Value(Value { nonce, version })),
        };
        self.invalidated[key] = version;
    }

    /// What is in the slot expires, or is evicted.
    pub(crate) fn vanish(&mut self, key: Key) {
        let taken = self.slots[key].take();
        self.note_lapse(key, taken);
    }

    pub(crate) fn vanish_beside(&mut self, key: Key) {
        let taken = self.beside[key].take();
        self.note_lapse(key, taken);
    }

    fn note_lapse(&mut self, key: Key, taken: Option<Content>) {
        let Some(Content::Lease(lease)) = taken else { return };
        for miss in self.callers.iter_mut().map(|caller| &mut caller.misses[key]) {
            if let Stage::Asked(ask, Some(Reply::Granted), is_lapsed)
            | Stage::Leading(Some(Permit { ask, is_lapsed })) = &mut miss.stage
                && ask.lease == lease
            {
                *is_lapsed = true;
            }
        }
    }

    /// A process ends in the middle of a computation. What it has sent may still arrive.
    pub(crate) fn crash(&mut self, process: u8) {
        self.crashes -= 1;
        self.disown(|_, from| from == process);
        for caller in self.callers.iter_mut().filter(|caller| caller.process == process) {
            for permit in KEYS.into_iter().filter_map(|key| caller.misses[key].permit()) {
                if permit.ask.base().is_none() {
                    self.orphan = Some(permit.ask.lease);
                }
            }
            caller.end();
        }
    }
}

pub(crate) fn apply<C>(write: Write<C>, slot: &mut Option<C>) {
    match write {
        Write::Keep => {}
        Write::Put(content) => *slot = Some(content),
        Write::Remove => *slot = None,
    }
}
