//! Reports as a page for people: one HTML document that needs nothing from elsewhere, and can be read without its script.

mod form;
mod forms;
mod functions;
mod html;
mod lines;
#[cfg(test)]
mod tests;

use std::time::Duration;

use functions::Section;
use html::Html;

pub(crate) use form::{Form, FormTarget};
pub(crate) use forms::{Forms, answer};

use super::analysis::Report;
use super::history::FunctionHistory;
use super::server::{NodeStats, ServerStats};
use super::tag_stats::TagStats;
use super::units::{Bytes, Count, Percent, Time, share};

/// What a page shows.
#[derive(Debug)]
pub(crate) struct PageContent<'a> {
    pub(crate) title: &'a str,
    /// Of this process.
    pub(crate) report: &'a Report,
    /// The last minutes of it.
    pub(crate) history: &'a [FunctionHistory],
    /// Of all processes, if there are others.
    pub(crate) fleet: Option<&'a Report>,
    pub(crate) fleet_history: &'a [FunctionHistory],
    /// What could not be obtained, and why.
    pub(crate) missing: &'a [String],
    /// How often it is renewed where it is shown; `None`: not.
    pub(crate) every: Option<Duration>,
    /// By which its reader invalidates, if the program allows that.
    pub(crate) forms: Option<Forms<'a>>,
}

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The policy under which the document works, and nothing else does: its own style sheet and script, known by their SHA-256, and requests to where it is from.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'sha256-e3CKNimLQDidS1RairyNVGQpTsfBlCF7OFgoKrTKp0Y='; script-src 'sha256-kiJyJNlvgqhZNYHwXl6mcwSm8XOkborQBJe2Hm8kBgs='; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The document.
pub(crate) fn document(content: &PageContent<'_>) -> String {
    let mut html = Html::default();
    head(&mut html, content.title);
    html.markup("<body");
    if let Some(every) = content.every {
        html.markup(" data-every=\"").text(every.as_millis()).markup("\"");
    }
    html.markup(">\n");
    header(&mut html, content);
    html.markup("<main data-report>\n");
    main(&mut html, content);
    html.markup("</main>\n");
    if let Some(forms) = content.forms {
        forms::section(&mut html, forms);
    }
    html.markup("<footer><p>redis-cached ").text(env!("CARGO_PKG_VERSION"));
    html.markup("</p></footer>\n<script>").markup(SCRIPT).markup("</script>\n</body>\n</html>\n");
    html.into_string()
}

/// The beginning of every document, up to its body.
fn head(html: &mut Html, title: &str) {
    html.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Without a referrer a browser sends a form with the origin `null`, which programs refuse that look at it.
    html.markup(
        "<meta name=\"robots\" content=\"noindex\">\n<meta name=\"referrer\" content=\"same-origin\">\n",
    );
    html.markup("<title>").key(title).markup("</title>\n");
    html.markup("<style>").markup(STYLE).markup("</style>\n</head>\n");
}

fn header(html: &mut Html, content: &PageContent<'_>) {
    html.markup("<header>\n<h1>").key(content.title).markup("</h1>\n<p id=\"counted\">");
    html.text(format_args!("Counted for {}", Time(content.report.window)));
    if let Some(fleet) = content.fleet {
        html.text(format_args!(", in {} processes", Count(fleet.processes)));
    }
    html.markup("</p>\n");
    if content.every.is_some() {
        html.markup("<p><span id=\"live\"></span></p>\n");
    }
    html.markup("</header>\n");
}

fn main(html: &mut Html, content: &PageContent<'_>) {
    let PageContent { report, history, fleet_history, .. } = *content;
    for missing in content.missing {
        html.markup("<p class=\"missing\" role=\"status\">").key(missing).markup("</p>\n");
    }
    summary(html, content.fleet.unwrap_or(report));
    advice(html, content.fleet.unwrap_or(report));
    if let Some(report) = content.fleet {
        let section = Section { id: "fleet", heading: "All processes", report, history: fleet_history };
        functions::section(html, section);
    }
    functions::section(html, Section { id: "process", heading: "This process", report, history });
    if !report.tags.is_empty() {
        tags(html, &report.tags);
    }
    if let Some(stats) = &report.server {
        server(html, stats);
    }
}

fn summary(html: &mut Html, report: &Report) {
    let sum = |of: fn(&super::analysis::FunctionReport) -> u64| report.functions.iter().map(of).sum::<u64>();
    let (hits, local, misses) = (sum(|row| row.hits), sum(|row| row.local_hits), sum(|row| row.misses));
    let lookups = hits + misses;
    html.markup("<dl class=\"tiles\">\n");
    let tile = |html: &mut Html, name: &'static str, value: &dyn std::fmt::Display, more: String| {
        html.markup("<div><dt>").markup(name).markup("</dt><dd>").text(value);
        html.markup("<small>").text(more).markup("</small></dd></div>\n");
    };
    let tiers = format!(
        "{} in the process, {} in Redis",
        Percent(share(local, lookups)),
        Percent(share(hits - local, lookups))
    );
    tile(html, "Hit rate", &Percent(share(hits, lookups)), tiers);
    tile(html, "Look-ups", &Count(lookups), format!("{} misses", Count(misses)));
    let saved = report.functions.iter().map(|row| row.time_saved).sum();
    let spent = report.functions.iter().map(|row| row.time_computing).sum();
    tile(html, "Time saved", &Time(saved), format!("{} spent computing", Time(spent)));
    if let Some(server) = &report.server {
        let more = format!("in {} keys, {} evicted", Count(server.keys), Count(server.evicted));
        tile(html, "Memory of the server", &Bytes(server.used_memory), more);
    }
    html.markup("</dl>\n");
}

fn advice(html: &mut Html, report: &Report) {
    html.markup("<section aria-labelledby=\"advice\">\n<h2 id=\"advice\">What to change</h2>\n");
    if report.advice.is_empty() {
        html.markup("<p class=\"none\">Nothing, by what has been counted.</p>\n</section>\n");
        return;
    }
    html.markup("<ul class=\"advice\">\n");
    for advice in &report.advice {
        html.markup("<li>").sentence(&advice.text).markup(".</li>\n");
    }
    html.markup("</ul>\n</section>\n");
}

fn tags(html: &mut Html, tags: &[TagStats]) {
    html.markup("<section aria-labelledby=\"tags\">\n<h2 id=\"tags\">Tags</h2>\n");
    html.markup("<div class=\"wide\" role=\"region\" aria-label=\"Tags\" tabindex=\"0\">");
    html.markup("<table class=\"sorts\" id=\"tag-counters\">\n<caption>Reads in Redis of entries with a tag that begins so</caption>\n");
    html.markup("<thead><tr><th scope=\"col\" data-sorts=\"names\">Tag</th>");
    for column in ["Hit rate", "Reads", "Invalidated"] {
        html.markup("<th scope=\"col\" class=\"n\" data-sorts=\"numbers\">").markup(column).markup("</th>");
    }
    html.markup("</tr></thead>\n<tbody>\n");
    for of in tags {
        html.markup("<tr><th scope=\"row\">").key(&of.tag).markup("</th>");
        let reads = of.hits + of.misses;
        let numbers = [
            (Percent(of.hit_rate()).to_string(), of.hit_rate().to_string()),
            (Count(reads).to_string(), reads.to_string()),
            (Count(of.invalidations).to_string(), of.invalidations.to_string()),
        ];
        for (text, value) in numbers {
            html.markup("<td class=\"n\" data-value=\"").text(value).markup("\">").text(text).markup("</td>");
        }
        html.markup("</tr>\n");
    }
    html.markup("</tbody>\n</table></div>\n</section>\n");
}

fn server(html: &mut Html, stats: &ServerStats) {
    html.markup("<section aria-labelledby=\"server\">\n<h2 id=\"server\">Server</h2>\n");
    html.markup("<div class=\"wide\" role=\"region\" aria-label=\"Servers\" tabindex=\"0\"><table>\n");
    html.markup("<caption>What the servers say of themselves, of all their clients, since they were started</caption>\n");
    html.markup("<thead><tr><th scope=\"col\">Address</th><th scope=\"col\">Version</th>");
    for column in ["Keys", "Memory", "Limit", "Hit rate", "Evicted", "Expired", "Fragmentation"] {
        html.markup("<th scope=\"col\" class=\"n\">").markup(column).markup("</th>");
    }
    html.markup("<th scope=\"col\">Policy</th></tr></thead>\n<tbody>\n");
    for node in &stats.nodes {
        let NodeStats { address, version, keys, used_memory, max_memory, policy, fragmentation, .. } = node;
        html.markup("<tr><th scope=\"row\">").key(address).markup("</th><td>").key(version);
        let limit = if *max_memory == 0 { "none".to_owned() } else { Bytes(*max_memory).to_string() };
        let numbers = [
            Count(*keys).to_string(),
            Bytes(*used_memory).to_string(),
            limit,
            Percent(share(node.hits, node.hits + node.misses)).to_string(),
            Count(node.evicted).to_string(),
            Count(node.expired).to_string(),
            format!("{fragmentation:.2}"),
        ];
        html.markup("</td>");
        for number in numbers {
            html.markup("<td class=\"n\">").text(number).markup("</td>");
        }
        html.markup("<td>").key(policy).markup("</td></tr>\n");
    }
    html.markup("</tbody>\n</table></div>\n</section>\n");
}
