//! Entries of which an assertion asks whether they are there.

use crate::api::blocking_entry::BlockingEntry;
use crate::api::entry::Entry;
use crate::runtime::block_on::block_on;
use crate::testing::observe::rows_of;

/// An entry, whatever the type of its value, of an async function or a blocking one.
pub trait Watched: Send + Sync {
    /// The key, the cache's prefix included.
    fn key(&self) -> &str;

    /// Whether it is there, and valid. One round trip.
    ///
    /// # Panics
    /// If that cannot be asked.
    fn is_there(&self) -> bool;

    /// The counters of its function, as a table.
    fn row(&self) -> String;
}

impl<T> Watched for Entry<T> {
    fn key(&self) -> &str {
        self.key()
    }

    fn is_there(&self) -> bool {
        match block_on(self.get()) {
            Ok(value) => value.is_some(),
            Err(error) => panic!("cannot ask whether `{}` is cached: {error}", self.key()),
        }
    }

    fn row(&self) -> String {
        rows_of(self.call().cache.arc(), &[self.call().function.site])
    }
}

impl<T> Watched for BlockingEntry<T> {
    fn key(&self) -> &str {
        self.key()
    }

    fn is_there(&self) -> bool {
        self.as_async().is_there()
    }

    fn row(&self) -> String {
        self.as_async().row()
    }
}

impl<W: Watched + ?Sized> Watched for &W {
    fn key(&self) -> &str {
        (**self).key()
    }

    fn is_there(&self) -> bool {
        (**self).is_there()
    }

    fn row(&self) -> String {
        (**self).row()
    }
}
