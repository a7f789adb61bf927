//! What to change, in sentences with the figures that carry them.

use std::fmt;
use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::analysis::FunctionReport;
use super::figures::Figures;
use super::server::ServerStats;
use super::units::{Count, Percent, Time, share};

/// Fewer look-ups, or values, say nothing.
const ENOUGH: u64 = 50;
/// The share of hits that a longer TTL may have serve a value that has changed since.
const TOLERATED: f64 = 0.01;
const DAY: f64 = 86_400.0;

/// TTLs that people write, in seconds.
const ROUND_TTLS: [u64; 19] = [
    10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    1_209_600, 2_592_000,
];

/// What an [`Advice`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdviceKind {
    /// Values expire that have not changed: a longer TTL.
    LongerTtl,
    /// Values change long before they expire: a shorter TTL, or invalidation.
    StaleHits,
    /// Values cannot be stored: another codec or type.
    Unstorable,
    /// Values are too large to be stored.
    TooLarge,
    /// Values are gone before their time: a larger server, or smaller values.
    Evicted,
    /// Values are invalidated that have not changed: narrower invalidations.
    InvalidatedInVain,
    /// One key is read so often that this process should keep its value: `local`.
    KeepLocally,
    /// Values are stored and not read: another key, or no cache.
    NeverRead,
    /// Redis does not answer in time.
    Unanswered,
    /// Entries cannot be opened: programs that share them have different keyrings.
    Unsealed,
}

/// One thing to change, from a [`Report`](crate::Report). Its `Display` is the sentence.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Which function it concerns.
    pub function: String,
    /// What it is about.
    pub kind: AdviceKind,
    /// The sentence, with the figures.
    pub text: String,
    /// The time of computations that it would save in a day, as far as that can be reckoned; zero if not.
    pub saves_a_day: Duration,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Advice", 4)?;
        fields.serialize_field("function", &self.function)?;
        fields.serialize_field("kind", &format_args!("{:?}", self.kind))?;
        fields.serialize_field("text", &self.text)?;
        fields.serialize_field("saves_a_day", &self.saves_a_day)?;
        fields.end()
    }
}

impl Advice {
    fn new(kind: AdviceKind, function: &FunctionReport, saves_a_day: Duration, text: &str) -> Self {
        let name = function.function.clone();
        Self { text: format!("`{name}`{text}"), function: name, kind, saves_a_day }
    }

    /// Says of values that are gone before their time what the server says.
    pub(super) fn add_server(&mut self, server: &ServerStats) {
        if self.kind != AdviceKind::Evicted {
            return;
        }
        if server.nodes.iter().any(|node| node.address == "memory://") {
            self.text += "; the memory of this process is full: raise `memory_capacity`, or store less";
            return;
        }
        self.text += &match (server.evicted, server.nodes.iter().find(|node| node.evicted > 0)) {
            (0, _) => "; the server has evicted none, so another program removes them".to_owned(),
            (evicted, node) => {
                let policy = node.map_or("", |node| node.policy.as_str());
                format!(
                    "; the server has evicted {} keys by `{policy}`: raise its `maxmemory`, or store less",
                    Count(evicted)
                )
            }
        };
    }
}

/// What to change about a function.
pub(super) fn advise(window: Duration, figures: &Figures, function: &FunctionReport) -> Vec<Advice> {
    let rules = [
        longer_ttl,
        stale_hits,
        unstorable,
        too_large,
        evicted,
        invalidated_in_vain,
        keep_locally,
        never_read,
        unanswered,
        unsealed,
    ];
    let days = (window.as_secs_f64() / DAY).max(f64::MIN_POSITIVE);
    let seen = &Seen { figures, function, days };
    rules.iter().filter_map(|rule| rule(seen)).collect()
}

/// What a rule looks at.
struct Seen<'a> {
    figures: &'a Figures,
    function: &'a FunctionReport,
    days: f64,
}

impl Seen<'_> {
    /// The time of so many computations in the window, for each day.
    #[allow(clippy::cast_precision_loss, reason = "an estimate")]
    fn a_day(&self, computations: f64) -> Duration {
        let seconds = self.function.compute_time.as_secs_f64() * computations / self.days;
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    /// The share of misses that were for this.
    fn of_misses(&self, count: u64) -> f64 {
        share(count, self.function.misses)
    }

    /// How often a value changes in a second, at most: `changes` were seen in the time between the writes of values. Where there were none, there may be three
    /// with a probability of 5 % (the rule of three).
    #[allow(clippy::cast_precision_loss, reason = "an estimate")]
    fn changes_a_second(&self) -> f64 {
        let seconds = self.figures.between_millis as f64 / 1000.0;
        let changes = match self.figures.rewritten_changed {
            0 => 3.0,
            changes => changes as f64,
        };
        if seconds > 0.0 { changes / seconds } else { f64::INFINITY }
    }
}

/// A value that changes at the rate `r` has changed at an age of `t` with the probability `1 - exp(-r·t)`, so of hits that are spread over a TTL of `T` a share
/// of about `r·T/2` serves an old value. The TTL that keeps that at [`TOLERATED`] is suggested, but none longer than what was watched. A key that is computed again
/// every `i` seconds would be so every `i + T' - T`.
#[allow(clippy::cast_precision_loss, reason = "estimates")]
fn longer_ttl(seen: &Seen<'_>) -> Option<Advice> {
    let Seen { figures, function, days } = seen;
    let (same, expired) = (figures.expired_same, figures.expired_same + figures.expired_changed);
    let ttl = function.ttl?.as_secs_f64();
    let unchanged = seen.of_misses(function.missed_for.expired) * share(same, expired);
    if expired < ENOUGH || unchanged < 0.5 {
        return None;
    }
    let harmless = (2.0 * TOLERATED / seen.changes_a_second()).min(days * DAY);
    let longer = ROUND_TTLS.into_iter().rfind(|ttl| *ttl as f64 <= harmless)?;
    let more = longer as f64 - ttl;
    if more < ttl {
        return None;
    }
    let interval = figures.expired_between_millis as f64 / 1000.0 / figures.expired_between.max(1) as f64;
    let avoided = function.missed_for.expired as f64 * more / (interval + more);
    let saved = seen.a_day(avoided);
    let text = format!(
        ": {} of its misses are expiries of values that had not changed: a TTL of {} in place of {} would save {} of computing a day",
        Percent(unchanged),
        Time(Duration::from_secs(longer)),
        Time(function.ttl.unwrap_or_default()),
        Time(saved),
    );
    Some(Advice::new(AdviceKind::LongerTtl, function, saved, &text))
}

fn stale_hits(seen: &Seen<'_>) -> Option<Advice> {
    let Seen { figures, function, .. } = seen;
    let ttl = function.ttl?.as_secs_f64();
    // Where values are invalidated they change without being served old.
    let is_invalidated = function.missed_for.invalidated > function.misses / 100;
    let changed = share(figures.expired_changed, figures.expired_changed + figures.expired_same);
    if figures.expired_changed < ENOUGH || changed < 0.5 || is_invalidated || function.hits == 0 {
        return None;
    }
    // Of those that changed at all within the interval, at the rate that this takes.
    let interval = figures.expired_between_millis / figures.expired_between.max(1);
    let rate = -(1.0 - changed.min(0.999)).ln() / Duration::from_millis(interval).as_secs_f64().max(1e-3);
    let old = 1.0 - (1.0 - (-rate * ttl).exp()) / (rate * ttl);
    if old < 0.1 {
        return None;
    }
    let text = format!(
        ": {} of its values had changed when they expired, so about {} of its hits serve an old value: invalidate where the data changes, or choose a TTL below {}",
        Percent(changed),
        Percent(old),
        Time(function.ttl.unwrap_or_default()),
    );
    Some(Advice::new(AdviceKind::StaleHits, function, Duration::ZERO, &text))
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn unstorable(seen: &Seen<'_>) -> Option<Advice> {
    let Seen { figures, function, .. } = seen;
    let refusal = function.refusal.as_deref()?;
    if figures.unstorable == 0 || share(figures.unstorable, figures.computes) < 0.1 {
        return None;
    }
    let saved = seen.a_day(figures.unstorable as f64);
    let never = if function.hits == 0 { " is never hit" } else { "" };
    let text = format!(
        "{never}: {} of its values cannot be stored: {refusal}",
        Percent(share(figures.unstorable, figures.computes))
    );
    Some(Advice::new(AdviceKind::Unstorable, function, saved, &text))
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn too_large(seen: &Seen<'_>) -> Option<Advice> {
    let Seen { figures, function, .. } = seen;
    if figures.too_large == 0 || share(figures.too_large, figures.computes) < 0.1 {
        return None;
    }
    let saved = seen.a_day(figures.too_large as f64);
    let text = format!(
        ": {} of its values are too large to be stored: raise `max_size` or `max_value_size`, set `compress`, or return less",
        Percent(share(figures.too_large, figures.computes)),
    );
    Some(Advice::new(AdviceKind::TooLarge, function, saved, &text))
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn evicted(seen: &Seen<'_>) -> Option<Advice> {
    let function = seen.function;
    let evicted = function.missed_for.evicted;
    if evicted < ENOUGH || seen.of_misses(evicted) < 0.2 {
        return None;
    }
    let saved = seen.a_day(evicted as f64);
    let text = format!(
        ": {} of its misses are for values that were gone before their time, and cost {} of computing a day",
        Percent(seen.of_misses(evicted)),
        Time(saved),
    );
    Some(Advice::new(AdviceKind::Evicted, function, saved, &text))
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn invalidated_in_vain(seen: &Seen<'_>) -> Option<Advice> {
    let Seen { figures, function, .. } = seen;
    let (invalidated, again) =
        (function.missed_for.invalidated, figures.invalidated_same + figures.invalidated_changed);
    let in_vain = share(figures.invalidated_same, again);
    if again < ENOUGH || seen.of_misses(invalidated) < 0.3 || in_vain < 0.5 {
        return None;
    }
    let saved = seen.a_day(invalidated as f64 * in_vain);
    let text = format!(
        ": {} of its misses follow invalidations, and {} of the values that were computed then were what they had been: name the entries that change, or narrower \
         tags; that would save {} of computing a day",
        Percent(seen.of_misses(invalidated)),
        Percent(in_vain),
        Time(saved),
    );
    Some(Advice::new(AdviceKind::InvalidatedInVain, function, saved, &text))
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn keep_locally(seen: &Seen<'_>) -> Option<Advice> {
    let function = seen.function;
    let hottest = function.hottest.first()?;
    let remote = function.hits - function.local_hits;
    let of_key = share(hottest.hits.saturating_sub(hottest.error), remote);
    if function.local_hits > 0 || remote < 20 * ENOUGH || of_key < 0.2 {
        return None;
    }
    let text = format!(
        ": {} of its {} hits in Redis are one key, `{}`: with `local = \"10s\"` this process keeps the value, and a hit takes no round trip",
        Percent(of_key),
        Count(remote),
        hottest.key,
    );
    Some(Advice::new(AdviceKind::KeepLocally, function, Duration::ZERO, &text))
}

fn never_read(seen: &Seen<'_>) -> Option<Advice> {
    let function = seen.function;
    if function.stored < ENOUGH || share(function.never_read, function.stored) < 0.9 {
        return None;
    }
    let text = format!(
        ": {} of the {} values that it stored were never read: is there an argument in its key that is different at each call, or is nothing asked for twice within its \
         TTL? Without the attribute nothing would be slower",
        Percent(share(function.never_read, function.stored)),
        Count(function.stored),
    );
    Some(Advice::new(AdviceKind::NeverRead, function, Duration::ZERO, &text))
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn unanswered(seen: &Seen<'_>) -> Option<Advice> {
    let function = seen.function;
    let unanswered = function.missed_for.unanswered;
    if unanswered < ENOUGH || seen.of_misses(unanswered) < 0.05 {
        return None;
    }
    let saved = seen.a_day(unanswered as f64);
    let text = format!(
        ": {} of its misses are look-ups that Redis did not answer in time: it is away, refuses the command, or is slower than the `deadline`",
        Percent(seen.of_misses(unanswered)),
    );
    Some(Advice::new(AdviceKind::Unanswered, function, saved, &text))
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn unsealed(seen: &Seen<'_>) -> Option<Advice> {
    let Seen { figures, function, .. } = seen;
    if figures.unsealed < ENOUGH || seen.of_misses(figures.unsealed) < 0.05 {
        return None;
    }
    let saved = seen.a_day(figures.unsealed as f64);
    let text = format!(
        ": {} of its misses found a value that its cache cannot open: sealed under a key that the keyring lacks, or not sealed at all, or sealed while the cache has no \
         keyring. Give all programs that share the entries the same keyring",
        Percent(seen.of_misses(figures.unsealed)),
    );
    Some(Advice::new(AdviceKind::Unsealed, function, saved, &text))
}
