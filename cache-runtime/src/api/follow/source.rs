//! What a program implements to tell of its data's changes.

use std::fmt;

/// One change of a data source.
///
/// There are two, so that whoever maps changes to entries has to say what becomes of those that a source cannot name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<T> {
    /// This has changed.
    Known(T),
    /// Something has changed, or may have, and nobody knows what: messages were lost while nobody listened, a table was truncated, or a message
    /// cannot be read. Everything that the source's changes can concern is to be invalidated, by a group or a tag.
    Unknown,
}

/// Tells what has changed in the data that functions cache: an outbox table, `LISTEN`, a topic of a broker. [`Cache::follow`](crate::Cache::follow) invalidates what it tells.
///
/// ```
/// use redis_cached::{Change, ChangeSource};
/// use tokio::sync::mpsc;
///
/// /// The other half of the program tells of its changes by a channel.
/// struct Channel(mpsc::Receiver<u64>);
///
/// impl ChangeSource for Channel {
///     type Payload = u64;
///     type Error = &'static str;
///
///     async fn next(&mut self) -> Result<Vec<Change<u64>>, Self::Error> {
///         let first = self.0.recv().await.ok_or("the channel is closed")?;
///         let more = std::iter::from_fn(|| self.0.try_recv().ok());
///         Ok(std::iter::once(first).chain(more).take(1_000).map(Change::Known).collect())
///     }
///
///     async fn acknowledge(&mut self) -> Result<(), Self::Error> {
///         Ok(()) // what a channel has given is gone: if the process dies, its changes are lost
///     }
/// }
/// ```
///
/// What makes a source whole:
///
/// - *A change is told after its commit, and not before.* A value that is computed between the two is computed from the old data, and stays.
/// - *What is not acknowledged is told again,* at the latest to the next process that follows the source. A source that cannot do that, because it keeps nothing,
///   tells [`Change::Unknown`] whenever it may have missed something: when it begins, and after each interruption.
/// - *It notices silence.* [`next`](Self::next) may wait for changes as long as there are none; but where a connection may have died without a word, it asks
///   its server from time to time, and returns an error if there is no answer.
///
/// The page [sources](https://docs.rs/redis-cached/latest/redis_cached/guide/sources/index.html) has two sources for Postgres.
pub trait ChangeSource: Send {
    /// What is known of a change: the columns by which entries and tags are named.
    type Payload: Send;
    /// Why a source cannot be heard. It is logged.
    type Error: fmt::Display + Send;

    /// Waits for changes and gives those that there are, at most some thousand. Without any, which is no error, it is called again at once.
    ///
    /// It is called only after the changes before were acknowledged, or where the source has refused that: then it may give them again.
    ///
    /// # Errors
    /// Whatever prevents it. The follower waits, at most a second, and calls it again: that is where to connect anew.
    fn next(&mut self) -> impl Future<Output = Result<Vec<Change<Self::Payload>>, Self::Error>> + Send;

    /// All that [`next`](Self::next) gave last is invalidated, and Redis has acknowledged it. Not called where it gave nothing.
    ///
    /// # Errors
    /// Whatever prevents it. It is not repeated: `next` gives the changes again.
    fn acknowledge(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
