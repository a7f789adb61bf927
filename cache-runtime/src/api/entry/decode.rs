//! From what was found to a value.

use super::Entry;
use crate::engine::flight::Sight;
#[cfg(feature = "testing")]
use crate::engine::observation::CallSource;
use crate::engine::{Got, Hit};
use crate::entry::header;

/// What was there for a key, decoded.
pub(crate) enum Served<T> {
    /// A value; with what it is to be replaced by a refresh in the background, if it is.
    Value(T, Option<Sight>),
    /// The word that there is no value.
    NoValue,
    /// An entry that cannot be decoded.
    Undecodable(Hit),
    /// What another caller's computation has landed with cannot be decoded. With what to serve in place of an error.
    Useless(Option<Vec<u8>>),
}

impl<T> Entry<T> {
    /// What was there at a key of the function, decoded.
    pub(crate) fn decoded(&self, key: &str, got: Got) -> Served<T> {
        #[cfg(feature = "testing")]
        let note = {
            let source = CallSource::of(&got);
            move || self.call.note(source, key)
        };
        match got {
            Got::Entry(hit, when) => {
                let value = self.value_at(key, &hit);
                let sight = self.call.served(when, key, &hit, value.is_some());
                #[cfg(feature = "testing")]
                value.iter().for_each(|_| note());
                value.map_or(Served::Undecodable(hit), |value| Served::Value(value, sight))
            }
            Got::NoValue => {
                #[cfg(feature = "testing")]
                note();
                Served::NoValue
            }
            Got::Landed(bytes, fallback) => match self.read_at(key, &bytes) {
                Some(value) => {
                    #[cfg(feature = "testing")]
                    note();
                    Served::Value(value, None)
                }
                None if self.reader().is_absence(key, &bytes) => {
                    #[cfg(feature = "testing")]
                    note();
                    Served::NoValue
                }
                None => Served::Useless(fallback),
            },
        }
    }

    /// What is to be served, decoded; this process keeps it if it may.
    fn value_at(&self, key: &str, hit: &Hit) -> Option<T> {
        if let Some(value) = hit.kept_value() {
            return self.hooks.local?.give(value);
        }
        let value = self.hooks.decoded(&header::payload(&hit.bytes)?)?;
        if let Some(keep) = self.hooks.local
            && self.reader().may_keep(hit)
        {
            let names = self.hooks.tags_of.map(|names| names(&value));
            self.reader().keep(key, hit, names, keep.take(&value));
        }
        Some(value)
    }

    /// Reads an entry whatever its age and whatever became of its tags.
    pub(crate) fn read_at(&self, key: &str, bytes: &[u8]) -> Option<T> {
        self.hooks.decoded(&self.reader().payload(key, bytes)?)
    }
}
