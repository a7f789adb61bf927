//! What each annotated function's cache did, as counters.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::entry::fingerprint::Schema;
use crate::entry::header::Room;
use crate::error::ErrorKind;
use crate::outage::Outage;
use crate::shared::Shared;
use crate::site::Site;
use crate::striped::Striped;

/// The counters of a [`Cache`](crate::Cache), per function, since the cache was made.
///
/// Its `Display` is a table for people.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// One for each function that was called through the cache, by name.
    pub functions: Vec<FunctionStats>,
    /// The local tier; `None` for `memory://`, which has no use for one.
    pub local: Option<LocalStats>,
    /// Invalidations that failed, or were cancelled, and are being retried: one for each key and tag.
    pub pending_invalidations: u64,
    /// Invalidations that were retried with success.
    pub retried_invalidations: u64,
    /// Invalidations that were given up, because they failed while 10,000 others were pending or for a whole day: the old values stay
    /// until they expire.
    pub lost_invalidations: u64,
}

/// The local tier of a [`Cache`](crate::Cache).
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalStats {
    /// Whether values are served from it now: Redis tells of changes, and has answered within the staleness bound. False
    /// before the first call of a function with `local`, and for servers without `CLIENT TRACKING`.
    pub serving: bool,
    /// How many values there are.
    pub entries: u64,
    /// What they take, as the capacity counts it.
    pub bytes: u64,
    /// The most that they may take.
    pub capacity: u64,
    /// Values that were not kept because each would take more than its part of the capacity: see
    /// [`local_capacity`](crate::CacheBuilder::local_capacity).
    pub too_large: u64,
    /// Changes of keys that Redis told of, and that dropped a value or kept one out.
    pub changes: u64,
    /// How often everything was dropped: with the connection, and by `FLUSHALL`.
    pub dropped: u64,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters of one annotated function.
        #[non_exhaustive]
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct FunctionStats {
            /// Module and name; with the attribute's line where a module has two functions of one name.
            pub function: String,
            $($(#[$doc])* pub $name: u64,)*
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl FunctionStats {
            fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.get();)*
            }
        }
    };
}

counters! {
    /// Look-ups that found a usable entry, here or in Redis.
    hits,
    /// Of the hits, those in this process.
    local_hits,
    /// Look-ups that did not, whatever the reason.
    misses,
    /// Of the misses, those where something was there but did not fit: another schema, a damaged entry, foreign bytes.
    rejected,
    /// Calls that waited for a computation of another caller, here or in another process.
    waits,
    /// Values served past their TTL: while they were refreshed, or in place of an error.
    stale,
    /// How often the function's own body ran.
    computes,
    /// Of the computes, those that returned an error. Errors are not stored.
    failed,
    /// Values that were stored.
    stored,
    /// Values that were not stored because an invalidation, or a newer value, came first.
    overtaken,
    /// Values that the options kept from being stored: `cache_if`, a `None`, a TTL of zero.
    not_stored,
    /// Values that were not stored because the codec cannot express them, or cannot read them back.
    unstorable,
    /// Values that were not stored because they take more than
    /// [`max_value_size`](crate::CacheBuilder::max_value_size).
    too_large,
    /// Operations that the store did not carry out, or not in time.
    errors,
}

impl FunctionStats {
    /// Hits among look-ups, from 0 to 1; 0 where there was no look-up.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
        match self.hits + self.misses {
            0 => 0.0,
            lookups => self.hits as f64 / lookups as f64,
        }
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            self.functions.iter().map(|row| row.function.len()).max().unwrap_or(0).max("function".len());
        write!(f, "{:width$} {:>9} {:>9} {:>8}", "function", "hits", "misses", "hit rate")?;
        for name in [
            "local hits",
            "computes",
            "waits",
            "stale",
            "failed",
            "stored",
            "overtaken",
            "not stored",
            "unstorable",
            "too large",
            "rejected",
            "errors",
        ] {
            write!(f, " {name:>10}")?;
        }
        for row in &self.functions {
            let rate = 100.0 * row.hit_rate();
            write!(f, "\n{:width$} {:>9} {:>9} {rate:>6.1} %", row.function, row.hits, row.misses)?;
            let more =
                [row.local_hits, row.computes, row.waits, row.stale, row.failed, row.stored, row.overtaken];
            let kept_out = [row.not_stored, row.unstorable, row.too_large, row.rejected, row.errors];
            for count in more.into_iter().chain(kept_out) {
                write!(f, " {count:>10}")?;
            }
        }
        if let Some(local) = self.local.filter(|local| local.serving || local.dropped + local.too_large > 0) {
            let LocalStats { entries, bytes, capacity, changes, .. } = local;
            write!(f, "\nin this process: {entries} values, {bytes} of {capacity} bytes, {changes} changes")?;
            if local.too_large > 0 {
                write!(f, ", {} too large", local.too_large)?;
            }
        }
        if self.pending_invalidations + self.retried_invalidations + self.lost_invalidations > 0 {
            write!(
                f,
                "\ninvalidations: {} pending, {} retried, {} lost",
                self.pending_invalidations, self.retried_invalidations, self.lost_invalidations
            )?;
        }
        Ok(())
    }
}

/// A number that only grows. Relaxed: counters say how much, not in which order.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// [`count`](Self::count) where no other thread writes: not in one step, which costs several times as much.
    #[inline]
    pub(crate) fn count_alone(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An annotated function in one cache.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) site: &'static Site,
    /// Which entries are its own: see [`identity`](crate::entry::identity). Derived once.
    pub(crate) fingerprint: u64,
    /// The codec's name, if it cannot read all values back; see [`Schema`].
    pub(crate) unanswered_by: Option<&'static str>,
    pub(crate) counters: Striped<Counters>,
    pub(crate) room: Room,
    /// Whether a value was read back from its bytes.
    reads_back: AtomicBool,
    pub(crate) outage: Outage,
}

impl Function {
    fn new(site: &'static Site, schema: Schema) -> Self {
        let Schema { fingerprint, unanswered_by } = schema;
        let (counters, room) = (Striped::default(), Room::default());
        Self {
            site,
            fingerprint,
            unanswered_by,
            counters,
            room,
            reads_back: AtomicBool::new(false),
            outage: Outage::default(),
        }
    }

    /// Whether a value is to be read back before it is stored: the first one and, where the codec cannot answer what the type
    /// asks, each, because some may do without.
    pub(crate) fn is_to_be_read_back(&self) -> bool {
        self.unanswered_by.is_some() || !self.reads_back.load(Ordering::Relaxed)
    }

    pub(crate) fn was_read_back(&self) {
        self.reads_back.store(true, Ordering::Relaxed);
    }
}

/// Tells what is known of a function's entries.
pub(crate) type Identify = fn(&Site) -> Schema;

/// What a site remembers: the cache, of all caches, that it was used with first, and its function there. In most programs there is
/// no other, and to look a function up costs a comparison.
pub(crate) type First = OnceLock<(u64, usize, Arc<Function>)>;

/// All functions that were called through a cache.
#[derive(Debug)]
pub(crate) struct Functions {
    /// No other's in this process.
    number: u64,
    /// By the addresses of the site and of what derives the fingerprint. The latter tells instantiations apart, which share a site;
    /// should the linker fold two of them into one, they are the same code and give the same fingerprint.
    known: RwLock<HashMap<(usize, usize), Arc<Function>>>,
    /// Which kinds of errors were logged of which functions, by their attributes' places.
    told: Mutex<HashSet<(Option<&'static Location<'static>>, ErrorKind)>>,
}

impl Default for Functions {
    fn default() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            known: RwLock::default(),
            told: Mutex::default(),
        }
    }
}

impl Functions {
    /// Hands out the function for as long as `work` takes.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        site: &'static Site,
        identify: Identify,
        work: impl FnOnce(&Function) -> R,
    ) -> R {
        let another;
        let function = match site.first.get() {
            Some((number, of, function)) if (*number, *of) == (self.number, identify as usize) => function,
            _ => {
                another = self.get_another(site, identify);
                another.arc()
            }
        };
        work(function)
    }

    #[inline]
    pub(crate) fn get(&self, site: &'static Site, identify: Identify) -> Shared<Function> {
        if let Some((number, of, function)) = site.first.get()
            && (*number, *of) == (self.number, identify as usize)
        {
            return Shared::Static(function);
        }
        self.get_another(site, identify)
    }

    #[cold]
    #[inline(never)]
    fn get_another(&self, site: &'static Site, identify: Identify) -> Shared<Function> {
        let function = self.look_up(site, identify);
        // Nothing to do if another was first.
        let _ = site.first.set((self.number, identify as usize, Arc::clone(&function)));
        Shared::Counted(function)
    }

    fn look_up(&self, site: &'static Site, identify: Identify) -> Arc<Function> {
        let address = (std::ptr::from_ref(site).addr(), identify as usize);
        if let Some(function) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&address) {
            return Arc::clone(function);
        }
        // Outside the lock: it runs the type's own `Deserialize`.
        let schema = identify(site);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(address).or_insert_with(|| Arc::new(Function::new(site, schema))))
    }

    /// Whether no error of this kind has been logged of this function yet. `None` is all that is no function's.
    pub(crate) fn is_first_told(&self, site: Option<&Site>, kind: ErrorKind) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert((site.map(|site| site.location), kind))
    }

    pub(crate) fn rows(&self) -> Vec<FunctionStats> {
        // A site stands twice in an expansion, and once for each type of a generic function: rows are by place.
        let mut rows: BTreeMap<(&str, &str, u32, u32), FunctionStats> = BTreeMap::new();
        for function in self.known.read().unwrap_or_else(PoisonError::into_inner).values() {
            let Site { module, name, location, .. } = function.site;
            let row = rows.entry((module, name, location.line(), location.column())).or_default();
            function.counters.iter().for_each(|counters| row.add(counters));
        }
        let names: Vec<_> = rows.keys().map(|(module, name, ..)| (*module, *name)).collect();
        rows.into_iter()
            .map(|((module, name, line, _), mut row)| {
                // One counter for each hit, not two.
                row.hits += row.local_hits;
                let alone = names.iter().filter(|other| **other == (module, name)).count() == 1;
                row.function = if alone {
                    format!("{module}::{name}")
                } else {
                    format!("{module}::{name} (line {line})")
                };
                row
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fingerprint: u64) -> Schema {
        Schema { fingerprint, unanswered_by: None }
    }

    #[test]
    fn one_row_a_place_and_lines_only_where_names_meet() {
        static ONE: Site = Site::new("shop", "get");
        static OTHER: Site = Site::new("shop", "get");
        static ALONE: Site = Site::new("shop", "list");
        let functions = Functions::default();
        for (site, hits) in [(&ONE, 2), (&OTHER, 1), (&ALONE, 0)] {
            let function = functions.get(site, |_| schema(1));
            (0..hits).for_each(|_| function.counters.hits.count());
            function.counters.misses.count();
        }
        functions.get(&ALONE, |_| schema(2)).counters.misses.count();
        let stats = Stats {
            functions: functions.rows(),
            local: None,
            pending_invalidations: 0,
            retried_invalidations: 0,
            lost_invalidations: 0,
        };
        let names: Vec<_> =
            stats.functions.iter().map(|row| (row.function.as_str(), row.hits, row.misses)).collect();
        let (first, second) = (ONE.location.line(), OTHER.location.line());
        assert_eq!(
            names,
            [
                (format!("shop::get (line {first})").as_str(), 2, 1),
                (format!("shop::get (line {second})").as_str(), 1, 1),
                ("shop::list", 0, 2),
            ]
        );
        assert!(stats.to_string().contains("  66.7 %"), "{stats}");
    }
}
