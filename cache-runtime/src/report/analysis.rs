//! From figures to a report.

use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::advice::{Advice, advise};
use super::figures::{Figures, quantile};
use super::miss_reason::MissReasons;
use super::server::ServerStats;
use super::tag_stats::TagStats;
use super::units::share;

/// A structure of public figures, which can be serialized.
macro_rules! public_figures {
    ($(#[$doc:meta])* $Name:ident { $($(#[$field_doc:meta])* $field:ident: $Type:ty,)* }) => {
        $(#[$doc])*
        #[non_exhaustive]
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $Name {
            $($(#[$field_doc])* pub $field: $Type,)*
        }

        impl Serialize for $Name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut fields = serializer.serialize_struct(stringify!($Name), [$(stringify!($field)),*].len())?;
                $(fields.serialize_field(stringify!($field), &self.$field)?;)*
                fields.end()
            }
        }
    };
}
pub(super) use public_figures;

public_figures! {
    /// What a cache did for each function, and what to change: from [`Cache::report`](crate::Cache::report).
    ///
    /// Its `Display` prints a table, what misses were for, and the advice. It can be serialized; durations are in seconds and nanoseconds, as serde
    /// writes them.
    Report {
        /// How long has been counted: since the cache was made. Of a [fleet](crate::Cache::fleet), the longest of its processes.
        window: Duration,
        /// Of how many processes the figures are.
        processes: u64,
        /// One for each function that was called through the cache, sorted by name.
        functions: Vec<FunctionReport>,
        /// What was counted of tags in this process, where [`count_tags`](crate::CacheBuilder::count_tags) asks for it; empty for a fleet.
        tags: Vec<TagStats>,
        /// What to change, what saves most first.
        advice: Vec<Advice>,
        /// The server's own figures, if [`with_server`](Report::with_server) has added them.
        server: Option<ServerStats>,
    }
}

public_figures! {
    /// The figures of one function in a [`Report`].
    FunctionReport {
        /// Module and name, as in [`FunctionStats::function`](crate::FunctionStats::function).
        function: String,
        /// Look-ups that found a valid entry.
        hits: u64,
        /// Those of them that were served in this process.
        local_hits: u64,
        /// Look-ups that found none.
        misses: u64,
        /// What the misses were for.
        missed_for: MissReasons,
        /// How often the function's body ran.
        computes: u64,
        /// The time in which its body ran and returned a value or an error.
        time_computing: Duration,
        /// The time that hits have saved: their number, times what the computations of their values took on average, which their entries say. One hit of 64 is
        /// looked at.
        time_saved: Duration,
        /// What one computation took on average, of the values that were hit; of those that were computed, if none was.
        compute_time: Duration,
        /// The age that half of the values did not exceed when they were hit, rounded up to a power of two of milliseconds. Of one hit in 64, not of those
        /// in this process, and only of values that this process has stored: an entry does not say when it was stored. `None` if there was none.
        median_age: Option<Duration>,
        /// The same for nine of ten values.
        most_age: Option<Duration>,
        /// Values that were stored.
        stored: u64,
        /// The bytes of an entry on average, as this process has stored them.
        mean_bytes: u64,
        /// The bytes of the largest entry.
        most_bytes: u64,
        /// The longest TTL of the values that were stored; `None` if they do not expire, or none was stored.
        ttl: Option<Duration>,
        /// Values that were computed again because they had expired, and were what they had been. Equal means: the same encoded bytes. A `HashMap` is encoded in
        /// an order of its own each time, so that its values always seem to have changed.
        expired_unchanged: u64,
        /// Values that were computed again because they had expired, and had changed.
        expired_changed: u64,
        /// Values that were computed again because they had been invalidated, and were what they had been.
        invalidated_unchanged: u64,
        /// Values that were computed again because they had been invalidated, and had changed.
        invalidated_changed: u64,
        /// Values that were stored and never read, at least: those that are more than there were hits. With
        /// [`track_keys`](crate::CacheBuilder::track_keys), as many as were seen to be replaced unread, if that is more. A value that another process reads counts as
        /// never read here; [`Cache::fleet`](crate::Cache::fleet) counts the hits of all.
        never_read: u64,
        /// Why values are not stored, in the words of the first error.
        refusal: Option<String>,
        /// The keys that were read most, in Redis and not in this process. Empty without [`track_keys`](crate::CacheBuilder::track_keys).
        hottest: Vec<HotKey>,
        /// The keys of the five largest values that this process has stored. Empty without [`track_keys`](crate::CacheBuilder::track_keys).
        largest: Vec<LargeValue>,
    }
}

public_figures! {
    /// A key that is read often.
    HotKey {
        /// The key in Redis, the cache's prefix included.
        key: String,
        /// How often it was read.
        hits: u64,
        /// By how much that is too high at most.
        error: u64,
    }
}

public_figures! {
    /// A large value.
    LargeValue {
        /// The key in Redis, the cache's prefix included.
        key: String,
        /// The bytes of its entry.
        bytes: u64,
    }
}

impl FunctionReport {
    /// The share of hits among look-ups, from 0 to 1; 0 if there was no look-up.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        share(self.hits, self.hits + self.misses)
    }

    /// The share of look-ups that were served in this process.
    #[must_use]
    pub fn local_hit_rate(&self) -> f64 {
        share(self.local_hits, self.hits + self.misses)
    }

    pub(super) fn of(figures: &Figures) -> Self {
        let mean = |sum: u64, count: u64| sum.checked_div(count).unwrap_or(0);
        let compute_micros = match figures.sampled {
            0 => mean(figures.compute_micros, figures.computes),
            sampled => figures.sampled_micros / sampled,
        };
        let age = |share| quantile(&figures.ages, share).map(Duration::from_millis);
        let unread = figures.stored.saturating_sub(figures.hits);
        Self {
            function: figures.function.clone(),
            hits: figures.hits,
            local_hits: figures.local_hits,
            misses: figures.misses,
            missed_for: MissReasons::of(&figures.reasons),
            computes: figures.computes,
            time_computing: Duration::from_micros(figures.compute_micros),
            time_saved: Duration::from_micros(figures.hits.saturating_mul(compute_micros)),
            compute_time: Duration::from_micros(compute_micros),
            median_age: age(0.5),
            most_age: age(0.9),
            stored: figures.stored,
            mean_bytes: mean(figures.noted_bytes, figures.noted),
            most_bytes: figures.most_bytes,
            ttl: (figures.ttl_millis > 0).then(|| Duration::from_millis(figures.ttl_millis)),
            expired_unchanged: figures.expired_same,
            expired_changed: figures.expired_changed,
            invalidated_unchanged: figures.invalidated_same,
            invalidated_changed: figures.invalidated_changed,
            never_read: match figures.hottest.is_empty() {
                true => unread,
                false => unread.max(figures.was_not_read),
            },
            refusal: figures.refusal.clone(),
            hottest: figures
                .hottest
                .iter()
                .map(|(key, hits, error)| HotKey { key: key.clone(), hits: *hits, error: *error })
                .collect(),
            largest: figures
                .largest
                .iter()
                .map(|(key, bytes)| LargeValue { key: key.clone(), bytes: *bytes })
                .collect(),
        }
    }
}

impl Report {
    pub(crate) fn of(window: Duration, processes: u64, figures: &[Figures]) -> Self {
        let functions: Vec<_> = figures.iter().map(FunctionReport::of).collect();
        let advice =
            figures.iter().zip(&functions).flat_map(|(figures, function)| advise(window, figures, function));
        let mut advice: Vec<Advice> = advice.collect();
        advice.sort_by_key(|advice| std::cmp::Reverse(advice.saves_a_day));
        Self { window, processes, functions, tags: Vec::new(), advice, server: None }
    }

    /// Adds the server's own figures, and what they say of the advice: whether values that were gone before their time were evicted.
    ///
    /// ```
    /// # use redis_cached::Cache;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # let cache = Cache::memory();
    /// println!("{}", cache.report().with_server(cache.server_stats().await?));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_server(mut self, server: ServerStats) -> Self {
        self.advice.iter_mut().for_each(|advice| advice.add_server(&server));
        self.server = Some(server);
        self
    }
}
