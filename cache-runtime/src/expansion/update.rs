//! Write-through by attribute: what a function returned becomes the entry of another.
//!
//! The same course as in [`super::invalidate`], and the same guard: entries that were made before the body and are dropped
//! before they are written are invalidated in the background.

use crate::api::entry::Entry;
use crate::engine::retry_queue::Key;
use crate::engine::targets::failed;
use crate::engine::{Call, Encoded, Operation, put};
use crate::error::Error;
use crate::expansion::invalidate::{Invalidates, invalidates};
use crate::expansion::target_args::Argument;
use crate::expansion::target_entry::TargetEntry;
use crate::runtime::block_on::block_on;
use crate::runtime::executor::all;

/// Begins the entries that one call writes.
pub fn updates<T>() -> Updates<T> {
    Updates { entries: Vec::new(), guard: invalidates(), writes: Vec::new() }
}

/// Which entries become the value of one call.
#[allow(missing_debug_implementations, reason = "lives within one body of an expansion")]
#[must_use]
pub struct Updates<T> {
    entries: Vec<Entry<T>>,
    guard: Invalidates,
    writes: Vec<EncodedWrite>,
}

/// What can be written to an entry of a `T`: one, or what points to one.
#[diagnostic::on_unimplemented(
    message = "these entries hold a `{T}`, and what is to be written is a `{Self}`",
    label = "not a `{T}`",
    note = "what the function returns is written; with `value = …`, an expression over the arguments and `ret`, it is that"
)]
pub trait Writes<'v, T: 'v> {
    /// The value.
    fn written(&'v self) -> &'v T;
}

#[diagnostic::do_not_recommend]
impl<'v, T: 'v, V: ?Sized + 'v> Writes<'v, T> for V
where
    &'v V: Argument<&'v T>,
{
    fn written(&'v self) -> &'v T {
        self.argument()
    }
}

/// A value that is encoded, so that its reference is held no longer.
struct EncodedWrite {
    call: Call,
    /// `None` where the function's options keep the value from being stored.
    value: Option<Encoded>,
}

#[allow(missing_docs, reason = "named by expansions only")]
impl<T> Updates<T> {
    pub fn entry(mut self, entry: impl TargetEntry<T>) -> Self {
        let entry = entry.whole();
        self.guard = self.guard.entry(entry.clone());
        self.entries.push(entry);
        self
    }

    /// What `with` adds for each of `elements`, each with a value of its own.
    pub fn each<I: IntoIterator>(mut self, elements: I, with: impl FnMut(Self, I::Item) -> Self) -> Self {
        // Their value is another.
        let others = std::mem::take(&mut self.entries);
        let mut all = elements.into_iter().fold(self, with);
        all.entries = others;
        all
    }

    /// What the entries become that have no value yet.
    pub fn value<'v, V: Writes<'v, T> + ?Sized>(mut self, value: &'v V) -> Self
    where
        T: 'v,
    {
        let value = value.written();
        let writes = self.entries.drain(..).map(|entry| {
            // A value that cannot be encoded cannot replace the old one, which is removed all the same.
            let encoded = entry.encode_to_put(value);
            let value = encoded.inspect_err(|error| entry.call().failed(error)).ok().flatten();
            EncodedWrite { call: entry.call().clone(), value }
        });
        self.writes.extend(writes);
        self
    }

    /// What is left to do after a result, of which `ok` is the value if it is no error.
    pub fn after<R>(self, ok: Option<&R>, with: impl FnOnce(Self, &R) -> Self) -> Self {
        match ok {
            Some(value) => with(self, value),
            None => {
                self.guard.disarm();
                updates()
            }
        }
    }

    /// Writes all of them, at the same time. Where that fails, the entry is invalidated as soon as its store is back.
    pub async fn write(self) {
        drop(self.try_write().await);
    }

    pub fn write_blocking(self) {
        block_on(self.write());
    }

    /// The same, for a function that fails where this does.
    ///
    /// # Errors
    /// The first failure.
    pub async fn try_write(self) -> Result<(), Error> {
        // The future holds neither the value's type nor its reference.
        write_all(self.writes, self.guard).await
    }

    /// The same for blocking functions.
    ///
    /// # Errors
    /// The first failure.
    pub fn try_write_blocking(self) -> Result<(), Error> {
        block_on(self.try_write())
    }
}

async fn write_all(writes: Vec<EncodedWrite>, guard: Invalidates) -> Result<(), Error> {
    let done = all(writes.into_iter().map(EncodedWrite::carry_out)).await;
    guard.disarm();
    done.into_iter().collect()
}

impl EncodedWrite {
    async fn carry_out(self) -> Result<(), Error> {
        let Self { call, value } = self;
        call.named()?;
        let key = [Key::entry(&call.key)];
        let operation = Operation::begin(call.cache.arc(), &key, None);
        let done = operation.end(put(&mut [(&call, value)]).await);
        if let Err(error) = &done {
            call.function.counters.store_errors.count();
            failed(call.cache(), Some(call.function.site), error);
        }
        done
    }
}
