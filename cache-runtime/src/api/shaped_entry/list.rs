//! Elements of values that are stored as lists.

use std::ops::Range;

use super::{PartRequest, ShapedEntry, sound};
use crate::codec::Codec;
use crate::shape::{HasElements, List, decode};
use crate::store::vocabulary::parts::{PartAnswer, PartQuestion};

impl<T: HasElements + 'static, C: Codec> ShapedEntry<T, List, C> {
    /// The elements at these places. Beyond the end of the list there are none. One round trip.
    ///
    /// ```
    /// use redis_cached::{Cache, redis_cached};
    ///
    /// #[redis_cached(ttl = 60, key = "feed:<id>", shape = List)]
    /// async fn feed(id: u64) -> Vec<String> {
    ///     (0..1000).map(|n| format!("post {n} of {id}")).collect()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # Cache::memory().scope(async {
    /// feed(7).await;
    /// let page = feed_entry(7).page(2, 50).await?.expect("a value");
    /// assert_eq!((page.len(), &page[0][..]), (50, "post 100 of 7"));
    /// assert_eq!(feed_entry(7).first().await?, Some(Some("post 0 of 7".to_owned())));
    /// # Ok(()) }).await }
    /// ```
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get).
    pub fn range(&self, places: Range<usize>) -> PartRequest<'_, Vec<T::Element>> {
        PartRequest::new(async move {
            let question = PartQuestion::Elements { from: places.start, most: places.len() };
            let Some(PartAnswer::Values(parts)) = self.ask(question).await? else { return Ok(None) };
            let elements = parts.iter().flatten().map(|part| decode::<C, T::Element>(&[], part));
            Ok(sound(elements.collect()))
        })
    }

    /// A page of so many elements; the first page is 0. One round trip.
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get).
    pub fn page(&self, page: usize, size: usize) -> PartRequest<'_, Vec<T::Element>> {
        let from = page.saturating_mul(size);
        self.range(from..from.saturating_add(size))
    }

    /// The first element; `Some(None)` if the list is empty. One round trip.
    ///
    /// # Errors
    /// As [`Entry::get`](crate::Entry::get).
    pub fn first(&self) -> PartRequest<'_, Option<T::Element>> {
        PartRequest::new(async { Ok(self.range(0..1).await?.map(|mut elements| elements.pop())) })
    }
}
