//! Which entries were prolonged lately: a table of a fixed size that every hit may ask, without a lock.
//!
//! An entry has eight places, those of one cache line, and takes the one that was not written for the longest time. So what is forgotten is what is
//! read least, and it costs a request more. Two entries that are taken for one, which is one in 2^43, cost one of them a request less.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::store::vocabulary::CasToken;

/// How many lines there are: with eight places each 32,768 entries, in 256 KiB.
const LINES: usize = 4096;
const PLACES: usize = 8;

/// Times are in milliseconds of 32 bits, 49 days, after which they begin anew. Two are compared if one is less than half of that after the other.
const LONGEST: Duration = Duration::from_millis(u32::MAX as u64 / 2);

#[derive(Debug)]
#[repr(align(64))]
struct CacheLine([AtomicU64; PLACES]);

/// What was written at a place: which entry in the upper half, and when in the lower one. 0 is none.
#[derive(Debug)]
pub(super) struct RecentlyProlonged(Box<[CacheLine]>);

impl Default for RecentlyProlonged {
    fn default() -> Self {
        Self((0..LINES).map(|_| CacheLine(std::array::from_fn(|_| AtomicU64::new(0)))).collect())
    }
}

impl RecentlyProlonged {
    /// Whether the entry was not noted within `interval`, where it is now so many milliseconds since some beginning. Then it is now, and of callers at the same time one is told so.
    #[allow(clippy::cast_possible_truncation, reason = "times begin anew")]
    pub(super) fn is_due(&self, mark: &CasToken, now: u64, interval: Duration) -> bool {
        // A nonce follows the state, of which every byte is random.
        let random = mark[1..].first_chunk().map_or(0, |nonce| u64::from_le_bytes(*nonce));
        let entry = (random | 1 << 63) & !0xffff_ffff;
        let now = now as u32;
        let interval = interval.min(LONGEST).as_millis() as u32;
        let Some(CacheLine(places)) = self.0.get(random as usize % LINES) else { return false };
        let mut oldest = (&places[0], 0, 0);
        for place in places {
            let known = place.load(Ordering::Relaxed);
            let age = if known == 0 { u32::MAX } else { now.wrapping_sub(known as u32) };
            if known & !0xffff_ffff == entry {
                return age >= interval && note(place, known, entry, now);
            }
            if age >= oldest.2 {
                oldest = (place, known, age);
            }
        }
        note(oldest.0, oldest.1, entry, now)
    }
}

/// Relaxed suffices: nothing else is told by it.
fn note(place: &AtomicU64, known: u64, entry: u64, now: u32) -> bool {
    place.compare_exchange(known, entry | u64::from(now), Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Duration = Duration::from_secs(6);

    fn mark(number: u64) -> CasToken {
        let mut mark = [b'V'; 17];
        // As a nonce is: each bit depends on the number.
        mark[1..9].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        mark
    }

    fn at(seconds: u64) -> u64 {
        1000 * seconds
    }

    #[test]
    fn an_entry_is_due_once_in_an_interval() {
        let recent = RecentlyProlonged::default();
        let due: Vec<u64> = (0..20).filter(|second| recent.is_due(&mark(7), at(*second), TENTH)).collect();
        assert_eq!(due, [0, 6, 12, 18]);
        assert!(recent.is_due(&mark(8), at(19), TENTH), "another one");
    }

    #[test]
    fn what_was_stored_just_now_is_not_due() {
        let recent = RecentlyProlonged::default();
        recent.is_due(&mark(7), at(1), Duration::ZERO);
        assert!(!recent.is_due(&mark(7), at(6), TENTH) && recent.is_due(&mark(7), at(7), TENTH));
    }

    #[test]
    fn a_thousand_entries_are_remembered_and_the_oldest_are_forgotten() {
        let recent = RecentlyProlonged::default();
        let due = |number, second| recent.is_due(&mark(number), at(second), TENTH);
        assert_eq!((0..1000).filter(|number| due(*number, 1)).count(), 1000);
        assert_eq!((0..1000).filter(|number| due(*number, 2)).count(), 0);
        // Many more than there is room for. Nothing is noted for ever, and nothing panics.
        assert_eq!((1000..200_000).filter(|number| due(*number, 3)).count(), 199_000);
        assert!((0..1000).filter(|number| due(*number, 4)).count() > 900);
    }

    #[test]
    fn times_begin_anew_after_49_days() {
        let recent = RecentlyProlonged::default();
        let end = u64::from(u32::MAX);
        assert!(recent.is_due(&mark(7), end - at(2), TENTH));
        assert!(!recent.is_due(&mark(7), end + at(2), TENTH) && recent.is_due(&mark(7), end + at(5), TENTH));
    }

    #[test]
    fn of_callers_at_once_one_prolongs() {
        let recent = RecentlyProlonged::default();
        let due = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..100 {
                        if recent.is_due(&mark(number), at(1), TENTH) {
                            due.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        // Two entries that want one place at once may both be told to wait for their next hit.
        assert!((90..=100).contains(&due.into_inner()));
    }
}
