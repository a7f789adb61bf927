//! The counters as a table that fits a terminal.

use std::fmt;
use std::time::Duration;

use super::{ChangeStats, FunctionStats, LocalStats, RequestStats, Stats, TagStats};

/// No line is longer.
const WIDTH: usize = 100;
/// Longer names lose their beginning, which is a module.
const LONGEST_NAME: usize = 37;
/// The counters that have a column. All others follow beneath a row, where they are not zero.
const COLUMNS: [&str; 4] = ["hits", "misses", "local_hits", "computes"];

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.functions.iter().map(|row| shortened(&row.function)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("function".len());
        write!(
            f,
            "{:width$} {:>10} {:>10} {:>8} {:>10} {:>10} {:>9}",
            "function", "hits", "misses", "hit rate", "local hits", "computes", "p99"
        )?;
        for (name, row) in names.iter().zip(&self.functions) {
            let FunctionStats { hits, misses, local_hits, computes, compute_times, .. } = row;
            let (rate, p99) = (100.0 * row.hit_rate(), rounded(compute_times.quantile(0.99)));
            write!(
                f,
                "\n{name:width$} {hits:>10} {misses:>10} {rate:>6.1} % {local_hits:>10} {computes:>10} {p99:>9}"
            )?;
            write_list(f, &others(row))?;
        }
        self.write_tags(f)?;
        self.write_requests(f)?;
        self.write_local(f)?;
        let Self { pending_invalidations: pending, retried_invalidations: retried, .. } = self;
        let Self { repeated_invalidations: repeated, lost_invalidations: lost, .. } = self;
        if pending + retried + repeated + lost > 0 {
            write!(
                f,
                "\ninvalidations: {pending} pending, {retried} retried, {repeated} repeated, {lost} lost"
            )?;
        }
        self.write_changes(f)
    }
}

impl Stats {
    fn write_tags(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tags.iter().try_for_each(|of| {
            let TagStats { tag, hits, misses, invalidations, .. } = of;
            let (name, rate) = (shortened(&tag.escape_debug().to_string()), 100.0 * of.hit_rate());
            write!(f, "\ntag {name}: {hits} hits, {misses} misses, {rate:.1} %, {invalidations} invalidated")
        })
    }

    fn write_requests(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for RequestStats { operation, times, timeouts, failures } in &self.requests {
            let (mean, p99) = (rounded(times.mean()), rounded(times.quantile(0.99)));
            write!(f, "\nRedis, {operation}: {} requests, mean {mean}, p99 {p99}", times.count())?;
            if timeouts + failures > 0 {
                write!(f, ", {timeouts} timed out, {failures} failed")?;
            }
        }
        Ok(())
    }

    fn write_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ChangeStats { followers, changes, unknown, failures, behind }) = self.changes else {
            return Ok(());
        };
        let behind = rounded(behind);
        write!(
            f,
            "\nchanges: {changes} by {followers} followers, {unknown} unknown, {failures} failures, behind {behind}"
        )
    }

    fn write_local(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(local) = self.local.filter(|local| local.serving || local.dropped + local.too_large > 0)
        else {
            return Ok(());
        };
        let LocalStats { entries, bytes, capacity, changes, too_large, .. } = local;
        write!(f, "\nin this process: {entries} values, {bytes} of {capacity} bytes, {changes} changes")?;
        if too_large > 0 {
            write!(f, ", {too_large} too large")?;
        }
        Ok(())
    }
}

/// The end of a name that is too long.
fn shortened(name: &str) -> String {
    let chars = name.chars().count();
    if chars <= LONGEST_NAME {
        return name.to_owned();
    }
    let end: String = name.chars().skip(chars + 1 - LONGEST_NAME).collect();
    format!("…{end}")
}

/// Three digits, or nothing where nothing was measured.
fn rounded(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    let (value, unit) = match nanos {
        0 => return "-".to_owned(),
        1..1_000_000 => (nanos as f64 / 1e3, "µs"),
        1_000_000..1_000_000_000 => (nanos as f64 / 1e6, "ms"),
        _ => (nanos as f64 / 1e9, "s"),
    };
    let decimals = match value {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

/// The counters without a column that are not zero.
fn others(row: &FunctionStats) -> Vec<String> {
    let others =
        row.counters().into_iter().filter(|counter| counter.value > 0 && !COLUMNS.contains(&counter.name));
    others.map(|counter| format!("{} {}", counter.value, counter.name.replace('_', " "))).collect()
}

/// A list beneath a row, in as many lines as it takes.
fn write_list(f: &mut fmt::Formatter<'_>, items: &[String]) -> fmt::Result {
    let mut room = 0;
    for (at, item) in items.iter().enumerate() {
        let item = if at + 1 < items.len() { format!("{item},") } else { item.clone() };
        if room < item.len() + 1 {
            f.write_str("\n   ")?;
            room = WIDTH - 3;
        }
        write!(f, " {item}")?;
        room -= item.len() + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(row: FunctionStats) -> String {
        Stats { functions: vec![row], ..Stats::default() }.to_string()
    }

    #[test]
    fn no_line_is_longer_than_a_terminal_is_wide() {
        let mut row = FunctionStats { function: "a_crate::module::".repeat(9), ..FunctionStats::default() };
        for counter in row.counters() {
            *row.counter_mut(counter.name).expect("its field") = 1_234_567_890;
        }
        let table = table(row);
        for line in table.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(table.contains("…"), "{table}");
    }

    #[test]
    fn every_counter_is_shown_where_it_is_not_zero() {
        let none = table(FunctionStats::default());
        for counter in FunctionStats::default().counters() {
            let mut row = FunctionStats::default();
            *row.counter_mut(counter.name).expect("its field") = 7;
            assert_ne!(table(row), none, "{}", counter.name);
        }
    }

    #[test]
    fn times_have_three_digits() {
        let shown =
            [1_500, 999_000, 12_345_678, 2_000_000_000].map(|nanos| rounded(Duration::from_nanos(nanos)));
        assert_eq!(shown, ["1.50 µs", "999 µs", "12.3 ms", "2.00 s"]);
        assert_eq!(rounded(Duration::ZERO), "-");
    }
}
