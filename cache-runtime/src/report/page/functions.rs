//! The functions of a report: a table of all, and more of each.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::html::Html;
use super::lines;
use crate::report::analysis::{FunctionReport, Report};
use crate::report::history::FunctionHistory;
use crate::report::units::{Bytes, Count, Percent, Time, share};

/// What a section is of.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    /// Stands before each id in it.
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    pub(super) report: &'a Report,
    pub(super) history: &'a [FunctionHistory],
}

pub(super) fn section(html: &mut Html, of: Section<'_>) {
    let Section { id, heading, report, history } = of;
    html.markup("<section aria-labelledby=\"").markup(id).markup("\">\n<h2 id=\"").markup(id).markup("\">");
    html.markup(heading).markup("</h2>\n");
    if report.functions.is_empty() {
        html.markup("<p class=\"none\">No cached function was called yet.</p>\n</section>\n");
        return;
    }
    table(html, of);
    html.markup("<h3>Each function</h3>\n");
    for function in &report.functions {
        details(html, id, function, history);
    }
    html.markup("</section>\n");
}

/// The end of an id: the same in each document, wherever the function then stands.
fn name_of(function: &FunctionReport) -> String {
    format!("-{:x}", xxh3_64(function.function.as_bytes()))
}

fn table(html: &mut Html, of: Section<'_>) {
    let Section { id, heading, report, history } = of;
    html.markup("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Functions, ")
        .markup(heading);
    html.markup("\"><table class=\"sorts\" id=\"").markup(id).markup("-functions\">\n");
    html.markup("<caption>Look-ups: <i class=\"key local\"></i> found in the process, ");
    html.markup("<i class=\"key redis\"></i> found in Redis, <i class=\"key miss\"></i> missed</caption>\n");
    html.markup("<thead><tr><th scope=\"col\" data-sorts=\"names\">Function</th>");
    html.markup("<th scope=\"col\" data-sorts=\"numbers\">Hit rate</th><th scope=\"col\">Last 15 min</th>");
    for column in ["Look-ups", "Time saved", "Computing", "Each", "Stored", "Entry", "TTL"] {
        html.markup("<th scope=\"col\" class=\"n\" data-sorts=\"numbers\">").markup(column).markup("</th>");
    }
    html.markup("<th scope=\"col\">Misses for</th></tr></thead>\n<tbody>\n");
    for function in &report.functions {
        row(html, id, function, history);
    }
    html.markup("</tbody>\n</table></div>\n");
}

fn row(html: &mut Html, id: &'static str, row: &FunctionReport, history: &[FunctionHistory]) {
    html.markup("<tr><th scope=\"row\"><a href=\"#").markup(id).text(name_of(row)).markup("\">");
    html.path(&row.function).markup("</a></th>");
    hit_rate(html, row);
    lines::cell(html, lines::points_of(history, &row.function));
    let lookups = row.hits + row.misses;
    let ttl = row.ttl.map_or_else(|| "—".to_owned(), |ttl| Time(ttl).to_string());
    let micros = |time: Duration| time.as_micros();
    let numbers = [
        (Count(lookups).to_string(), lookups.into()),
        (Time(row.time_saved).to_string(), micros(row.time_saved)),
        (Time(row.time_computing).to_string(), micros(row.time_computing)),
        (Time(row.compute_time).to_string(), micros(row.compute_time)),
        (Count(row.stored).to_string(), row.stored.into()),
        (Bytes(row.mean_bytes).to_string(), row.mean_bytes.into()),
        (ttl, micros(row.ttl.unwrap_or_default())),
    ];
    for (text, value) in numbers {
        html.markup("<td class=\"n\" data-value=\"").text(value).markup("\">").text(text).markup("</td>");
    }
    html.markup("<td>");
    for (at, (reason, count)) in row.missed_for.ranked().into_iter().take(2).enumerate() {
        html.markup(if at == 0 { "" } else { "<br>" });
        html.text(format_args!("{} {reason}", Percent(share(count, row.misses).min(1.0))));
    }
    html.markup("</td></tr>\n");
}

/// As a bar and as a number. The bar is a drawing, because a style at an element is what a strict policy refuses.
fn hit_rate(html: &mut Html, row: &FunctionReport) {
    let percent = |share: f64| format!("{:.1}", 100.0 * share.clamp(0.0, 1.0));
    let local = percent(row.local_hit_rate());
    html.markup("<td data-value=\"").text(row.hit_rate()).markup("\">");
    html.markup(
        "<svg class=\"bar\" aria-hidden=\"true\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\">",
    );
    html.markup("<rect class=\"redis\" height=\"8\" width=\"").text(percent(row.hit_rate()));
    html.markup("\"></rect><rect class=\"local\" height=\"8\" width=\"").text(local);
    html.markup("\"></rect></svg>").text(Percent(row.hit_rate())).markup("</td>");
}

fn details(html: &mut Html, id: &'static str, function: &FunctionReport, history: &[FunctionHistory]) {
    html.markup("<details id=\"").markup(id).text(name_of(function)).markup("\"><summary>");
    html.path(&function.function).markup("</summary>\n");
    lines::chart(html, lines::points_of(history, &function.function));
    html.markup("<dl>\n");
    facts(html, function);
    html.markup("</dl>\n");
    let reasons: Vec<_> = function
        .missed_for
        .ranked()
        .into_iter()
        .map(|(reason, count)| (reason.to_owned(), Count(count).to_string()))
        .collect();
    list(html, "What misses were for", ["Reason", "Misses"], &reasons);
    let hottest: Vec<_> =
        function.hottest.iter().map(|hot| (hot.key.clone(), Count(hot.hits).to_string())).collect();
    list(html, "Keys that are read most", ["Key", "Hits"], &hottest);
    let largest: Vec<_> =
        function.largest.iter().map(|large| (large.key.clone(), Bytes(large.bytes).to_string())).collect();
    list(html, "Largest values", ["Key", "Entry"], &largest);
    html.markup("</details>\n");
}

fn facts(html: &mut Html, of: &FunctionReport) {
    let mut fact = |name: &'static str, value: String| {
        html.markup("<div><dt>").markup(name).markup("</dt><dd>").key(&value).markup("</dd></div>\n");
    };
    fact("Computations", Count(of.computes).to_string());
    if let (Some(median), Some(most)) = (of.median_age, of.most_age) {
        fact("Age at a hit", format!("{} at most for half, {} for nine of ten", Time(median), Time(most)));
    }
    if of.most_bytes > 0 {
        fact("Entry", format!("{} on average, {} at most", Bytes(of.mean_bytes), Bytes(of.most_bytes)));
    }
    let again = |unchanged, changed| format!("{} had not changed, {} had", Count(unchanged), Count(changed));
    if of.expired_unchanged + of.expired_changed > 0 {
        fact("Computed again after they expired", again(of.expired_unchanged, of.expired_changed));
    }
    if of.invalidated_unchanged + of.invalidated_changed > 0 {
        let again = again(of.invalidated_unchanged, of.invalidated_changed);
        fact("Computed again after they were invalidated", again);
    }
    if of.never_read > 0 {
        fact("Never read", Count(of.never_read).to_string());
    }
    if let Some(refusal) = &of.refusal {
        fact("Not stored, because", refusal.clone());
    }
}

/// A table of two columns; nothing if it has no row.
fn list(html: &mut Html, caption: &'static str, columns: [&'static str; 2], rows: &[(String, String)]) {
    if rows.is_empty() {
        return;
    }
    html.markup("<table><caption>").markup(caption).markup("</caption>\n<thead><tr><th scope=\"col\">");
    html.markup(columns[0]).markup("</th><th scope=\"col\" class=\"n\">").markup(columns[1]);
    html.markup("</th></tr></thead>\n<tbody>\n");
    for (name, number) in rows {
        html.markup("<tr><th scope=\"row\">").key(name).markup("</th><td class=\"n\">").text(number);
        html.markup("</td></tr>\n");
    }
    html.markup("</tbody></table>\n");
}
