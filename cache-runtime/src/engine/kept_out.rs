//! Functions that the cache may not store: `sealed` without a keyring, and secret arguments without a key for names.
//!
//! There a call computes, and that is all. What it would look up is not to be trusted, or has no name that others know, and a lease would have others
//! wait for what is not stored.

use crate::engine::Call;
use crate::error::{Error, ErrorKind};
use crate::policy::Needs;
use crate::report::miss_reason::MissReason;

impl Call {
    /// Whether nothing of the function is stored, because the cache lacks what it needs. One comparison for all functions that need nothing.
    #[inline]
    pub(crate) fn is_kept_out(&self) -> bool {
        self.policy.needs != Needs::Nothing && self.lacks_what_it_needs()
    }

    #[cold]
    #[inline(never)]
    fn lacks_what_it_needs(&self) -> bool {
        let is_lacking = match self.policy.needs {
            Needs::Nothing => false,
            Needs::Keyring => self.cache().store.stores_unsealed(),
            Needs::KeyForNames => true,
        };
        // What is disabled stores nothing of any function, and need not be complained of.
        is_lacking && !self.cache().is_disabled
    }

    /// Counts a call that computes for that reason; logs the first of the function.
    #[cold]
    pub(super) fn computes_kept_out(&self) {
        let error = self.kept_out();
        self.missed_for(MissReason::Unstorable);
        self.failed(&error);
        self.function.observed.refused(&error);
    }

    /// Why a value is not stored.
    #[cold]
    pub(crate) fn kept_out(&self) -> Error {
        let name = self.function.site.name;
        match self.policy.needs {
            Needs::KeyForNames => lacks_key_for_names(&format!("the key or a tag of `{name}`")),
            _ => Error::new(
                ErrorKind::InvalidOption,
                format!(
                    "`{name}` is `sealed`, and the cache has no keyring: set one with `CacheBuilder::seal`"
                ),
            ),
        }
    }

    /// Says of a call whose key others do not know that nothing can be invalidated or written at it.
    pub(crate) fn named(&self) -> Result<(), Error> {
        match self.policy.needs {
            Needs::KeyForNames if self.is_kept_out() => Err(self.kept_out()),
            _ => Ok(()),
        }
    }
}

/// Why something secret has no name. `whose` says where it stands.
#[cold]
pub(crate) fn lacks_key_for_names(whose: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOption,
        format!("{whose} names a secret, and the cache has no key for names: set one with `Keyring::names`"),
    )
}
