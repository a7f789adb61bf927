//! `sealed`: a function whose values are stored in a cache with a keyring, and in no other.
//!
//! Where there is no keyring a call computes, and that is all: what it would look up is not to be trusted, and a lease would have others wait for
//! what is not stored.

use crate::engine::Call;
use crate::error::{Error, ErrorKind};
use crate::report::miss_reason::MissReason;

impl Call {
    /// Whether nothing of the function is stored, because it would not be sealed. The question is one comparison for all other functions.
    #[inline]
    pub(crate) fn is_kept_out(&self) -> bool {
        self.policy.sealed && self.lacks_keyring()
    }

    #[cold]
    #[inline(never)]
    fn lacks_keyring(&self) -> bool {
        // What is disabled stores nothing of any function, and need not be complained of.
        self.cache().store.stores_unsealed() && !self.cache().is_disabled
    }

    /// Counts a call that computes for that reason; logs the first of the function.
    #[cold]
    pub(super) fn computes_unsealed(&self) {
        let error = self.not_sealed();
        self.missed_for(MissReason::Unstorable);
        self.failed(&error);
        self.function.observed.refused(&error);
    }

    /// Why a value is not stored.
    pub(crate) fn not_sealed(&self) -> Error {
        let name = self.function.site.name;
        let message =
            format!("`{name}` is `sealed`, and the cache has no keyring: set one with `CacheBuilder::seal`");
        Error::new(ErrorKind::InvalidOption, message)
    }
}
