//! In front of the map: what a thread was served lately, by the call's identity and not by its key.
//!
//! A hit here renders no key, takes no lock and writes to no memory that other threads read, but for the value's own count. Each thread has a table of its own, and whoever
//! drops a value touches none of them: a value is served only while the generation of its key's stripe stands that was read *before* the value was found in
//! the map. Whatever changes or drops values raises it, after they are gone from the map. And it is served only until a moment that was reckoned when it was found: the end of its freshness, of the
//! bounds up to which servers were confirmed, and of [`REVIEW`].
//!
//! The pointers are weak, so that a value that the map has evicted is freed.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Weak;
use std::time::Duration;

use super::{Held, LocalValue, Terms, Tier};
use crate::key::CallIdentity;
use crate::store::vocabulary::Tenure;
use crate::util::clock::{Moment, ticks};

/// A value is looked up by its key so often at least, because eviction from the map goes by what is looked up there.
const REVIEW: Duration = Duration::from_secs(1);

/// The slots of a table at first: 8 KiB.
pub(super) const FEWEST: usize = 64;
/// And at most: 1 MiB.
pub(super) const MOST: usize = 8192;
/// An identity is in one of so many slots in a row. The bound is what a chosen set of arguments could cost.
const WINDOW: usize = 8;

/// A value that is freed leaves its own size behind until its slot is used again. Larger ones are not taken.
const LARGEST: usize = 1024;

/// Two cache lines.
pub(super) struct FrontSlot {
    identity: CallIdentity,
    value: Weak<dyn Any + Send + Sync>,
    /// For how many ticks it may be in this process, as the function says; the end of that is in `until`.
    longest: u64,
    until: Moment,
    /// Of the stripe, before the value was looked up.
    generation: u64,
    stripe: u16,
    /// The value's tenure.
    cluster_slot: u16,
    tenure: u32,
}

/// A thread's table.
pub(super) struct Front {
    pub(super) slots: Vec<Option<FrontSlot>>,
}

thread_local! {
    pub(super) static FRONT: RefCell<Front> = const { RefCell::new(Front { slots: Vec::new() }) };
}

impl Tier {
    /// The value of a call, if this thread was served it lately, to a function that keeps values for so many ticks.
    pub(crate) fn find_in_front(&self, identity: &CallIdentity, longest: u64) -> Option<LocalValue> {
        // A thread that is ending has no table any more.
        let found = FRONT.try_with(|front| {
            let front = front.try_borrow().ok()?;
            self.find_in(&front, identity, longest)
        });
        found.ok()?
    }

    #[inline]
    fn find_in(&self, front: &Front, identity: &CallIdentity, longest: u64) -> Option<LocalValue> {
        let slot = front.find(identity)?;
        let tenure = Tenure { slot: slot.cluster_slot, number: slot.tenure };
        if slot.longest != longest
            || slot.generation != self.stripes.generation(slot.stripe)
            || !self.is_current(tenure)
        {
            return None;
        }
        let value = slot.value.upgrade()?;
        // The time last: as in `look_up`.
        (Moment::now() < slot.until).then_some(value)
    }

    /// The value at `key`, if it may be served under these terms. The next calls of this identity find it in front.
    pub(crate) fn find_for(
        &self,
        identity: Option<&CallIdentity>,
        key: &[u8],
        terms: &Terms,
    ) -> Option<LocalValue> {
        let Some(identity) = identity else { return self.find(key, terms) };
        let stripe = self.stripes.of(key);
        let generation = self.stripes.generation(stripe);
        let (held, until) = self.look_up(key, terms)?;
        if size_of_val(&*held.value) <= LARGEST {
            let Held { since, fresh_until, tenure, value, .. } = &held;
            let now = Moment::now();
            let after = |since: &Moment, length| Moment::from_ticks(since.ticks().saturating_add(length));
            let (review, of_function) = (after(&now, ticks(REVIEW)), after(since, terms.longest));
            let slot = FrontSlot {
                identity: *identity,
                value: LocalValue::downgrade(value),
                longest: terms.longest,
                until: until.min(*fresh_until).min(review).min(of_function),
                generation,
                stripe,
                cluster_slot: tenure.slot,
                tenure: tenure.number,
            };
            // If it is in use, by code that a key part or a value has called, the next call will do.
            let _ = FRONT.try_with(|front| {
                if let Ok(mut front) = front.try_borrow_mut() {
                    front.insert(slot, now);
                }
            });
        }
        Some(held.value)
    }
}

impl Front {
    #[inline]
    fn find(&self, identity: &CallIdentity) -> Option<&FrontSlot> {
        for place in self.window(identity) {
            // No slot becomes empty again, and the first that is empty is taken.
            let slot = self.slots.get(place)?.as_ref()?;
            if slot.identity == *identity {
                return Some(slot);
            }
        }
        None
    }

    /// The places where an identity may be.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "any of the hash's bits will do")]
    fn window(&self, identity: &CallIdentity) -> impl Iterator<Item = usize> + use<> {
        let (first, mask) = ((identity.hash >> 32) as usize, self.slots.len().wrapping_sub(1));
        (first..first + WINDOW).map(move |place| place & mask)
    }

    fn insert(&mut self, slot: FrontSlot, now: Moment) {
        loop {
            let is_its = |place: &usize| {
                self.slots[*place].as_ref().is_some_and(|other| other.identity == slot.identity)
            };
            let is_free =
                |place: &usize| self.slots[*place].as_ref().is_none_or(|other| !other.is_in_use(now));
            let age = |place: &usize| self.slots[*place].as_ref().map(|other| other.until);
            let window = || self.window(&slot.identity);
            let place = match self.slots.len() {
                0 => None,
                len => window()
                    .find(is_its)
                    .or_else(|| window().find(is_free))
                    .or_else(|| window().min_by_key(age).filter(|_| len >= MOST)),
            };
            match place {
                Some(place) => {
                    self.slots[place] = Some(slot);
                    return;
                }
                None => self.grow(now),
            }
        }
    }

    fn grow(&mut self, now: Moment) {
        let len = (2 * self.slots.len()).max(FEWEST);
        let slots = std::mem::replace(&mut self.slots, std::iter::repeat_with(|| None).take(len).collect());
        for slot in slots.into_iter().flatten().filter(|slot| slot.is_in_use(now)) {
            // One that has no place is looked up by its key.
            if let Some(place) = self.window(&slot.identity).find(|place| self.slots[*place].is_none()) {
                self.slots[place] = Some(slot);
            }
        }
    }
}

impl FrontSlot {
    fn is_in_use(&self, now: Moment) -> bool {
        now < self.until && self.value.strong_count() > 0
    }
}
