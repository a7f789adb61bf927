//! Members of values that are stored as sets.

use super::{PartRequest, ShapedEntry, part, sound};
use crate::codec::Codec;
use crate::shape::{HasMembers, Set, decode};
use crate::store::vocabulary::parts::{PartAnswer, PartQuestion};

impl<T: HasMembers + 'static, C: Codec> ShapedEntry<T, Set, C> {
    /// Whether the set has this member. One round trip, two if the function has tags.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) if the codec cannot encode the member; otherwise as [`Entry::get`](crate::Entry::get).
    pub fn contains(&self, member: &T::Member) -> PartRequest<'_, bool> {
        let part = part::<C, _>(member);
        PartRequest::new(async move {
            Ok(match self.ask(PartQuestion::Members(&[&part?])).await? {
                Some(PartAnswer::Flags(flags)) => flags.first().copied(),
                _ => None,
            })
        })
    }

    /// Of each of these members, whether the set has it: all by one command. One round trip, two if the function has tags.
    ///
    /// # Errors
    /// As [`contains`](Self::contains).
    pub fn contains_many<'m>(
        &self,
        members: impl IntoIterator<Item = &'m T::Member>,
    ) -> PartRequest<'_, Vec<bool>>
    where
        T::Member: 'm,
    {
        let parts: Result<Vec<Vec<u8>>, _> = members.into_iter().map(part::<C, _>).collect();
        PartRequest::new(async move {
            let parts = parts?;
            let parts: Vec<&[u8]> = parts.iter().map(|part| &part[..]).collect();
            Ok(match self.ask(PartQuestion::Members(&parts)).await? {
                Some(PartAnswer::Flags(flags)) if flags.len() == parts.len() => Some(flags),
                _ => None,
            })
        })
    }

    /// The members that this set and another have in common, found by the server; in no order. `None` unless both have a valid value. One round trip,
    /// two for each function with tags.
    ///
    /// ```
    /// # use std::collections::HashSet;
    /// # use redis_cached::{Cache, redis_cached};
    /// #[redis_cached(ttl = 60, key = "{followers}:<id>", shape = Set)]
    /// async fn followers(id: u64) -> HashSet<u64> {
    ///     HashSet::from([1, 2, id])
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// followers(7).await;
    /// followers(8).await;
    /// let mut both = followers_entry(7).intersection(&followers_entry(8)).await?.expect("two values");
    /// both.sort();
    /// assert_eq!(both, [1, 2]);
    /// # Ok(()) }).await }
    /// ```
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get), and [`ErrorKind::Server`](crate::ErrorKind::Server) in a cluster where the two keys are in different slots: give them a common hash tag, a part
    /// in braces.
    pub fn intersection<'e, O>(&'e self, other: &'e ShapedEntry<O, Set, C>) -> PartRequest<'e, Vec<T::Member>>
    where
        O: HasMembers<Member = T::Member> + 'static,
    {
        PartRequest::new(async move {
            let until = self.call().until();
            let Some(parts) = self.reader().intersection(&other.reader(), until).await? else {
                return Ok(None);
            };
            Ok(sound(parts.iter().map(|part| decode::<C, T::Member>(&[], part)).collect()))
        })
    }
}
