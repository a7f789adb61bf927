//! `ShapedEntry`: the entry of a function with a `shape`, and what can be asked of its parts.

mod hash;
mod list;
mod request;
mod set;
mod sorted_set;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::Serialize;

use super::entry::Entry;
use crate::codec::{Codec, CodecError};
use crate::error::{Error, ErrorKind};
use crate::shape::{Shape, encode, kind};
use crate::store::vocabulary::parts::{PartAnswer, PartQuestion};

pub use hash::HashFields;
pub use request::PartRequest;

/// The cache entry of one call of a function with the option `shape`: everything that an [`Entry`] is, and questions about parts of its value.
///
/// ```
/// use std::collections::HashSet;
/// use redis_cached::{Cache, redis_cached};
///
/// #[redis_cached(ttl = 60, key = "followers:<id>", shape = Set)]
/// async fn followers(id: u64) -> HashSet<u64> {
///     HashSet::from([1, 2, id])
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
/// # Cache::memory().scope(async {
/// assert_eq!(followers_entry(7).contains(&2).await?, None); // nothing is cached yet
/// followers(7).await;
/// assert_eq!(followers_entry(7).contains(&2).await?, Some(true));
/// assert_eq!(followers_entry(7).len().await?, Some(3));
/// # Ok(()) }).await }
/// ```
///
/// Each question is a [`PartRequest`]: await it, or call [`blocking`](PartRequest::blocking). It transfers the parts that it asks for, and nothing
/// else. Its answer is `None` if there is no valid value, or the value is `None`: call the function then. What holds for [`Entry::get`] holds for
/// parts: those of another type, of invalidated tags or at another key are no answer, and a question computes nothing.
///
/// One round trip; a set whose function has tags takes two. Where a cache is in this process or has a [keyring](crate::CacheBuilder), the value is
/// stored as one, and the whole is read for a part of it.
pub struct ShapedEntry<T, S, C> {
    entry: Entry<T>,
    marker: PhantomData<fn() -> (S, C)>,
}

impl<T, S, C> ShapedEntry<T, S, C> {
    pub(crate) fn new(entry: Entry<T>) -> Self {
        Self { entry, marker: PhantomData }
    }

    /// The entry of the whole value.
    #[must_use]
    pub fn into_entry(self) -> Entry<T> {
        self.entry
    }
}

impl<T, S, C> Deref for ShapedEntry<T, S, C> {
    type Target = Entry<T>;

    fn deref(&self) -> &Entry<T> {
        &self.entry
    }
}

impl<T, S, C> Clone for ShapedEntry<T, S, C> {
    fn clone(&self) -> Self {
        Self::new(self.entry.clone())
    }
}

impl<T, S, C> fmt::Debug for ShapedEntry<T, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}

impl<T: 'static, S: Shape, C: Codec> ShapedEntry<T, S, C> {
    /// How many parts the value has: fields, members or elements.
    ///
    /// # Errors
    /// As [`Entry::get`].
    pub fn len(&self) -> PartRequest<'_, usize> {
        PartRequest::new(async {
            Ok(match self.ask(PartQuestion::Len).await? {
                Some(PartAnswer::Len(len)) => Some(len),
                _ => None,
            })
        })
    }

    /// Whether the value has no parts.
    ///
    /// # Errors
    /// As [`Entry::get`].
    pub fn is_empty(&self) -> PartRequest<'_, bool> {
        PartRequest::new(async { Ok(self.len().await?.map(|len| len == 0)) })
    }

    async fn ask(&self, question: PartQuestion<'_>) -> Result<Option<PartAnswer>, Error> {
        let entry = &self.entry;
        entry.reader().part(kind::<S>(), question, entry.call().until()).await
    }
}

/// A part as the entry has it.
fn part<C: Codec, F: Serialize + ?Sized>(value: &F) -> Result<Vec<u8>, Error> {
    encode::<C, F>(&[], value).map_err(unencodable)
}

fn unencodable(source: CodecError) -> Error {
    Error::with_source(ErrorKind::Encode, format!("a part cannot be encoded: {source}"), source)
}

/// What was decoded; a part that is damaged is no answer, as a value that is damaged is none.
fn sound<V>(decoded: Result<V, CodecError>) -> Option<V> {
    decoded.inspect_err(|error| log::debug!("a part of an entry cannot be read: {error}")).ok()
}
