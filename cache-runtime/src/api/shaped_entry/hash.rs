//! Fields of values that are stored as hashes.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;

use super::{PartRequest, ShapedEntry, sound, unencodable};
use crate::codec::Codec;
use crate::error::Error;
use crate::shape::{self, Element, Field, FieldSet, HasEntries, Hash, HoldsFields, decode, key_name};
use crate::store::vocabulary::parts::{PartAnswer, PartQuestion};

impl<T: 'static, C: Codec> ShapedEntry<T, Hash, C> {
    /// One field of the value.
    ///
    /// ```
    /// use redis_cached::{Cache, Fields, redis_cached};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, Fields)]
    /// struct User {
    ///     name: String,
    ///     avatar: Vec<u8>,
    /// }
    ///
    /// #[redis_cached(ttl = 60, key = "user:<id>", shape = Hash)]
    /// async fn get_user(id: u64) -> User {
    ///     User { name: format!("user {id}"), avatar: vec![0; 100_000] }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// get_user(7).await;
    /// let name = get_user_entry(7).field(User::NAME).get().await?;
    /// assert_eq!(name.as_deref(), Some("user 7"));
    /// # Ok(()) }).await }
    /// ```
    pub fn field<U, F: Element>(&self, field: Field<U, F>) -> HashFields<'_, T, C, U, Field<U, F>>
    where
        T: HoldsFields<U>,
    {
        self.fields(field)
    }

    /// Several fields of the value, two to eight, by one command and of one moment.
    ///
    /// ```
    /// # use redis_cached::{Cache, Fields, redis_cached};
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Serialize, Deserialize, Fields)]
    /// struct User {
    ///     name: String,
    ///     logins: u64,
    ///     avatar: Vec<u8>,
    /// }
    /// # #[redis_cached(ttl = 60, key = "user:<id>", shape = Hash)]
    /// # async fn get_user(id: u64) -> User { User { name: format!("user {id}"), logins: 3, avatar: vec![] } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// # get_user(7).await;
    /// let found = get_user_entry(7).fields((User::NAME, User::LOGINS)).get().await?;
    /// assert_eq!(found, Some(("user 7".to_owned(), 3)));
    /// # Ok(()) }).await }
    /// ```
    pub fn fields<U, X: FieldSet<U>>(&self, fields: X) -> HashFields<'_, T, C, U, X>
    where
        T: HoldsFields<U>,
    {
        HashFields { entry: self, fields, marker: PhantomData }
    }
}

/// Fields of a cached value, to be read or, if it is one, replaced.
#[must_use = "nothing is asked before one of its methods is called"]
pub struct HashFields<'e, T, C, U, X> {
    entry: &'e ShapedEntry<T, Hash, C>,
    fields: X,
    marker: PhantomData<fn() -> U>,
}

impl<T, C, U, X> fmt::Debug for HashFields<'_, T, C, U, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashFields").field("entry", self.entry).finish_non_exhaustive()
    }
}

impl<'e, T: 'static, C: Codec, U: 'e, X: FieldSet<U> + 'e> HashFields<'e, T, C, U, X> {
    /// Their values, of one moment. One round trip.
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get).
    pub fn get(self) -> PartRequest<'e, X::Values> {
        let Self { entry, fields, .. } = self;
        PartRequest::new(async move {
            let names = fields.names();
            let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
            Ok(match entry.ask(PartQuestion::Fields(&names)).await? {
                Some(PartAnswer::Values(parts)) => sound(fields.decode::<C>(&parts)),
                _ => None,
            })
        })
    }
}

impl<T: 'static, C: Codec, U, F: Serialize> HashFields<'_, T, C, U, Field<U, F>> {
    /// Replaces the field in the stored value, which keeps its other fields and its remaining lifetime. Says whether there was a valid value; where there
    /// is none, nothing is stored. Two round trips, and a third where there is none.
    ///
    /// ```
    /// # use redis_cached::{Cache, Fields, redis_cached};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Fields)]
    /// # struct User { name: String, logins: u64 }
    /// # #[redis_cached(ttl = 60, key = "user:<id>", shape = Hash)]
    /// # async fn get_user(id: u64) -> User { User { name: format!("user {id}"), logins: 3 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// get_user(7).await;
    /// assert!(get_user_entry(7).field(User::LOGINS).put(&4).await?);
    /// assert_eq!(get_user(7).await.logins, 4); // not computed
    /// # Ok(()) }).await }
    /// ```
    ///
    /// Any computation of the whole that is under way is not stored: it may have read the field as it was. The same holds for a refresh. So call it after
    /// the change is committed, as [`invalidate`](crate::Entry::invalidate), which it is where there is no value.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) if the codec cannot encode the value; nothing has changed then. Otherwise as
    /// [`Entry::put`](crate::Entry::put): the entry is invalidated as soon as Redis is back.
    pub async fn put(self, value: &F) -> Result<bool, Error> {
        let name = self.fields.name().as_bytes();
        let part = shape::encode::<C, F>(name, value).map_err(unencodable)?;
        let entry = self.entry;
        async move { entry.reader().put_field((name, &part), entry.call().until()).await }.await
    }
}

impl<T: HasEntries + 'static, C: Codec> ShapedEntry<T, Hash, C> {
    /// The value of a key of the map: `Some(None)` if the map lacks the key. One round trip.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use redis_cached::{Cache, redis_cached};
    ///
    /// #[redis_cached(ttl = 60, key = "prices:<day>", shape = Hash)]
    /// async fn prices(day: u32) -> HashMap<String, u64> {
    ///     HashMap::from([("tea".to_owned(), 250)])
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// prices(1).await;
    /// assert_eq!(prices_entry(1).value_of(&"tea".to_owned()).await?, Some(Some(250)));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) if the codec cannot encode the key; otherwise as [`Entry::get`](crate::Entry::get).
    pub fn value_of(&self, key: &T::Key) -> PartRequest<'_, Option<T::Value>> {
        let name = key_name::<C, T::Key>(key).map_err(unencodable);
        PartRequest::new(async move {
            let name = name?;
            let Some(PartAnswer::Values(mut parts)) = self.ask(PartQuestion::Fields(&[&name])).await? else {
                return Ok(None);
            };
            let Some(part) = parts.pop().flatten() else { return Ok(Some(None)) };
            Ok(sound(decode::<C, T::Value>(&name, &part)).map(Some))
        })
    }
}
