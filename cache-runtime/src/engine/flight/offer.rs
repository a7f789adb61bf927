//! An older value that a function's body may look at, `conditional`, and what the body says of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::util::locks::lock;

/// The older value of the one key of a computation.
#[derive(Debug)]
pub(crate) struct OfferedValue {
    /// The entry, until the body takes it.
    entry: Mutex<Option<Vec<u8>>>,
    is_confirmed: AtomicBool,
}

impl OfferedValue {
    pub(crate) fn new(entry: Vec<u8>) -> Self {
        Self { entry: Mutex::new(Some(entry)), is_confirmed: AtomicBool::new(false) }
    }

    /// The entry, once: what is called within the body is not to take it for its own.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        lock(&self.entry).take()
    }

    /// The source says that the value is what it has.
    pub(crate) fn confirm(&self) {
        self.is_confirmed.store(true, Ordering::Release);
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.is_confirmed.load(Ordering::Acquire)
    }
}
