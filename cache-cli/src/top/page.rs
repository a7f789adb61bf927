//! A page of lines: the server, the fleet, a table of functions, and what to change.

use std::cmp::Ordering;
use std::time::Duration;

use redis_cached::{FunctionReport, ServerStats};

use super::snapshot::Snapshot;
use crate::args::Column;
use crate::text::shown;
use crate::units::{bytes, count, counted, percent, time};

/// By which the table is sorted. Names go up, numbers down, unless it is reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) column: Column,
    pub(super) is_reversed: bool,
}

/// The columns in their order, each with its head.
pub(super) const COLUMNS: [(Column, &str); 8] = [
    (Column::Function, "FUNCTION"),
    (Column::Lookups, "LOOKUPS"),
    (Column::Hits, "HITS"),
    (Column::Local, "LOCAL"),
    (Column::Computed, "COMPUTED"),
    (Column::Each, "EACH"),
    (Column::Saved, "SAVED"),
    (Column::Bytes, "BYTES"),
];
/// The widest that the name of a function is shown; its end tells most.
const NAME_WIDTH: usize = 40;

/// The page, with what has changed since `before` where that is known.
pub(super) fn lines(prefix: &str, now: &Snapshot, before: Option<&Snapshot>, order: Order) -> Vec<String> {
    let mut lines = Vec::new();
    match &now.server {
        Some(server) => lines.extend(servers(server, before_of(now, before))),
        None => lines.push("the user may not ask the server for INFO".to_owned()),
    }
    lines.push(String::new());
    if now.fleet.processes == 0 {
        lines.push(format!(
            "no process publishes its figures under the prefix \"{}\"",
            shown(prefix.as_bytes())
        ));
        lines.push("  -> Cache::builder().publish_stats(…) in the program; --cache-prefix here, if its cache has a prefix".to_owned());
        return lines;
    }
    let processes = match now.fleet.processes {
        1 => "1 process".to_owned(),
        many => format!("{} processes", count(many)),
    };
    lines.push(format!("{processes}, counting for {} at most", time(now.fleet.window)));
    lines.push(String::new());
    lines.extend(table(&now.fleet.functions, order));
    if !now.fleet.advice.is_empty() {
        lines.extend([String::new(), "what to change".to_owned()]);
        lines.extend(
            now.fleet.advice.iter().map(|advice| format!("- {}", shown(advice.to_string().as_bytes()))),
        );
    }
    lines
}

/// The server's figures before, and how long before.
fn before_of<'a>(now: &Snapshot, before: Option<&'a Snapshot>) -> Option<(&'a ServerStats, Duration)> {
    let before = before?;
    Some((before.server.as_ref()?, now.at.duration_since(before.at)))
}

fn servers(server: &ServerStats, before: Option<(&ServerStats, Duration)>) -> Vec<String> {
    let mut lines: Vec<String> = server
        .nodes
        .iter()
        .map(|node| {
            let limit =
                if node.max_memory > 0 { format!(" of {}", bytes(node.max_memory)) } else { String::new() };
            format!(
                "{} at {}: {}, {}{limit}, {}, hit rate {}",
                shown(node.version.as_bytes()),
                shown(node.address.as_bytes()),
                counted(node.keys, "key"),
                bytes(node.used_memory),
                shown(node.policy.as_bytes()),
                percent(share(node.hits, node.hits + node.misses)),
            )
        })
        .collect();
    if let Some((before, passed)) = before {
        let rate = |of: fn(&ServerStats) -> u64| a_second(of(server).saturating_sub(of(before)), passed);
        lines.push(format!(
            "a second: {} look-ups, {} expired, {} evicted",
            rate(|stats| stats.hits + stats.misses),
            rate(|stats| stats.expired),
            rate(|stats| stats.evicted)
        ));
    }
    lines
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "shown to a whole number"
)]
fn a_second(events: u64, passed: Duration) -> String {
    count((events as f64 / passed.as_secs_f64().max(1e-3)).round() as u64)
}

fn table(functions: &[FunctionReport], order: Order) -> Vec<String> {
    let mut sorted: Vec<&FunctionReport> = functions.iter().collect();
    sorted.sort_by(|one, other| {
        let by = compared(one, other, order.column).then_with(|| one.function.cmp(&other.function));
        if order.is_reversed { by.reverse() } else { by }
    });
    let mut rows = vec![COLUMNS.map(|(column, head)| {
        let mark = if column == order.column { if order.is_reversed { "^" } else { "*" } } else { "" };
        format!("{head}{mark}")
    })];
    rows.extend(sorted.into_iter().map(|function| COLUMNS.map(|(column, _)| cell(function, column))));
    let widths: Vec<usize> = (0..COLUMNS.len())
        .map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0))
        .collect();
    rows.iter().map(|row| aligned(row, &widths)).collect()
}

/// Names to the left, numbers to the right.
fn aligned(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate();
    let cells: Vec<String> = cells
        .map(
            |(at, (cell, width))| if at == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") },
        )
        .collect();
    cells.join("  ").trim_end().to_owned()
}

fn compared(one: &FunctionReport, other: &FunctionReport, column: Column) -> Ordering {
    let down = |of: fn(&FunctionReport) -> f64| of(other).total_cmp(&of(one));
    match column {
        Column::Function => one.function.cmp(&other.function),
        Column::Lookups => (other.hits + other.misses).cmp(&(one.hits + one.misses)),
        Column::Hits => down(FunctionReport::hit_rate),
        Column::Local => down(FunctionReport::local_hit_rate),
        Column::Computed => other.computes.cmp(&one.computes),
        Column::Each => other.compute_time.cmp(&one.compute_time),
        Column::Saved => other.time_saved.cmp(&one.time_saved),
        Column::Bytes => other.mean_bytes.cmp(&one.mean_bytes),
    }
}

fn cell(function: &FunctionReport, column: Column) -> String {
    match column {
        Column::Function => name(&function.function),
        Column::Lookups => count(function.hits + function.misses),
        Column::Hits => percent(function.hit_rate()),
        Column::Local => percent(function.local_hit_rate()),
        Column::Computed => count(function.computes),
        Column::Each => time(function.compute_time),
        Column::Saved => time(function.time_saved),
        Column::Bytes => bytes(function.mean_bytes),
    }
}

fn name(function: &str) -> String {
    let name = shown(function.as_bytes());
    let length = name.chars().count();
    if length <= NAME_WIDTH {
        return name;
    }
    let end: String = name.chars().skip(length - NAME_WIDTH + 1).collect();
    format!("…{end}")
}

#[allow(clippy::cast_precision_loss, reason = "shown in per cent")]
fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use redis_cached::Report;

    use super::*;

    fn function(name: &str, hits: u64, misses: u64) -> FunctionReport {
        let mut function = FunctionReport::default();
        (function.function, function.hits, function.misses) = (name.to_owned(), hits, misses);
        function
    }

    fn snapshot(functions: Vec<FunctionReport>) -> Snapshot {
        let mut fleet = Report::default();
        (fleet.processes, fleet.functions) = (2, functions);
        Snapshot { at: Instant::now(), fleet, server: Some(ServerStats::default()) }
    }

    fn names(now: &Snapshot, column: Column, is_reversed: bool) -> Vec<String> {
        let lines = lines("", now, None, Order { column, is_reversed });
        lines
            .iter()
            .filter_map(|line| Some(line.split_whitespace().next()?.strip_prefix("f::")?.to_owned()))
            .collect()
    }

    #[test]
    fn the_table_is_sorted_as_was_asked() {
        let now =
            snapshot(vec![function("f::b", 90, 10), function("f::a", 10, 190), function("f::c", 50, 0)]);
        assert_eq!(names(&now, Column::Lookups, false), ["a", "b", "c"]);
        assert_eq!(names(&now, Column::Lookups, true), ["c", "b", "a"]);
        assert_eq!(names(&now, Column::Hits, false), ["c", "b", "a"]);
        assert_eq!(names(&now, Column::Function, false), ["a", "b", "c"]);
        // What is equal everywhere else goes by name.
        assert_eq!(names(&now, Column::Saved, false), ["a", "b", "c"]);
    }

    #[test]
    fn names_from_others_are_escaped_and_bounded() {
        let long = format!("f::{}::\u{1b}[2Jend", "x".repeat(100));
        let order = Order { column: Column::Lookups, is_reversed: false };
        let page = lines("", &snapshot(vec![function(&long, 1, 1)]), None, order).join("\n");
        assert!(
            page.contains("::\\u{1b}[2Jend") && !page.contains('\u{1b}') && page.contains("\n\u{2026}x"),
            "{page}"
        );
        assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    }

    #[test]
    fn rates_are_of_the_time_that_passed() {
        let mut before = snapshot(Vec::new());
        before.at = Instant::now();
        let mut now = snapshot(Vec::new());
        now.at = before.at + Duration::from_secs(2);
        now.server = now.server.map(|mut server| {
            (server.hits, server.misses, server.expired) = (1_500, 500, 3);
            server
        });
        let page = lines("", &now, Some(&before), Order { column: Column::Lookups, is_reversed: false });
        assert!(page.contains(&"a second: 1,000 look-ups, 2 expired, 0 evicted".to_owned()), "{page:?}");
    }
}
