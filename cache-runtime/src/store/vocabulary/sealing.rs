//! What a store that is behind a keyring is given: how values become what is stored, and back.

use std::fmt;

use crate::error::Error;

/// Between a store and its callers. The store knows neither ciphers nor the layout of a value.
pub(crate) trait Sealing: fmt::Debug + Send + Sync + 'static {
    /// What is to be stored at `key` in place of `bytes`; `None` for what is no value and goes as it is: leases, tombstones, nonces of tags. Fails for a
    /// value that cannot be sealed, which must not be stored.
    fn sealed(&self, key: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// What was found at `key`, as callers read it. A value that is not sealed, or not for this key, becomes one that nobody uses.
    fn open(&self, key: &str, bytes: &mut Vec<u8>);
}
