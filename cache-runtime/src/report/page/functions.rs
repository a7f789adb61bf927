//! The functions of a report: a table of all, and more of each.

use std::fmt::Display;

use super::html::Html;
use crate::report::analysis::{FunctionReport, Report};
use crate::report::units::{Bytes, Count, Percent, Time, share};

/// A section for a report. `id` stands before each id in it.
pub(super) fn section(html: &mut Html, id: &'static str, heading: &'static str, report: &Report) {
    html.markup("<section aria-labelledby=\"").markup(id).markup("\">\n<h2 id=\"").markup(id).markup("\">");
    html.markup(heading).markup("</h2>\n");
    if report.functions.is_empty() {
        html.markup("<p class=\"none\">No cached function was called yet.</p>\n</section>\n");
        return;
    }
    table(html, id, heading, report);
    html.markup("<h3>Each function</h3>\n");
    for (at, function) in report.functions.iter().enumerate() {
        details(html, id, at, function);
    }
    html.markup("</section>\n");
}

fn table(html: &mut Html, id: &'static str, heading: &'static str, report: &Report) {
    html.markup("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Functions, ")
        .markup(heading);
    html.markup("\"><table>\n<caption>Look-ups: <i class=\"key local\"></i> found in the process, ");
    html.markup("<i class=\"key redis\"></i> found in Redis, <i class=\"key miss\"></i> missed</caption>\n");
    html.markup("<thead><tr><th scope=\"col\">Function</th><th scope=\"col\">Hit rate</th>");
    for column in ["Look-ups", "Time saved", "Computing", "Each", "Stored", "Entry", "TTL"] {
        html.markup("<th scope=\"col\" class=\"n\">").markup(column).markup("</th>");
    }
    html.markup("<th scope=\"col\">Misses for</th></tr></thead>\n<tbody>\n");
    for (at, function) in report.functions.iter().enumerate() {
        row(html, id, at, function);
    }
    html.markup("</tbody>\n</table></div>\n");
}

fn row(html: &mut Html, id: &'static str, at: usize, row: &FunctionReport) {
    html.markup("<tr><th scope=\"row\"><a href=\"#").markup(id).text(format_args!("-{at}")).markup("\">");
    html.path(&row.function).markup("</a></th><td>");
    let lookups = row.hits + row.misses;
    let redis = share(row.hits - row.local_hits, lookups);
    html.markup("<span class=\"bar\" aria-hidden=\"true\"><i class=\"local\" style=\"width:");
    html.text(Width(row.local_hit_rate())).markup("\"></i><i class=\"redis\" style=\"width:");
    html.text(Width(redis)).markup("\"></i></span>").text(Percent(row.hit_rate())).markup("</td>");
    let ttl = row.ttl.map_or_else(|| "—".to_owned(), |ttl| Time(ttl).to_string());
    let numbers = [
        Count(lookups).to_string(),
        Time(row.time_saved).to_string(),
        Time(row.time_computing).to_string(),
        Time(row.compute_time).to_string(),
        Count(row.stored).to_string(),
        Bytes(row.mean_bytes).to_string(),
        ttl,
    ];
    for number in numbers {
        html.markup("<td class=\"n\">").text(number).markup("</td>");
    }
    html.markup("<td>");
    for (at, (reason, count)) in row.missed_for.ranked().into_iter().take(2).enumerate() {
        html.markup(if at == 0 { "" } else { "<br>" });
        html.text(format_args!("{} {reason}", Percent(share(count, row.misses).min(1.0))));
    }
    html.markup("</td></tr>\n");
}

/// A share as the width of a bar.
struct Width(f64);

impl Display for Width {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1}%", 100.0 * self.0.clamp(0.0, 1.0))
    }
}

fn details(html: &mut Html, id: &'static str, at: usize, function: &FunctionReport) {
    html.markup("<details id=\"").markup(id).text(format_args!("-{at}")).markup("\"><summary>");
    html.path(&function.function).markup("</summary>\n<dl>\n");
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
