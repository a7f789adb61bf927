//! Pointers to what every call uses.

use std::ops::Deref;
use std::sync::Arc;

/// An `Arc`, or a reference to one that lives as long as the program.
///
/// The cache of a program and the counters of its functions are used by calls on all cores at once. With an `Arc` each call
/// would count itself in and out, and the cores would pass the counter's cache line around: many times the price of a hit
/// in this process.
#[derive(Debug)]
pub(crate) enum MaybeStatic<T: 'static> {
    Static(&'static Arc<T>),
    Counted(Arc<T>),
}

impl<T> MaybeStatic<T> {
    /// One that can be handed to what may outlive the call.
    #[inline]
    pub(crate) fn arc(&self) -> &Arc<T> {
        match self {
            Self::Static(arc) => arc,
            Self::Counted(arc) => arc,
        }
    }
}

impl<T> Deref for MaybeStatic<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.arc()
    }
}

impl<T> Clone for MaybeStatic<T> {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Self::Static(arc) => Self::Static(arc),
            Self::Counted(arc) => Self::Counted(Arc::clone(arc)),
        }
    }
}
