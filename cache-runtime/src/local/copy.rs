//! Values that are kept to be served only when Redis says that they are still the entry: `local = revalidate`.
//!
//! Nothing is told of their changes, so they need neither a guard nor a tracking connection. A copy that is out of date costs the look-up that finds that
//! out, and is dropped by it.

use std::sync::Arc;

use super::{Held, LocalValue, OVERHEAD, Tier, map};
use crate::entry::header::Meta;
use crate::key::KeyBuf;
use crate::store::vocabulary::{CasToken, Nonce, Tenure};
use crate::util::clock::Moment;

/// What is known of an entry whose value is kept: all that a look-up would learn from its header.
pub(crate) struct KeptCopy {
    pub(crate) mark: CasToken,
    pub(crate) meta: Meta,
    /// The nonces that the entry's tags had: those of the arguments, then those of the value.
    pub(crate) tags: Box<[Nonce]>,
    /// The keys of the tags that the value names.
    pub(crate) named: Vec<KeyBuf>,
    /// The name of the value's type: functions that share a key may return `T` and `Arc<T>`.
    pub(crate) type_name: &'static str,
    /// Whether it is the word that there is no value; asked only for functions with `sliding`.
    pub(crate) is_none: bool,
    pub(crate) value: LocalValue,
}

/// Part of the fingerprint under which a copy is held, so that a function with a bound in time does not find it.
const COPY: u64 = u64::from_le_bytes(*b"revalid.");

impl Tier {
    /// The copy of the entry at `key`, which may be out of date.
    pub(crate) fn copy(&self, key: &str, fingerprint: u64, type_name: &str) -> Option<Arc<KeptCopy>> {
        let held = self.map.get()?.get(key.as_bytes())?;
        if held.fingerprint != fingerprint ^ COPY {
            return None;
        }
        held.value.downcast::<KeptCopy>().ok().filter(|copy| copy.type_name == type_name)
    }

    /// Keeps the value of an entry that takes so many bytes decoded.
    pub(crate) fn keep_copy(&self, key: &str, fingerprint: u64, decoded_len: usize, copy: KeptCopy) {
        let named: usize = copy.named.iter().map(|key| key.len()).sum();
        let weight = (decoded_len + size_of::<KeptCopy>() + named) as u64 + OVERHEAD;
        if weight + key.len() as u64 > self.largest {
            return self.refuse(weight);
        }
        let held = Held {
            node: 0,
            fence: 0,
            tenure: Tenure::default(),
            fingerprint: fingerprint ^ COPY,
            // Never to be served without being asked about.
            since: Moment::NEVER,
            fresh_until: Moment::NEVER,
            compute_time: copy.meta.compute_time,
            weight,
            value: Arc::new(copy),
        };
        self.map.get_or_init(|| map(self.capacity)).insert(key.as_bytes().into(), held);
    }

    /// Drops a copy that is out of date, and none that has taken its place.
    pub(crate) fn drop_copy(&self, key: &str, mark: &CasToken) {
        let is_meant =
            |held: &Held| held.value.downcast_ref::<KeptCopy>().is_some_and(|copy| copy.mark == *mark);
        if let Some(map) = self.map.get() {
            drop(map.remove_if(key.as_bytes(), is_meant));
        }
    }
}
