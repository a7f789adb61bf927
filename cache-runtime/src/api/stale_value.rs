//! `conditional = old`: the older value that a body may look at before it asks its source.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::codec::Codec;
use crate::codec::compress::LIMIT;
use crate::engine::flight::{OfferedValue, offered};
use crate::entry::header;

/// An older value that a function with `conditional` may renew in place of computing a new one. It derefs to the value.
///
/// ```
/// use redis_cached::{Cache, StaleValue, redis_cached};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Page {
///     etag: String,
///     text: String,
/// }
///
/// /// What a server answers to `If-None-Match`.
/// enum Answer {
///     NotModified,
///     Page(Page),
/// }
///
/// async fn fetch(url: &str, etag: Option<&str>) -> Result<Answer, String> {
///     // …
/// #   let page = Page { etag: "1".to_owned(), text: url.to_owned() };
/// #   Ok(if etag == Some("1") { Answer::NotModified } else { Answer::Page(page) })
/// }
///
/// #[redis_cached(ttl = "1m", stale_if_error = "1d", conditional = old, key = "page:<url>")]
/// async fn page(url: &str) -> Result<Page, String> {
///     let old: Option<StaleValue<Page>> = old; // as it is: the line says what it is
///     match (fetch(url, old.as_ref().map(|page| &*page.etag)).await?, old) {
///         (Answer::Page(page), _) => Ok(page),
///         (Answer::NotModified, Some(old)) => Ok(old.not_modified()),
///         (Answer::NotModified, None) => Err("304 to a request without a condition".to_owned()),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// Cache::memory().scope(async { assert_eq!(page("/").await.unwrap().text, "/") }).await;
/// # }
/// ```
#[must_use = "`not_modified` gives the value back"]
pub struct StaleValue<T> {
    value: T,
    offered: Arc<OfferedValue>,
}

impl<T> StaleValue<T> {
    /// The value, which the source says is what it has: to be returned as it is. Its entry then stays in Redis for as long as it was stored for, from now on, if it is
    /// still there when the function returns; nothing is encoded or sent but its mark. What was returned is stored neither then: a body that changes the value after
    /// this call returns something that no other call gets.
    pub fn not_modified(self) -> T {
        self.offered.confirm();
        self.value
    }
}

impl<T> Deref for StaleValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for StaleValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StaleValue").field(&self.value).finish()
    }
}

/// What a body with `conditional` begins with.
#[must_use]
pub fn stale_value<T: serde::de::DeserializeOwned, C: Codec>() -> Option<StaleValue<T>> {
    let offered = offered()?;
    let entry = offered.take()?;
    let value = header::payload(&entry)?.decode(LIMIT, C::decode_stored::<T>).ok()?;
    Some(StaleValue { value, offered })
}
