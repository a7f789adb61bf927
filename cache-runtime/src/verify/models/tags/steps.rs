//! What callers do, step by step.

use super::state::{Content, Number, Phase, State};
use super::{Variant, World};
use crate::store::key_state;
use crate::tags::are_current;
use crate::verify::models::server::apply;

impl World {
    pub(crate) fn fits(self, nonce: Number, now: Option<Number>) -> bool {
        let as_bytes = |nonce: Number| [nonce; 16];
        are_current(&[as_bytes(nonce)], &[now.map(as_bytes)])
            || self.variant == Variant::MissingIsValid && now.is_none()
    }

    pub(crate) fn look_up(self, state: &mut State, who: usize) {
        state.begin(who);
        let instead = state.slot;
        let acquire = Phase::Acquire { instead, lease: None, nonce: None };
        state.callers[who].phase = match instead {
            Some(Content::Value { version, nonce }) if self.of_value => Phase::Check { version, nonce },
            Some(Content::Value { version, nonce }) if self.fits(nonce, state.tag) => {
                state.is_hit = true;
                return state.give(who, version);
            }
            Some(Content::Lease(lease)) => match self.flight(state, who, lease) {
                Some(leader) => Phase::Follow { leader },
                None => Phase::LookUp,
            },
            _ => acquire,
        };
    }

    /// The flight of the caller's process that it may join, having seen `lease` and the nonces that there are now.
    pub(crate) fn flight(self, state: &State, who: usize, lease: Number) -> Option<usize> {
        let seen = if self.of_value { state.any } else { state.tag };
        (0..state.callers.len()).filter(|other| self.callers[*other] == self.callers[who]).find(|other| {
            let held = match state.callers[*other].phase {
                Phase::Compute { held } | Phase::Store { held, .. } => held,
                _ => None,
            };
            held.is_some_and(|(of, nonce)| {
                let same = match self.variant {
                    Variant::JoinByLease => true,
                    Variant::JoinWithoutNonce => seen.is_none_or(|seen| seen == nonce),
                    _ => seen == Some(nonce),
                };
                of == lease && same
            })
        })
    }

    pub(crate) fn store(self, state: &mut State, who: usize) {
        let Phase::Store { held, version, seen } = state.callers[who].phase else { return };
        if let Some((lease, before)) = held {
            let nonce = self.nonce_of_value(state, before, seen);
            let write = match nonce {
                Some(nonce) => {
                    key_state::swap(state.slot.as_ref(), &lease, || Content::Value { version, nonce }).0
                }
                None => key_state::release(state.slot.as_ref(), &lease),
            };
            apply(write, &mut state.slot);
        }
        state.give(who, version);
    }

    /// What to store a value with; `None` if a tag was invalidated meanwhile that it may have.
    pub(crate) fn nonce_of_value(
        self,
        state: &mut State,
        before: Number,
        seen: Option<Number>,
    ) -> Option<Number> {
        match (self.of_value, self.variant) {
            (false, Variant::TagAfterComputing) => Some(state.nonce(false)),
            (false, _) => Some(before),
            (true, variant) => {
                let seen = seen?;
                let (tag, any) = match variant {
                    Variant::AnyReadFirst => (state.nonce(false), seen),
                    _ => (seen, state.nonce(true)),
                };
                (any == before || variant == Variant::AnyUnchecked).then_some(tag)
            }
        }
    }

    /// The end of a refresh, whose value takes the place of the old one, or is not to be stored.
    pub(crate) fn replace(self, state: &mut State, who: usize, is_stored: bool) {
        let Phase::Replace(base, before, version, seen) = state.callers[who].phase else { return };
        let nonce = if is_stored { self.nonce_of_value(state, before, seen) } else { None };
        if base.is(state.slot) {
            state.replaced = state.replaced.max(version);
            match nonce {
                Some(nonce) => state.slot = Some(Content::Value { version, nonce }),
                None if self.variant == Variant::OldValueStays => {}
                None => state.slot = None,
            }
        }
        state.give(who, version);
    }

    /// The value is there and names the tag, of which the first of two keys is read: they may be on two nodes.
    pub(crate) fn name(self, state: &mut State, who: usize) {
        let found = state.nonce(self.variant == Variant::AnyReadFirst);
        if let Phase::Store { seen, .. } | Phase::Replace(.., seen) = &mut state.callers[who].phase {
            *seen = Some(found);
        }
    }

    /// A step of an invalidation.
    pub(crate) fn invalidate(self, state: &mut State) {
        let is_any_first = self.variant != Variant::AnyAfterTags;
        state.remove(is_any_first != state.is_half_invalidated);
    }

    /// Both answers are there: computes, or looks again.
    pub(crate) fn acquired(state: &mut State, who: usize) {
        if let Phase::Acquire { lease: Some(lease), nonce: Some(nonce), .. } = state.callers[who].phase {
            // 0 is a lease that was refused.
            state.callers[who].phase = match lease {
                0 => Phase::LookUp,
                lease => Phase::Compute { held: Some((lease, nonce)) },
            };
        }
    }

    pub(crate) fn lease(state: &mut State, who: usize) {
        let Phase::Acquire { instead, nonce, .. } = state.callers[who].phase else { return };
        let lease = state.new_number();
        // Of a value it is the nonce that is compared, which no other value has.
        let is_there = state.slot == instead;
        if is_there {
            state.slot = Some(Content::Lease(lease));
        }
        let lease = Some(if is_there { lease } else { 0 });
        state.callers[who].phase = Phase::Acquire { instead, lease, nonce };
        state.callers[who].attempts += 1;
    }
}
