//! Members of values that are stored as sorted sets.

use std::ops::{Range, RangeInclusive};

use super::{PartRequest, ShapedEntry, part, sound};
use crate::codec::Codec;
use crate::error::Error;
use crate::shape::{HasScores, SortedSet, decode};
use crate::store::vocabulary::parts::{PartAnswer, PartQuestion};

/// Members and their scores.
type Scored<M> = Vec<(M, f64)>;

/// Members of equal scores stand in the order of their bytes, whatever the order was in which the function returned them.
impl<T: HasScores + 'static, C: Codec> ShapedEntry<T, SortedSet, C> {
    /// The members with the highest scores, from the highest down. One round trip.
    ///
    /// ```
    /// use redis_cached::{Cache, redis_cached};
    ///
    /// #[redis_cached(ttl = 60, key = "board:<day>", shape = SortedSet)]
    /// async fn board(day: u32) -> Vec<(String, f64)> {
    ///     vec![("ada".into(), 30.0), ("bob".into(), 10.0), ("cyd".into(), 20.0)]
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// board(1).await;
    /// let top = board_entry(1).top(2).await?;
    /// assert_eq!(top, Some(vec![("ada".to_owned(), 30.0), ("cyd".to_owned(), 20.0)]));
    /// assert_eq!(board_entry(1).rank(&"bob".to_owned()).await?, Some(Some(2)));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get).
    pub fn top(&self, most: usize) -> PartRequest<'_, Scored<T::Member>> {
        self.scored(PartQuestion::Ranked { from: 0, most, ascending: false })
    }

    /// The members with the lowest scores, from the lowest up. One round trip.
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get).
    pub fn bottom(&self, most: usize) -> PartRequest<'_, Scored<T::Member>> {
        self.scored(PartQuestion::Ranked { from: 0, most, ascending: true })
    }

    /// The members at these places, counted from 0 at the highest score. One round trip.
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get).
    pub fn range(&self, places: Range<usize>) -> PartRequest<'_, Scored<T::Member>> {
        self.scored(PartQuestion::Ranked { from: places.start, most: places.len(), ascending: false })
    }

    /// The members with scores in this range, from the highest down, `most` at most. One round trip.
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get).
    pub fn range_by_score(
        &self,
        scores: RangeInclusive<f64>,
        most: usize,
    ) -> PartRequest<'_, Scored<T::Member>> {
        let (lowest, highest) = scores.into_inner();
        self.scored(PartQuestion::Scored { lowest, highest, most })
    }

    /// The place of a member, counted from 0 at the highest score; `Some(None)` if it is no member. One round trip.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) if the codec cannot encode the member; otherwise as [`Entry::get`](crate::Entry::get).
    pub fn rank(&self, member: &T::Member) -> PartRequest<'_, Option<usize>> {
        let part = part::<C, _>(member);
        PartRequest::new(async move { Ok(self.ranked(part).await?.map(|rank| rank.map(|(place, _)| place))) })
    }

    /// The score of a member; `Some(None)` if it is no member. One round trip.
    ///
    /// # Errors
    /// As [`rank`](Self::rank).
    pub fn score(&self, member: &T::Member) -> PartRequest<'_, Option<f64>> {
        let part = part::<C, _>(member);
        PartRequest::new(async move { Ok(self.ranked(part).await?.map(|rank| rank.map(|(_, score)| score))) })
    }

    async fn ranked(&self, part: Result<Vec<u8>, Error>) -> Result<Option<Option<(usize, f64)>>, Error> {
        Ok(match self.ask(PartQuestion::Rank { member: &part? }).await? {
            Some(PartAnswer::Rank(rank)) => Some(rank),
            _ => None,
        })
    }

    fn scored<'e>(&'e self, question: PartQuestion<'e>) -> PartRequest<'e, Scored<T::Member>> {
        PartRequest::new(async move {
            let Some(PartAnswer::Scored(scored)) = self.ask(question).await? else { return Ok(None) };
            let member = |(part, score): &(Vec<u8>, f64)| Ok((decode::<C, T::Member>(&[], part)?, *score));
            Ok(sound(scored.iter().map(member).collect()))
        })
    }
}
