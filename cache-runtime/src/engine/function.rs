//! An annotated function in one cache, and all of them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use super::away::WhileAway;
use super::callsite::Callsite;
use super::counters::{Counters, FunctionStats};
use super::observe::SAMPLED;
use super::source_outage::Outage;
use crate::entry::fingerprint::Schema;
use crate::entry::header::SizeHint;
use crate::error::ErrorKind;
use crate::key::IdentitySeed;
use crate::report::figures::Figures;
use crate::report::observed::Observed;
use crate::util::function_id::FunctionId;
use crate::util::histogram::{DurationHistogram, Durations};
use crate::util::locks::{lock, read, write};
use crate::util::maybe_static::MaybeStatic;
use crate::util::process::PerProcess;
use crate::util::random;
use crate::util::streak::Streak;
use crate::util::striped::Striped;

/// An annotated function in one cache.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) site: &'static Callsite,
    /// The fingerprint of its entries: see [`identity`](crate::entry::identity). Derived once.
    pub(crate) fingerprint: u64,
    /// The codec's name, if it cannot read all values back; see [`Schema`].
    pub(crate) unanswered_by: Option<&'static str>,
    /// Tells its calls in this process from those of all other functions.
    pub(crate) identity: IdentitySeed,
    pub(crate) counters: Striped<Counters>,
    pub(crate) compute_times: Durations,
    pub(crate) room: SizeHint,
    /// Whether a value was read back from its bytes.
    reads_back: AtomicBool,
    pub(crate) outage: Outage,
    /// Calls that have found nothing and were given the lease. What is not given one for another reason, such as a missing right, does
    /// not count, so a function that cannot store never guesses.
    pub(crate) misses: Streak,
    pub(crate) while_away: WhileAway,
    pub(crate) observed: PerProcess<Observed>,
    /// A hit is looked at if none of these bits is set in the number of those before it.
    pub(crate) unsampled: u64,
    /// Whether one of its entries was invalidated, or written, by its key.
    was_invalidated: AtomicBool,
    /// Whether one of its entries was found to lack an invalidation.
    pub(super) was_wrong: AtomicBool,
}

impl Function {
    fn new(site: &'static Callsite, schema: Schema, unsampled: u64) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let Schema { fingerprint, unanswered_by } = schema;
        let identity = IdentitySeed::new(NUMBER.fetch_add(1, Ordering::Relaxed), random::nonce());
        let (counters, room) = (Striped::default(), SizeHint::default());
        Self {
            site,
            fingerprint,
            unanswered_by,
            identity,
            counters,
            compute_times: Durations::default(),
            room,
            reads_back: AtomicBool::new(false),
            outage: Outage::default(),
            misses: Streak::default(),
            while_away: WhileAway::default(),
            observed: PerProcess::new(),
            unsampled,
            was_invalidated: AtomicBool::new(false),
            was_wrong: AtomicBool::new(false),
        }
    }

    /// Notes that the program invalidates this function's entries, or writes them.
    pub(crate) fn is_invalidated(&self) {
        self.was_invalidated.store(true, Ordering::Relaxed);
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

/// Describes a function's entries.
pub(crate) type Identify = fn(&FunctionId) -> Schema;

/// What a site remembers: the cache, of all caches, that it was used with first, and its function there. In most programs there is
/// no other, and to look a function up costs a comparison.
pub(crate) type First = OnceLock<(u64, usize, Arc<Function>)>;

/// All functions that were called through a cache.
#[derive(Debug)]
pub(crate) struct Functions {
    /// Unique in this process.
    number: u64,
    /// By the addresses of the site and of what derives the fingerprint. The latter tells instantiations apart, which share a site;
    /// should the linker fold two of them into one, they are the same code and give the same fingerprint.
    known: RwLock<HashMap<(usize, usize), Arc<Function>>>,
    /// Which kinds of errors were logged of which functions, by their attributes' places.
    told: Mutex<HashSet<(Option<&'static Location<'static>>, ErrorKind)>>,
    /// See [`Function::unsampled`].
    unsampled: u64,
}

impl Default for Functions {
    fn default() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            known: RwLock::default(),
            told: Mutex::default(),
            unsampled: SAMPLED - 1,
        }
    }
}

impl Functions {
    /// Every hit is looked at.
    pub(crate) fn with_all_hits() -> Self {
        Self { unsampled: 0, ..Self::default() }
    }

    /// Hands out the function for as long as `work` takes.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        site: &'static Callsite,
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
    pub(crate) fn get(&self, site: &'static Callsite, identify: Identify) -> MaybeStatic<Function> {
        if let Some((number, of, function)) = site.first.get()
            && (*number, *of) == (self.number, identify as usize)
        {
            return MaybeStatic::Static(function);
        }
        self.get_another(site, identify)
    }

    #[cold]
    #[inline(never)]
    fn get_another(&self, site: &'static Callsite, identify: Identify) -> MaybeStatic<Function> {
        let function = self.look_up(site, identify);
        // No-op if another thread was first.
        let _ = site.first.set((self.number, identify as usize, Arc::clone(&function)));
        MaybeStatic::Counted(function)
    }

    fn look_up(&self, site: &'static Callsite, identify: Identify) -> Arc<Function> {
        let address = (std::ptr::from_ref(site).addr(), identify as usize);
        if let Some(function) = read(&self.known).get(&address) {
            return Arc::clone(function);
        }
        // Outside the lock: it runs the type's own `Deserialize`.
        let schema = identify(site);
        let mut known = write(&self.known);
        Arc::clone(
            known.entry(address).or_insert_with(|| Arc::new(Function::new(site, schema, self.unsampled))),
        )
    }

    /// Whether no error of this kind has been logged of this function yet. `None` is all that is no function's.
    pub(crate) fn is_first_told(&self, site: Option<&Callsite>, kind: ErrorKind) -> bool {
        let mut told = lock(&self.told);
        told.insert((site.map(|site| site.location), kind))
    }

    /// Whether entries of the function were invalidated by key. A function and its entry function are two sites at one place.
    pub(super) fn was_invalidated(&self, site: &Callsite) -> bool {
        let is_meant = |other: &Function| {
            (other.site.module, other.site.name, other.site.location)
                == (site.module, site.name, site.location)
        };
        let known = read(&self.known);
        known.values().any(|other| is_meant(other) && other.was_invalidated.load(Ordering::Relaxed))
    }

    pub(crate) fn rows(&self) -> Vec<FunctionStats> {
        let rows = self.by_place(|row: &mut FunctionStats, function| {
            function.counters.iter().for_each(|counters| row.add(counters));
            function.compute_times.add_to(&mut row.compute_times);
        });
        rows.into_iter()
            .map(|(function, mut row)| {
                // A hit updates one counter, not two.
                row.hits += row.local_hits;
                FunctionStats { function, ..row }
            })
            .collect()
    }

    /// What the report is made of.
    pub(crate) fn figures(&self) -> Vec<Figures> {
        let rows = self.by_place(|row: &mut Figures, function| {
            row.add(&function.observed.figures());
            function.counters.iter().for_each(|counters| counters.add_to(row));
            let mut times = DurationHistogram::default();
            function.compute_times.add_to(&mut times);
            row.compute_micros += u64::try_from(times.sum().as_micros()).unwrap_or(u64::MAX);
        });
        rows.into_iter().map(|(function, row)| Figures { function, ..row }).collect()
    }

    /// The sum for each function of the source text, with its name, sorted by that. A site stands twice in an expansion, and once for each type of a
    /// generic function: rows are by place.
    fn by_place<R: Default>(&self, add: impl Fn(&mut R, &Function)) -> Vec<(String, R)> {
        let mut rows: BTreeMap<(&str, &str, u32, u32), R> = BTreeMap::new();
        for function in read(&self.known).values() {
            let FunctionId { module, name, location, .. } = **function.site;
            add(rows.entry((module, name, location.line(), location.column())).or_default(), function);
        }
        let names: Vec<_> = rows.keys().map(|(module, name, line, _)| (*module, *name, *line)).collect();
        rows.into_iter()
            .map(|((module, name, line, column), row)| {
                // Unique: monitoring systems take two rows of one name for an error.
                let beside = names.iter().filter(|(of, other, _)| (*of, *other) == (module, name));
                let function = match (beside.clone().count(), beside.filter(|(.., at)| *at == line).count()) {
                    (1, _) => format!("{module}::{name}"),
                    (_, 1) => format!("{module}::{name} (line {line})"),
                    _ => format!("{module}::{name} (line {line}, column {column})"),
                };
                (function, row)
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
        static ONE: Callsite = Callsite::new("shop", "get");
        static OTHER: Callsite = Callsite::new("shop", "get");
        static ALONE: Callsite = Callsite::new("shop", "list");
        let functions = Functions::default();
        for (site, hits) in [(&ONE, 2), (&OTHER, 1), (&ALONE, 0)] {
            let function = functions.get(site, |_| schema(1));
            (0..hits).for_each(|_| function.counters.hits.count());
            function.counters.misses.count();
        }
        functions.get(&ALONE, |_| schema(2)).counters.misses.count();
        let rows = functions.rows();
        let names: Vec<_> = rows.iter().map(|row| (row.function.as_str(), row.hits, row.misses)).collect();
        let (first, second) = (ONE.location.line(), OTHER.location.line());
        assert_eq!(
            names,
            [
                (format!("shop::get (line {first})").as_str(), 2, 1),
                (format!("shop::get (line {second})").as_str(), 1, 1),
                ("shop::list", 0, 2),
            ]
        );
    }
}
