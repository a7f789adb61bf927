//! Which process this is, and what of its own it has after a `fork`.
//!
//! A forked child has a copy of everything and none of its parent's threads: nobody drives the connections, fires the timers or
//! ends the computations that it finds, and the sockets are its parent's too. So whatever lives by a thread or a socket is kept
//! in a [`PerProcess`]: a child begins anew, and what it found is neither used nor dropped, because to drop it may be to talk to
//! somebody who is not there, or to write on what is the parent's.

use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many forks there were before this process, and its number in the system.
static CURRENT: AtomicU64 = AtomicU64::new(0);

/// Which process of a line of forks. The system's numbers are used again, these are not.
pub(crate) type Generation = u32;

/// Asks the system: a tenth of a microsecond. To be called before anything of a thread's or a socket's is used.
pub(crate) fn current() -> Generation {
    let id = u64::from(std::process::id());
    let mut known = CURRENT.load(Ordering::Relaxed);
    while known & 0xffff_ffff != id {
        let next = (((known >> 32) + 1) << 32) | id;
        match CURRENT.compare_exchange(known, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => known = next,
            Err(newer) => known = newer,
        }
    }
    generation(known)
}

/// The process as it was when somebody asked last.
pub(crate) fn known() -> Generation {
    match CURRENT.load(Ordering::Relaxed) {
        0 => current(),
        known => generation(known),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the upper half")]
fn generation(known: u64) -> Generation {
    (known >> 32) as Generation
}

/// One value for each process of a line of forks, each made when its process wants it first.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    /// Whose it is, and what.
    own: OnceLock<(Generation, T)>,
    /// Of the processes that were forked later. No lock: one that another thread held at the fork would stay locked.
    next: OnceLock<Box<Self>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { own: OnceLock::new(), next: OnceLock::new() }
    }

    pub(crate) fn get_or_init(&self, process: Generation, make: impl Fn() -> T) -> &T {
        let mut at = self;
        loop {
            let (owner, value) = at.own.get_or_init(|| (process, make()));
            if *owner == process {
                return value;
            }
            at = at.next.get_or_init(Box::default);
        }
    }

    /// What a process has, if it has made it.
    pub(crate) fn get(&self, process: Generation) -> Option<&T> {
        let mut at = self;
        loop {
            match at.own.get()? {
                (owner, value) if *owner == process => return Some(value),
                _ => at = at.next.get()?,
            }
        }
    }

    /// Whether one of the processes before this one has left a value of which this holds.
    pub(crate) fn was(&self, process: Generation, mut holds: impl FnMut(&T) -> bool) -> bool {
        let mut at = Some(self);
        while let Some(link) = at {
            if let Some((owner, value)) = link.own.get()
                && *owner != process
                && holds(value)
            {
                return true;
            }
            at = link.next.get().map(|next| &**next);
        }
        false
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Default> Deref for PerProcess<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.get_or_init(known(), T::default)
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        if let Some((owner, value)) = self.own.take()
            && owner != known()
        {
            std::mem::forget(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn each_process_has_its_own() {
        let values = PerProcess::<Generation>::new();
        for process in [3, 7, 5] {
            assert_eq!(*values.get_or_init(process, || process), process);
        }
        for process in [7, 3, 5] {
            assert_eq!(*values.get_or_init(process, || 0), process);
            assert!(values.was(process, |value| *value != process));
            assert!(!values.was(process, |value| *value == process));
        }
    }

    #[test]
    fn what_is_anothers_is_left_alone() {
        let (values, value) = (PerProcess::<Arc<()>>::new(), Arc::new(()));
        values.get_or_init(known() + 1, || Arc::clone(&value));
        values.get_or_init(known(), || Arc::clone(&value));
        assert_eq!(Arc::strong_count(&value), 3);
        drop(values);
        assert_eq!(Arc::strong_count(&value), 2);
    }

    #[test]
    fn a_process_stays_what_it_is() {
        assert_eq!((current(), current()), (known(), known()));
        assert_ne!(known(), 0);
    }
}
