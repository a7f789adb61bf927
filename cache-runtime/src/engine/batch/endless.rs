//! Leases and tombstones without an end, for many keys: what `Reader::remove_endless` does for one.

use super::Run;
use super::look_up::names;
use crate::engine::look_up::Reader;
use crate::engine::{Budget, mark_of};
use crate::entry::header::KeyState;
use crate::error::Error;
use crate::store::Store;
use crate::store::vocabulary::{CasToken, Found, Left};

impl Run {
    /// Removes those that stand at these slots; says where there were some. One round trip where there is none.
    pub(super) async fn remove_endless(
        &self,
        reader: &Reader<'_>,
        slots: &[usize],
        budget: &Budget,
    ) -> Vec<usize> {
        // Should that fail they are as any others: waited for, or left.
        self.try_remove_endless(reader, slots, budget).await.unwrap_or_default()
    }

    async fn try_remove_endless(
        &self,
        reader: &Reader<'_>,
        slots: &[usize],
        Budget(until): &Budget,
    ) -> Result<Vec<usize>, Error> {
        let (store, of) =
            (&reader.call.cache().store, |slots: &[usize]| names(slots.iter().map(|slot| self.name(*slot))));
        let left = store.left_many(&of(slots), *until).await?;
        let endless = slots.iter().zip(left).filter(|(_, left)| *left == Left::Never);
        let endless: Vec<usize> = endless.map(|(slot, _)| *slot).collect();
        if endless.is_empty() {
            return Ok(endless);
        }
        let found = store.get_many(&of(&endless), *until).await?;
        let ours = |slot: usize, found| match found {
            Found::Bytes(bytes) => match reader.slot(self.name(slot), &bytes) {
                Ok(KeyState::Lease(_) | KeyState::Tombstone(_)) => mark_of(&bytes),
                _ => None,
            },
            _ => None,
        };
        let ours =
            endless.into_iter().zip(found).filter_map(|(slot, found)| Some((slot, ours(slot, found)?)));
        let (slots, leases): (Vec<usize>, Vec<(&str, CasToken)>) =
            ours.map(|(slot, mark)| (slot, (&**self.name(slot), mark))).unzip();
        store.release_many(&leases, *until).await?;
        slots.iter().for_each(|_| reader.call.function.counters.rejected.count());
        Ok(slots)
    }
}
