//! The keyring of a cache.

use std::sync::Arc;

use super::{CacheBuilder, LARGEST};
use crate::entry::sealed::OVERHEAD;
use crate::error::Error;
use crate::key::SecretNames;
use crate::seal::{Keyring, Seals};
use crate::store::AnyStore;

impl CacheBuilder {
    /// Encrypts all values of the cache before they leave the process, under the first key of `keyring`, and uses none that it cannot open. Default: values are
    /// stored as their codecs encode them. A keyring without a first key, with a key that is not 32 bytes long, or with two keys of one name is an error of
    /// [`connect`](Self::connect) and [`connect_lazy`](Self::connect_lazy), of the kind [`InvalidOption`](crate::ErrorKind::InvalidOption).
    ///
    /// ```
    /// # use redis_cached::{Cache, redis_cached};
    /// use redis_cached::Keyring;
    ///
    /// # #[redis_cached(ttl = 60, key = "square:<n>")]
    /// # fn square(n: u64) -> u64 { n * n }
    /// # let (november, may) = ([1; 32], [2; 32]);
    /// let keyring = Keyring::new().key("2026-11", november).and("2026-05", may);
    /// let cache = Cache::builder().url("memory://").seal(keyring).connect_lazy()?;
    /// cache.sync_scope(|| assert_eq!((square(12), square(12)), (144, 144)));
    /// assert_eq!(cache.stats().functions[0].unsealed, 0);
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// By XAES-256-GCM, with a random nonce of 192 bits for each value. Bound to a value are its key in Redis, its header and the key of the keyring, so an entry that
    /// was changed, moved, forged or not sealed at all is a miss, counted as [`unsealed`](crate::FunctionStats::unsealed). No function can opt out;
    /// a function with the option `sealed` is stored in caches with a keyring only.
    /// Not sealed are the keys in Redis, the names of tags, lengths, times, [published figures](Self::publish_stats), and what this process keeps by
    /// `local`; [the guide](https://github.com/redis-cached/redis-cached/blob/main/docs/security.md) says what that means.
    ///
    /// No round trip more. An entry is 44 bytes longer.
    #[allow(clippy::needless_pass_by_value, reason = "its keys are to be in memory no longer than this")]
    pub fn seal(mut self, keyring: Keyring) -> Self {
        self.seals = Some(keyring.build().map(Arc::new));
        self
    }

    /// What the keyring seals with, if there is one.
    pub(super) fn seals(&self) -> Result<Option<Arc<Seals>>, Error> {
        self.seals.clone().transpose()
    }

    /// The store behind the keyring, if there is one. A keyring that cannot be used leaves nothing to store in, so that nothing is stored that is not sealed.
    pub(super) fn behind_keyring(&self, store: AnyStore) -> AnyStore {
        match self.seals() {
            Ok(Some(seals)) => store.sealed(seals),
            Ok(None) => store,
            Err(error) => AnyStore::Broken(error),
        }
    }

    /// What secret arguments are called.
    pub(super) fn names(&self) -> SecretNames {
        match &self.seals {
            Some(Ok(seals)) => seals.names().map_or_else(SecretNames::of_this_process, SecretNames::under),
            _ => SecretNames::of_this_process(),
        }
    }

    /// The most bytes that an entry may have before it is sealed.
    pub(super) fn largest(&self) -> u64 {
        let most = self.max_value_size.clone().unwrap_or(LARGEST);
        if self.seals.is_some() { most.min(LARGEST - OVERHEAD as u64) } else { most }
    }
}
