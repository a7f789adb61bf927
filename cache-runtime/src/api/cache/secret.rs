//! The names of secret arguments, for what a program names by hand.

use super::Cache;
use crate::engine::lacks_key_for_names;
use crate::error::Error;
use crate::key::Scalar;

impl Cache {
    /// What `<email:secret>` in a template puts in place of this argument: 32 characters of a keyed hash, under the key for [names](crate::Keyring::names) of the cache's
    /// keyring. For tags that a program names by hand, and for looking into Redis. No round trip.
    ///
    /// ```
    /// # use redis_cached::{Cache, Keyring, redis_cached};
    /// #[redis_cached(ttl = 60, key = "user:<email:secret>", tags = ["of:<email:secret>"])]
    /// fn user(email: &str) -> usize {
    ///     email.len()
    /// }
    ///
    /// # let (values, names) = ([1; 32], [2; 32]);
    /// let keyring = Keyring::new().key("2026-11", values).names(names);
    /// let cache = Cache::builder().url("memory://").seal(keyring).connect_lazy()?;
    /// let name = cache.secret_name("ann@example.com")?;
    /// cache.sync_scope(|| assert_eq!(user_entry("ann@example.com").key(), format!("user:{name}")));
    /// cache.blocking().invalidate_tag(format!("of:{name}"))?;
    /// # Ok::<(), redis_cached::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) if the cache has no key for names.
    pub fn secret_name<P: Scalar + ?Sized>(&self, part: &P) -> Result<String, Error> {
        let names = &self.0.names;
        if names.are_shared { Ok(names.name(part)) } else { Err(lacks_key_for_names("`secret_name`")) }
    }
}
